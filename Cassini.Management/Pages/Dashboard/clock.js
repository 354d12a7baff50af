// The broker's clock: seconds since its run began, which cannot be set. The browser's wall clock is not used.

export class Clock {
  #at = performance.now();
  #elapsed = 0;
  #startedAt = 0;

  get now() {
    return this.#elapsed + (performance.now() - this.#at) / 1000;
  }

  begin(startedAt) {
    this.#startedAt = Date.parse(startedAt);
  }

  set(elapsed) {
    this.#elapsed = elapsed;
    this.#at = performance.now();
  }

  /** An event has this time, so the present is not earlier. */
  reach(elapsed) {
    if (elapsed > this.now) {
      this.set(elapsed);
    }
  }

  /** The seconds of a time that the broker wrote. */
  secondsOf(time) {
    return (Date.parse(time) - this.#startedAt) / 1000;
  }

  dateOf(seconds) {
    return new Date(this.#startedAt + seconds * 1000);
  }
}
