// The load as figures with sparklines.

import { byId, h, s, setText } from './dom.js';
import { figure } from './format.js';
import { POINTS } from './series.js';

const WIDTH = 120;
const HEIGHT = 32;

const TILES = [
  { key: 'accepts', label: 'Accepts', unit: '/s', values: (model, now) => model.accepts.rates(now) },
  { key: 'refused', label: 'Refused handshakes', unit: '/s', values: (model, now) => model.refusals.rates(now) },
  { key: 'connections', label: 'Connections', unit: '', values: (model, now) => model.connections.levels(now, 'connections'), value: model => model.health.activeListeners },
  { key: 'received', label: 'Messages in', unit: '/s', values: (model, now) => model.load.rates(now, 'received'), value: recent },
  { key: 'sent', label: 'Messages out', unit: '/s', values: (model, now) => model.load.rates(now, 'sent'), value: recent },
  { key: 'backlog', label: 'Backlog', unit: '', values: (model, now) => model.load.levels(now, 'backlog'), value: model => model.health.backlog },
];

const made = new Map();

export function renderTiles(model) {
  const now = model.clock.now;
  for (const tile of TILES) {
    const parts = made.get(tile.key) ?? make(tile);
    const values = tile.values(model, now);
    const value = tile.value ? tile.value(model, values) : values.at(-1);
    const peak = Math.max(0, ...values.filter(known => known !== null));
    setText(parts.value, figure(value));
    setText(parts.peak, `peak ${figure(peak)}`);
    draw(parts, values, peak);
  }
}

/** The current step is incomplete: the last whole step counts unless the current one is higher. */
function recent(model, values) {
  const known = values.slice(-2).filter(value => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function make(tile) {
  const parts = {
    value: h('span', { class: 'value' }, '–'),
    peak: h('span', { class: 'peak' }),
    area: s('path', { class: 'area' }),
    line: s('path', { class: 'line' }),
  };
  byId('load').append(h('li', { class: 'tile', 'data-tile': tile.key },
    h('span', { class: 'label' }, tile.label),
    h('span', { class: 'reading' }, parts.value, h('span', { class: 'unit' }, tile.unit), parts.peak),
    s('svg', { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, parts.area, parts.line)));
  made.set(tile.key, parts);
  return parts;
}

function draw(parts, values, peak) {
  const top = Math.max(peak, 1e-9);
  const points = values.map((value, index) => value === null ? null
    : [index * WIDTH / (POINTS - 1), HEIGHT - 2 - value / top * (HEIGHT - 5) * (peak > 0 ? 1 : 0)]).filter(point => point !== null);
  const line = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  parts.line.setAttribute('d', line);
  parts.area.setAttribute('d', points.length < 2 ? '' : `${line}L${points.at(-1)[0].toFixed(1)} ${HEIGHT}L${points[0][0].toFixed(1)} ${HEIGHT}Z`);
}
