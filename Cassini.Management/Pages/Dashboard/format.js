// Formats numbers and times.

const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const count = value => counts.format(value);

/** A rate or a size on a tile: short, and 0 only for zero. */
export function figure(value) {
  return value === null ? '–'
    : value >= 10_000 ? compact.format(value)
    : value === 0 || value >= 10 ? counts.format(value)
    : value < 0.1 ? '<0.1'
    : value.toFixed(1).replace(/\.0$/, '');
}

/** A length of time in its two largest units. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const units = [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's']];
  const first = units.findIndex(([size]) => whole >= size);
  if (first < 0) {
    return '0 s';
  }

  const [size, name] = units[first];
  const rest = first + 1 < units.length && first < 3 ? Math.floor((whole % size) / units[first + 1][0]) : 0;
  return `${Math.floor(whole / size)} ${name}` + (rest > 0 && whole / size < 10 ? ` ${rest} ${units[first + 1][1]}` : '');
}

export const timeOfDay = date => clock.format(date);

export const dayAndTime = date => day.format(date);

export const sequenceOf = id => Number(id.slice(17));

export const plural = (value, one, many) => `${count(value)} ${value === 1 ? one : many}`;

/** A size, as people say it. */
export function bytes(value) {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${figure(value / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}
