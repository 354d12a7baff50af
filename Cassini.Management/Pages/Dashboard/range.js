// The time that the curves and the lanes show, and the instant in it whose values are read.

import { byId, setText } from './dom.js';
import { dayAndTime, timeOfDay } from './format.js';
import { POINTS, View } from './series.js';

const SHORTEST = 600;
const DAY = 86_400;

export class Range {
  #pinned = null;
  #pointed = null;

  /** `changed()` runs when another time or instant is chosen. */
  constructor(clock, changed) {
    Object.assign(this, { clock, changed });
    byId('range').addEventListener('change', changed);

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
    const { value } = byId('range');
    return new View(this.clock.now, value === 'run' ? Math.max(SHORTEST, this.clock.now) : Number(value));
  }

  /** Whether more is asked for than comes with the feed. */
  get isLong() {
    return byId('range').value !== String(SHORTEST);
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
        this.#pointed = null;
        this.#choose(held);
      }
    });
  }

  /** Shows the slider; `said` is what it says at the instant. */
  render(said) {
    const { instant, view } = this;
    if (this.#pinned !== null && view.stepOf(this.#pinned) < 0) {
      this.#pinned = null;
    }

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

  #choose(instant) {
    this.#pinned = instant;
    this.changed();
  }

  #point(instant) {
    if (instant !== this.#pointed) {
      this.#pointed = instant;
      this.changed();
    }
  }
}
