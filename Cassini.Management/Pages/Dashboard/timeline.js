// What happened to health: a lane for each check, and the transitions in words.

import { byId, h, Keyed, s, setText } from './dom.js';
import { duration, plural } from './format.js';
import { evidence, moment, reason, status } from './words.js';

const LEAST_RANGE = 3_600;
const SHORTEST = 300;
const FIRST_SHOWN = 8;
export const SCALE = 1_000;

/** The height of a status in its lane, which makes it readable without colour. */
export const HEIGHTS = { off: 1, ok: 2, degraded: 7, unknown: 5, error: 12 };
export const LANE = 14;

const rows = new Keyed();
const lanes = new Keyed();
let showsAll = false;

export function initTimeline(render) {
  byId('transitions-more').addEventListener('click', () => {
    showsAll = !showsAll;
    render();
  });
}

export function renderTransitions({ transitions, clock }, open) {
  const newest = [...transitions.values()].sort((a, b) => b.sequence - a.sequence);
  const shown = showsAll ? newest : newest.slice(0, FIRST_SHOWN);
  rows.render(byId('transitions'), shown, change => change.sequence, change => row(change, clock, open));
  const more = byId('transitions-more');
  more.hidden = newest.length <= FIRST_SHOWN;
  setText(more, showsAll ? `Show the last ${FIRST_SHOWN}` : `Show all ${newest.length}`);
}

/** The instant under the pointer: the lanes are as wide as their bars. */
export function initLanes(range) {
  range.follow(byId('lanes'), target => target.closest?.('.lane')?.querySelector('svg'), share => {
    const span = spanOf(range);
    return range.clock.now - (1 - share) * span;
  });
}

/** An hour, if the range is not longer. */
const spanOf = ({ clock, view }) => Math.min(Math.max(LEAST_RANGE, view.span), Math.max(SHORTEST, clock.now));

/** Draws the lanes; what they say at the instant that is chosen. */
export function renderLanes({ transitions, health, clock }, range) {
  const now = clock.now;
  const span = spanOf(range);
  const from = now - span;
  const ordered = [...transitions.values()].sort((a, b) => a.sequence - b.sequence);
  setText(byId('timeline-span'), `the last ${duration(span)}, ${plural(ordered.filter(change => change.at >= from).length, 'transition', 'transitions')}`);
  setText(byId('axis-from'), `${duration(span)} ago`);
  setText(byId('axis-middle'), `${duration(span / 2)} ago`);
  const x = at => Math.round((Math.max(at, from) - from) / span * SCALE);
  const items = health.checks.filter(check => check.status !== 'off').map(check => ({
    name: check.name,
    bars: segments(check, ordered.filter(change => change.check === check.name), now).filter(bar => bar.to > from)
      .map(bar => ({ status: bar.status, x: x(bar.from), width: Math.max(2, x(bar.to) - x(bar.from)) })),
  }));
  lanes.render(byId('lanes'), items, lane => lane.name, lane => h('div', { class: 'lane' },
    h('span', { class: 'name' }, lane.name),
    s('svg', { viewBox: `0 0 ${SCALE} ${LANE}`, preserveAspectRatio: 'none', 'data-lane': lane.name },
      s('rect', { class: 'track', x: 0, y: LANE / 2, width: SCALE, height: 1 }),
      lane.bars.map(bar =>
        s('rect', { 'data-status': bar.status, x: bar.x, y: (LANE - HEIGHTS[bar.status]) / 2, width: bar.width, height: HEIGHTS[bar.status] })))));
  return renderInstant(health.checks, ordered, range, range.placeIn(from, now));
}

/** A line through the lanes at the instant that is chosen, and what each check was then. */
function renderInstant(checks, ordered, range, place) {
  const line = byId('lanes-at');
  line.hidden = place === null;
  byId('lanes-said').hidden = place === null;
  if (place === null) {
    return '';
  }

  line.style.setProperty('--at', place.toFixed(4));
  const found = checks.filter(check => check.status !== 'off').map(check => statusAt(check, ordered, range.instant));
  const bad = found.filter(({ word }) => word !== 'ok');
  const said = [
    ...bad.map(({ name, word, code }) => `${name} ${word}${code ? `, ${code}` : ''}`),
    ...(bad.length === found.length ? [] : [bad.length === 0 ? `all ${plural(found.length, 'check', 'checks')} ok` : 'the others ok']),
  ].join('; ');
  setText(byId('lanes-said'), `${range.wordOf(range.instant)}: ${said}`);
  return said;
}

/** The status of a check at an instant, with its reason: the last transition before it says it, or else the next one what was before. */
function statusAt(check, ordered, at) {
  const changes = ordered.filter(change => change.check === check.name);
  const before = changes.findLast(change => change.at <= at);
  const after = changes.find(change => change.at > at);
  return before ? { name: check.name, word: before.to, code: before.reason }
    : after ? { name: check.name, word: after.from, code: null }
    : { name: check.name, word: check.status, code: check.reason };
}

/** The check's statuses one after the other, from the beginning of the run. */
function segments(check, changes, now) {
  const bars = [];
  let from = 0;
  for (const change of changes) {
    bars.push({ status: change.from, from, to: change.at });
    from = change.at;
  }

  bars.push({ status: check.status, from, to: now });
  return bars;
}

function row(change, clock, open) {
  return h('li', { 'data-sequence': change.sequence },
    moment(clock, change.at),
    cells(change, evidence([...change.evidence, change.id], open)));
}

/** What changed and why, after the time. */
export const cells = (change, events = null) => [
  h('span', { class: 'name' }, change.check),
  h('span', { class: 'change' }, status(change.from), h('span', { class: 'arrow' }, '→'), status(change.to)),
  h('span', { class: 'why' },
    change.reason ? reason(change.reason) : null,
    change.message ? h('span', { class: 'message' }, change.message) : null,
    events),
];
