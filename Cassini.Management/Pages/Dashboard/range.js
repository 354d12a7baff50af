// The time that the curves and the lanes show, and the instant in it whose values are read.

import { byId, setText } from './dom.js';
import { dayAndTime, timeOfDay } from './format.js';
import { POINTS, View } from './series.js';

const SHORTEST = 600;
const DAY = 86_400;

export class Range {
  #pinned = null;
  #pointed = null;

  /** `chosen()` runs when another time is chosen, `moved()` when another instant is. */
  constructor(clock, { chosen, moved }) {
    Object.assign(this, { clock, moved });
    byId('range').addEventListener('change', chosen);

    // A slider: arrow keys, Page Up and Page Down, Home and End move it, and a finger does. At its end it is the present.
    byId('instant').addEventListener('input', event => {
      const step = Number(event.target.value);
      this.#choose(step === POINTS - 1 ? null : this.view.endOf(step) - this.view.step / 2);
    });
    byId('instant').addEventListener('keydown', event => event.key === 'Escape' && this.#choose(null));
    byId('instant-now').addEventListener('click', () => {
      this.#choose(null);
      byId('instant').focus();
    });
  }

  /** What is shown: a choice, or all of this run. */
  get view() {
    return new View(this.clock.now, this.choice === 'run' ? Math.max(SHORTEST, this.clock.now) : Number(this.choice));
  }

  /** The choice itself: what is shown of all of this run grows, and this does not change. */
  get choice() {
    return byId('range').value;
  }

  /** Whether more is asked for than comes with the feed. */
  get isLong() {
    return this.choice !== String(SHORTEST);
  }

  /** The instant whose values are shown, in seconds; null for the present. */
  get instant() {
    return this.#pointed ?? this.#pinned;
  }

  /** Its place in a time, from 0 to 1; null when it is not in it. */
  placeIn(from, to) {
    const at = this.instant;
    return at === null || at < from || at > to ? null : (at - from) / (to - from);
  }

  /** The time of an instant, for people. */
  wordOf(at) {
    const date = this.clock.dateOf(at);
    return this.clock.now - at > DAY / 2 ? dayAndTime(date) : timeOfDay(date);
  }

  /**
   * Reads the values under the pointer over what `find` finds of a target; `timeOf` gives the instant at a share of its width. A click or
   * a tap holds the instant.
   */
  follow(area, find, timeOf) {
    const at = event => {
      const box = find(event.target)?.getBoundingClientRect();
      const share = box && (event.clientX - box.left) / box.width;
      return box && share >= 0 && share <= 1 ? timeOf(share) : null;
    };
    area.addEventListener('pointermove', event => event.pointerType !== 'touch' && this.#point(at(event)));
    area.addEventListener('pointerleave', () => this.#point(null));
    area.addEventListener('click', event => {
      const held = at(event);
      if (held !== null) {
        this.#choose(held);
      }
    });
  }

  /** The instants of another run mean nothing in this one. */
  reset() {
    [this.#pinned, this.#pointed] = [null, null];
  }

  /** Lets go of an instant that has left the time that is shown, or that is not yet. */
  settle() {
    const { view } = this;
    if (this.#pinned !== null && (view.stepOf(this.#pinned) < 0 || this.#pinned > view.now)) {
      this.#pinned = null;
    }

    if (this.#pointed > view.now) {
      this.#pointed = null;
    }
  }

  /** Shows the slider; `said` is what it says at the instant. */
  render(said) {
    const { instant, view } = this;
    const slider = byId('instant');
    const step = instant === null ? POINTS - 1 : Math.max(0, view.stepOf(instant));
    if (Number(slider.value) !== step) {
      slider.value = String(step);
    }

    const text = instant === null ? 'now' : `${this.wordOf(instant)}: ${said}`;
    if (slider.getAttribute('aria-valuetext') !== text) {
      slider.setAttribute('aria-valuetext', text);
    }

    setText(byId('instant-said'), instant === null ? 'now' : this.wordOf(instant));
    byId('instant-now').hidden = this.#pinned === null;
  }

  /** The last choice counts, until the pointer moves again. */
  #choose(instant) {
    [this.#pinned, this.#pointed] = [instant, null];
    this.moved();
  }

  #point(instant) {
    if (instant !== this.#pointed) {
      this.#pointed = instant;
      this.moved();
    }
  }
}
