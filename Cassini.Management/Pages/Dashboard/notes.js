// Shows what could not be read at the part of the page that lacks it.

import { Denied, sentenceOf } from './api.js';
import { byId, setText } from './dom.js';

/** Reads for parts of the page, each with a note of its own. */
export class Notes {
  #reads = new Map();
  #latest = new Map();
  #failed = new Set();

  /** Reads, and shows a note when that fails; the next success removes the note. `again` retries. */
  async read(id, read, again) {
    const mine = Symbol(id);
    this.#latest.set(id, mine);
    this.#reads.set(id, again);
    let problem = '';
    try {
      await read();
    } catch (error) {
      problem = error instanceof Denied ? '' : `Not up to date: ${sentenceOf(error)}`;
    }

    // A newer request has replaced this one: its answer is ignored.
    if (this.#latest.get(id) === mine) {
      setText(byId(id), problem);
      this.#failed[problem === '' ? 'delete' : 'add'](id);
    }
  }

  /** Retries what failed last. */
  retry() {
    for (const id of this.#failed) {
      this.#reads.get(id)();
    }
  }
}
