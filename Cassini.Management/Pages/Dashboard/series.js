// What the sparklines draw: ten minutes, in steps of ten seconds.

export const SPAN = 600;
export const STEP = 10;
export const POINTS = SPAN / STEP;

/** Load is sampled every five seconds; a sample that says nothing new is left out. */
const SAMPLING = 5;

/** Counts occurrences over time. */
export class Happenings {
  #perSecond = new Map();

  add(at) {
    const second = Math.floor(at);
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + 1);
  }

  /** Times a second for each step up to now. */
  rates(now) {
    // Before the run began there was nothing to count.
    const rates = Array.from({ length: POINTS }, (_, step) => (now - (POINTS - 1 - step) * STEP < 0 ? null : 0));
    for (const [second, times] of this.#perSecond) {
      const step = POINTS - 1 - Math.floor((now - second) / STEP);
      if (step < 0) {
        this.#perSecond.delete(second);
      } else if (step < POINTS) {
        rates[step] += times / STEP;
      }
    }

    return rates;
  }
}

/** Samples in the order of their events, whatever the order in which they come in. */
export class Samples {
  #kept = [];

  get last() {
    return this.#kept.at(-1) ?? null;
  }

  add(sequence, at, values) {
    let place = this.#kept.length;
    while (place > 0 && this.#kept[place - 1].sequence > sequence) {
      place--;
    }

    this.#kept.splice(place, 0, { sequence, at, ...values });
  }

  /** The same for what changes often and is only drawn: one sample a second is enough. */
  level(sequence, at, values) {
    if (this.last !== null && this.last.sequence < sequence && Math.floor(this.last.at) === Math.floor(at)) {
      this.#kept.pop();
    }

    this.add(sequence, at, values);
  }

  /** The highest value of each step; the last sample holds until the next one. */
  levels(now, name) {
    this.#forget(now);
    const levels = new Array(POINTS).fill(null);
    this.#kept.forEach((sample, index) => {
      const from = stepOf(now, sample.at);
      const to = index + 1 < this.#kept.length ? stepOf(now, this.#kept[index + 1].at) : POINTS - 1;
      for (let step = Math.max(0, from); step <= Math.min(to, POINTS - 1); step++) {
        levels[step] = Math.max(levels[step] ?? 0, sample[name]);
      }
    });
    return levels;
  }

  /** The growth of a counter per second. */
  rates(now, name) {
    this.#forget(now);
    const rates = new Array(POINTS).fill(null);
    for (let index = 1; index < this.#kept.length; index++) {
      const [before, after] = [this.#kept[index - 1], this.#kept[index]];
      if (before[name] === null || after[name] === null) {
        continue;
      }

      // Between two samples further apart nothing changed until the last interval.
      const grewFrom = Math.max(before.at, after.at - SAMPLING * 1.5);
      spread(rates, now, before.at, grewFrom, 0);
      spread(rates, now, grewFrom, after.at, after[name] - before[name]);
    }

    // Time without a sample yet: nothing new was reported.
    if (this.last !== null && this.last[name] !== null) {
      spread(rates, now, this.last.at, now, 0);
    }

    return rates.map(grown => (grown === null ? null : grown / STEP));
  }

  #forget(now) {
    while (this.#kept.length > 2 && this.#kept[1].at < now - SPAN) {
      this.#kept.shift();
    }
  }
}

const stepOf = (now, at) => POINTS - 1 - Math.floor((now - at) / STEP);

/** Adds what grew between two instants to the steps that they cover. */
function spread(steps, now, from, to, grown) {
  const length = Math.max(to - from, 0.001);
  for (let step = Math.max(0, stepOf(now, from)); step <= Math.min(stepOf(now, to), POINTS - 1); step++) {
    const end = now - (POINTS - 1 - step) * STEP;
    const covered = Math.max(0, Math.min(to, end) - Math.max(from, end - STEP));
    steps[step] = (steps[step] ?? 0) + grown * covered / length;
  }
}
