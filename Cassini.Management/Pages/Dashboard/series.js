// What the curves draw: the time that is chosen, in sixty steps.

export const POINTS = 60;

/** Load is sampled every five seconds; a sample that says nothing new is left out. */
const SAMPLING = 5;

/** What came with the feed is kept for so long: it is the longest range but the whole run. */
const KEPT = 6 * 3_600;

/** Room for six hours of samples, and for what the history says of before. */
const MOST_SAMPLES = KEPT / SAMPLING + 100;
const MOST_SPARSE = 500;

/** A time that ends now, in steps. */
export class View {
  constructor(now, span) {
    Object.assign(this, { now, span, step: span / POINTS });
  }

  /** The step that has an instant; less than 0 before the first one. */
  stepOf(at) {
    return POINTS - 1 - Math.floor((this.now - at) / this.step);
  }

  /** When a step ends. */
  endOf(step) {
    return this.now - (POINTS - 1 - step) * this.step;
  }
}

/** Counts occurrences over time. */
export class Happenings {
  #perInterval = new Map();
  #since = 0;

  /** How many intervals are in memory. */
  get size() {
    return this.#perInterval.size;
  }

  add(at) {
    const interval = Math.floor(at / SAMPLING) * SAMPLING;
    this.#perInterval.set(interval, (this.#perInterval.get(interval) ?? 0) + 1);
    if (this.#perInterval.size > MOST_SAMPLES) {
      const oldest = Math.min(...this.#perInterval.keys());
      this.#perInterval.delete(oldest);
      this.beginAt(oldest + SAMPLING);
    }
  }

  /** What happened before this instant was not read, or was forgotten. */
  beginAt(at) {
    this.#since = Math.max(this.#since, at);
  }

  /** Times a second for each step up to now; null for those of which nothing is known. */
  rates(view) {
    const rates = Array.from({ length: POINTS }, (_, step) => (view.endOf(step) < this.#since ? null : 0));
    for (const [interval, times] of this.#perInterval) {
      const step = view.stepOf(Math.min(view.now, interval + SAMPLING / 2));
      if (step >= 0 && step < POINTS) {
        rates[step] += times / view.step;
      }
    }

    return rates;
  }
}

/** Samples in the order of their events, whatever the order in which they come in. */
export class Samples {
  #kept = [];
  #sparse = [];

  get last() {
    return this.#kept.at(-1) ?? null;
  }

  /** How many are in memory. */
  get size() {
    return this.#kept.length + this.#sparse.length;
  }

  /** When the first of them was taken that came with the feed; null without one. */
  get since() {
    return this.#kept[0]?.at ?? null;
  }

  add(sequence, at, values) {
    insert(this.#kept, { sequence, at, ...values });
    const oldest = this.last.at - KEPT;
    while (this.#kept.length > MOST_SAMPLES || (this.#kept.length > 2 && this.#kept[1].at < oldest)) {
      this.#kept.shift();
    }
  }

  /** The same for what changes often and is only drawn: one sample in the time of a step is enough. */
  level(sequence, at, values) {
    if (this.last !== null && this.last.sequence < sequence && Math.floor(this.last.at / SAMPLING) === Math.floor(at / SAMPLING)) {
      this.#kept.pop();
    }

    this.add(sequence, at, values);
  }

  /** Adds one of many that were taken before those that came with the feed: between two of them anything may have happened. */
  fill(sequence, at, values) {
    if (!this.#sparse.some(sample => sample.sequence === sequence)) {
      insert(this.#sparse, { sequence, at, ...values, isSparse: true });
      if (this.#sparse.length > MOST_SPARSE) {
        this.#sparse = this.#sparse.filter((_, index) => index % 2 === 0);
      }
    }
  }

  /** The highest value of each step; the last sample holds until the next one. */
  levels(view, name) {
    const levels = new Array(POINTS).fill(null);
    const samples = this.#within(view);
    samples.forEach((sample, index) => {
      if (isKnown(sample[name])) {
        const to = index + 1 < samples.length ? view.stepOf(samples[index + 1].at) : POINTS - 1;
        raise(levels, view.stepOf(sample.at), to, sample[name]);
      }
    });
    return levels;
  }

  /** The highest value of each step, of values that are of the time since the sample before that has one. */
  shares(view, name) {
    const shares = new Array(POINTS).fill(null);
    let since = null;
    for (const sample of this.#within(view)) {
      if (isKnown(sample[name])) {
        raise(shares, view.stepOf(since ?? sample.at), view.stepOf(sample.at), sample[name]);
        since = sample.at;
      }
    }

    return shares;
  }

  /** The growth of a counter per second. */
  rates(view, name) {
    const rates = new Array(POINTS).fill(null);
    const samples = this.#within(view);
    for (let index = 1; index < samples.length; index++) {
      const [before, after] = [samples[index - 1], samples[index]];
      if (!isKnown(before[name]) || !isKnown(after[name])) {
        continue;
      }

      // Between two samples further apart nothing changed until the last interval, unless others between them were not read.
      const grewFrom = before.isSparse ? before.at : Math.max(before.at, after.at - SAMPLING * 1.5);
      spread(rates, view, before.at, grewFrom, 0);
      spread(rates, view, grewFrom, after.at, after[name] - before[name]);
    }

    // Time without a sample yet: nothing new was reported.
    if (this.last !== null && isKnown(this.last[name])) {
      spread(rates, view, this.last.at, view.now, 0);
    }

    return rates.map(grown => (grown === null ? null : grown / view.step));
  }

  /** Those of the time that is chosen, and the one before them. */
  #within(view) {
    const from = view.now - view.span;
    const since = this.since ?? Infinity;
    const all = since <= from ? this.#kept : [...this.#sparse.filter(sample => sample.at < since), ...this.#kept];
    let first = all.length - 1;
    while (first > 0 && all[first].at >= from) {
      first--;
    }

    return all.slice(Math.max(0, first));
  }
}

const isKnown = value => value !== null && value !== undefined;

function insert(list, sample) {
  let place = list.length;
  while (place > 0 && list[place - 1].sequence > sample.sequence) {
    place--;
  }

  list.splice(place, 0, sample);
}

function raise(steps, from, to, value) {
  for (let step = Math.max(0, from); step <= Math.min(to, POINTS - 1); step++) {
    steps[step] = Math.max(steps[step] ?? 0, value);
  }
}

/** Adds what grew between two instants to the steps that they cover. */
function spread(steps, view, from, to, grown) {
  const length = Math.max(to - from, 0.001);
  for (let step = Math.max(0, view.stepOf(from)); step <= Math.min(view.stepOf(to), POINTS - 1); step++) {
    const end = view.endOf(step);
    const covered = Math.max(0, Math.min(to, end) - Math.max(from, end - view.step));
    steps[step] = (steps[step] ?? 0) + grown * covered / length;
  }
}
