// The runs of the process before this one, from the history on disk: how each ended, and what happened to health in it.

import { getJson, request } from './api.js';
import { byId, h, Keyed, s, setText } from './dom.js';
import { dayAndTime, duration, plural } from './format.js';
import { HEIGHTS, LANE, SCALE, cells } from './timeline.js';
import { SEVERITY, stamp, status } from './words.js';

const MOST_RUNS = 50;
const MOST_TRANSITIONS = 1_000;
const FIRST_SHOWN = 5;
const SECOND = 1_000;

/** How a run ended: its status, its word, and what is known then. */
const ENDS = {
  clean: ['ok', 'clean', null],
  killed: ['error', 'killed', 'It wrote no end: it was killed, or the system was out of memory.'],
  crashed: ['error', 'crashed', null],
  power: ['error', 'power', 'It wrote no end, and the machine has started since: a power cut, or a restart that did not wait.'],
};
const UNKNOWN = ['unknown', 'unknown', 'How it ended is not known.'];

export class Runs {
  #rows = new Keyed();
  #lane = new Keyed();
  #epoch = '';
  #earlier = [];
  #transitions = new Map();
  #showsAll = false;

  constructor(notes) {
    this.refresh = () => notes.read('runs-failed', () => this.#load(), this.refresh);
    byId('runs-more').addEventListener('click', () => {
      this.#showsAll = !this.#showsAll;
      this.#list();
      this.refresh();
    });
  }

  /** A run has begun. Without a history there are no others, and nothing is asked for. */
  begin({ epoch, log }) {
    this.#epoch = epoch;
    this.#earlier = [];
    this.#list();
    if (log.history) {
      this.refresh();
    }
  }

  /** Draws the runs up to now; what the list says of earlier ones does not change meanwhile. */
  render({ health, clock, transitions }) {
    const shown = this.#shown();
    if (shown.length === 0) {
      return;
    }

    const [from, began, now] = [shown.at(-1).from, clock.dateOf(0).getTime(), clock.dateOf(clock.now).getTime()];
    setText(byId('runs-span'), `${plural(this.#earlier.length, 'run', 'runs')} before this one, which began ${dayAndTime(new Date(began))}`);
    setText(byId('runs-from'), `${duration((now - from) / SECOND)} ago`);
    const changes = [...transitions.values()].sort((a, b) => a.sequence - b.sequence)
      .map(change => ({ ...change, at: clock.dateOf(change.at).getTime() }));
    const x = at => Math.min(SCALE - 1, Math.floor((Math.max(at, from) - from) / Math.max(1, now - from) * SCALE));
    const bars = barsOf([
      ...shown.flatMap(run => segments(run, this.#transitions.get(run.epoch) ?? [])),
      ...segments({ from: began, to: now }, changes, health.status),
    ], x);
    const ends = shown.filter(run => run.end !== ENDS.clean).map(run => x(run.to));
    this.#lane.render(byId('runs-lane'), [{ bars, ends }], () => 'runs', lane => h('div', { class: 'lane' },
      h('span', { class: 'name' }, 'status'),
      s('svg', { viewBox: `0 0 ${SCALE} ${LANE}`, preserveAspectRatio: 'none', 'data-lane': 'runs' },
        lane.bars.map(bar =>
          s('rect', { 'data-status': bar.status, x: bar.x, y: (LANE - HEIGHTS[bar.status]) / 2, width: bar.width, height: HEIGHTS[bar.status] })),
        lane.ends.map(end => s('rect', { class: 'end', x: end - 1, y: 0, width: 3, height: LANE })))));
  }

  /** The newest first. */
  #shown() {
    return this.#showsAll ? this.#earlier : this.#earlier.slice(0, FIRST_SHOWN);
  }

  /** What happened in an earlier run never changes, so it is read once. One at a time: each read takes the place of a feed. */
  async #load() {
    const epoch = this.#epoch;
    const runs = await getJson(`runs?limit=${MOST_RUNS}`);
    if (epoch !== this.#epoch) {
      return;
    }

    this.#earlier = earlierOf(runs, epoch);
    this.#transitions = new Map(this.#earlier.map(run => run.epoch).filter(known => this.#transitions.has(known))
      .map(known => [known, this.#transitions.get(known)]));
    this.#list();
    for (const run of this.#shown()) {
      if (!this.#transitions.has(run.epoch)) {
        this.#transitions.set(run.epoch, await transitionsOf(run));
        this.#list();
      }
    }
  }

  #list() {
    byId('runs').hidden = this.#earlier.length === 0;
    const shown = this.#shown().map(run => ({ ...run, changes: this.#transitions.get(run.epoch) }));
    this.#rows.render(byId('runs-list'), shown, run => run.epoch, row);
    const more = byId('runs-more');
    more.hidden = this.#earlier.length <= FIRST_SHOWN;
    setText(more, this.#showsAll ? `Show the last ${FIRST_SHOWN}` : `Show all ${this.#earlier.length}`);
  }
}

/** The runs before one, the newest first, each with the time in which nothing ran after it. */
function earlierOf(runs, epoch) {
  return runs.map((run, index) => {
    const next = runs[index + 1];
    const from = Date.parse(run.startedAt);
    return {
      epoch: run.epoch,
      version: run.cassini,
      from,
      to: run.endedAt === null ? from : Date.parse(run.endedAt),
      isEndKnown: run.endedAt !== null,
      end: ENDS[run.end] ?? UNKNOWN,
      detail: run.detail,
      down: run.endedAt === null || !next ? null : Date.parse(next.startedAt) - Date.parse(run.endedAt),
    };
  }).filter(run => run.epoch !== epoch).reverse();
}

async function transitionsOf(run) {
  const asked = new URLSearchParams({ types: 'health', since: new Date(run.from).toISOString(), limit: MOST_TRANSITIONS });
  if (run.isEndKnown) {
    asked.set('until', new Date(run.to + SECOND).toISOString());
  }

  const response = await request(`events?${asked}`, { headers: { Accept: 'application/x-ndjson' } });
  const lines = (await response.text()).split('\n').filter(line => line !== '');
  return lines.map(line => JSON.parse(line)).filter(({ id, type }) => type === 'healthChanged' && id.startsWith(`${run.epoch}-`))
    .map(({ event, time }) => ({ ...event, at: Date.parse(time) }));
}

/**
 * The statuses of a run, one after the other; the last one is that of its last transition, unless it is known. While a run begins, checks
 * without evidence are no failure, and from its drain on nothing is.
 */
function segments({ from, to }, changes, last = null) {
  const found = [];
  let [at, word] = [from, 'unknown'];
  for (const change of changes.slice(0, drainOf(changes) + 1)) {
    found.push({ status: word, from: at, to: change.at });
    const isBeginning = word === 'unknown' && change.status === 'error' && change.to === 'ok';
    [at, word] = [change.at, isDrain(change) ? 'off' : isBeginning ? 'unknown' : change.status];
  }

  return [...found, { status: last ?? word, from: at, to }];
}

const isDrain = change => change.check === 'phase' && (change.reason === 'Draining' || change.reason === 'Stopped');

/** The place of the transition with which a run began to end; the last place when it did not. */
function drainOf(changes) {
  const place = changes.findIndex(isDrain);
  return place < 0 ? changes.length - 1 : place;
}

/** What is drawn of many statuses: where several share a place, the worst. Between two runs there is nothing. */
function barsOf(found, x) {
  const places = new Array(SCALE).fill(null);
  for (const { status: word, from, to } of found.filter(one => one.to > one.from)) {
    for (let place = x(from); place <= x(to); place++) {
      places[place] = places[place] === null || SEVERITY[word] > SEVERITY[places[place]] ? word : places[place];
    }
  }

  const bars = [];
  for (const [place, word] of places.entries()) {
    if (word !== null && place > 0 && places[place - 1] === word) {
      bars.at(-1).width++;
    } else if (word !== null) {
      bars.push({ status: word, x: place, width: 1 });
    }
  }

  return bars;
}

function row({ epoch, version, from, to, isEndKnown, end: [severity, word, meaning], detail, down, changes }) {
  return h('li', { 'data-run': epoch, 'data-end': word },
    stamp(new Date(from)),
    status(severity, word),
    h('span', { class: 'why' },
      isEndKnown ? h('span', {}, `ran ${duration((to - from) / SECOND)}, until `, stamp(new Date(to))) : h('span', {}, 'it is not known until when it ran'),
      down === null || down < 0 ? null : h('span', {}, `then nothing ran for ${duration(down / SECOND)}`),
      detail === null ? null : h('span', { class: 'message' }, detail),
      meaning === null ? null : h('span', { class: 'note' }, meaning)),
    h('span', { class: 'code quiet' }, `${epoch}, Cassini ${version}`),
    changes === undefined ? null : h('details', {},
      h('summary', {}, plural(changes.length, 'transition', 'transitions')),
      h('ol', { class: 'transitions', 'aria-label': 'Transitions of this run, the oldest first' },
        changes.map(change => h('li', {}, stamp(new Date(change.at)), cells(change))))));
}
