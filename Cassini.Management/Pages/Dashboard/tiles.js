// The load as figures with sparklines: of now, or of the instant that is chosen.

import { byId, h, s, setText } from './dom.js';
import { bytes, count, figure } from './format.js';
import { POINTS } from './series.js';

const WIDTH = 120;
const HEIGHT = 32;

const percent = value => figure(value === null ? null : value * 100);
const size = value => value === null ? '–' : bytes(value);

const TILES = [
  { key: 'accepts', label: 'Accepts', unit: '/s', values: (model, view) => model.accepts.rates(view) },
  { key: 'refused', label: 'Refused handshakes', unit: '/s', values: (model, view) => model.refusals.rates(view) },
  { key: 'connections', label: 'Connections', values: (model, view) => model.connections.levels(view, 'connections'), value: model => model.health.activeListeners },
  { key: 'received', label: 'Messages in', unit: '/s', values: (model, view) => model.load.rates(view, 'received'), value: recent },
  { key: 'sent', label: 'Messages out', unit: '/s', values: (model, view) => model.load.rates(view, 'sent'), value: recent },
  { key: 'backlog', label: 'Backlog', values: (model, view) => model.load.levels(view, 'backlog'), value: model => model.health.backlog },
  { key: 'memory', label: 'Memory', say: size, values: (model, view) => model.load.levels(view, 'memory'), value: model => model.process?.memory ?? null },
  { key: 'cpu', label: 'Processor', unit: '%', say: percent, values: (model, view) => model.load.shares(view, 'cpu'), value: model => model.process?.cpu ?? null },
];

const made = new Map();

/** The instant under the pointer: the curves are as wide as their tiles. */
export function initTiles(range) {
  range.follow(byId('load'), target => target.closest?.('.tile')?.querySelector('.spark'), share => {
    const { now, span, step } = range.view;
    return now - (1 - share) * (span - step) - step / 2;
  });
}

/** Draws the tiles; what they say at the instant that is chosen. */
export function renderTiles(model, range) {
  const { view, instant } = range;
  const step = instant === null ? null : view.stepOf(instant);
  const said = [];
  for (const tile of TILES) {
    const parts = made.get(tile.key) ?? make(tile);
    const say = tile.say ?? figure;
    const values = tile.values(model, view);
    const value = step !== null ? values[step] ?? null : tile.value ? tile.value(model, values) : values.at(-1);
    const peak = Math.max(0, ...values.filter(known => known !== null));
    const [number, unit = tile.unit ?? ''] = say(value).split(' ');
    setText(parts.value, number);
    setText(parts.unit, unit);
    setText(parts.peak, `peak ${say(peak)}`);
    said.push(`${tile.label} ${say(value)}${tile.unit ?? ''}`);
    draw(parts, values, peak, step);
  }

  renderProcess(model);
  return said.join(', ');
}

/** What the process has and does, as of the last sample. */
function renderProcess({ process, descriptors }) {
  byId('process').hidden = !process;
  if (process) {
    setText(byId('process-cores'), count(process.cores));
    setText(byId('process-threads'), count(process.threads));
    setText(byId('process-heap'), bytes(process.heap));
    setText(byId('process-pause'), `${percent(process.gcPause)} %`);
    setText(byId('process-descriptors'), descriptors ? `${count(descriptors.used)} of ${count(descriptors.limit)}` : 'not known');
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
    unit: h('span', { class: 'unit' }),
    peak: h('span', { class: 'peak' }),
    area: s('path', { class: 'area' }),
    line: s('path', { class: 'line' }),
    at: s('path', { class: 'at' }),
  };
  byId('load').append(h('li', { class: 'tile', 'data-tile': tile.key },
    h('span', { class: 'label' }, tile.label),
    h('span', { class: 'reading' }, parts.value, parts.unit, parts.peak),
    s('svg', { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, parts.area, parts.line, parts.at)));
  made.set(tile.key, parts);
  return parts;
}

function draw(parts, values, peak, step) {
  const top = Math.max(peak, 1e-9);
  const x = index => index * WIDTH / (POINTS - 1);
  const points = values.map((value, index) => value === null ? null
    : [x(index), HEIGHT - 2 - value / top * (HEIGHT - 5) * (peak > 0 ? 1 : 0)]).filter(point => point !== null);
  const line = points.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`).join('');
  parts.line.setAttribute('d', line);
  parts.area.setAttribute('d', points.length < 2 ? '' : `${line}L${points.at(-1)[0].toFixed(1)} ${HEIGHT}L${points[0][0].toFixed(1)} ${HEIGHT}Z`);
  parts.at.setAttribute('d', step === null || step < 0 || step >= POINTS ? '' : `M${x(step).toFixed(1)} 0V${HEIGHT}`);
}
