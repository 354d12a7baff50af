// Topics in use: as a tree, or as a list of those that begin with a text.

import { Refused, getJson, timeLimit } from './api.js';
import { byId, h, Keyed, setText } from './dom.js';
import { count } from './format.js';
import { throttled } from './throttle.js';
import { TopicTree } from './tree.js';

const LIMIT = 50;
const SOONEST = 2_000;
const LATEST = 30_000;

export class Topics {
  #rows = new Keyed();
  #readAt = -SOONEST;
  #reading = new AbortController();
  #later = null;
  #total = 0;
  #isOff = false;

  /** `choose` shows a topic, `refreshed` is called when the topics were read. */
  constructor(notes, { choose, refreshed, off }) {
    Object.assign(this, { choose, refreshed, off });
    const again = () => this.refreshNow();
    this.read = throttled(250, () => notes.read('topics-failed', () => this.#load(), again));
    this.tree = new TopicTree(load => notes.read('topics-failed', load, again), choose);
    byId('topics-prefix').addEventListener('input', () => {
      this.#reading.abort();
      this.refreshNow();
    });
  }

  /** Reads again when it is due. The broker looks at every topic: the more there are, the less often it is asked to. */
  refresh() {
    const due = this.#readAt + Math.min(LATEST, Math.max(SOONEST, this.#total / 10));
    this.#later ??= setTimeout(() => this.refreshNow(), Math.max(0, due - performance.now()));
  }

  /** Reads what the user has just changed, or asks for, and what another run has. */
  refreshNow() {
    clearTimeout(this.#later);
    this.#later = null;
    this.read();
  }

  async #load() {
    if (this.#isOff) {
      return;
    }

    this.#readAt = performance.now();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    const limited = { signal: AbortSignal.any([signal, timeLimit()]) };
    const prefix = byId('topics-prefix').value;
    try {
      if (prefix === '') {
        const total = await this.tree.load(limited);
        this.#show(total, [], total === 0 ? 'No topic.' : '');
      } else {
        const { count: total, truncated, topics } = await getJson(`topics?${new URLSearchParams({ prefix, limit: LIMIT })}`, limited);
        this.#show(total, topics, total === 0 ? 'No topic.' : truncated ? `The first ${count(topics.length)} are shown; type more of the name.` : '');
      }

      this.refreshed();
    } catch (error) {
      if (signal.aborted) {
        return;
      }

      if (!(error instanceof Refused) || error.status !== 404) {
        throw error;
      }

      // A host of another protocol never has topics.
      this.#isOff = true;
      setText(byId('topics-note'), error.message);
      this.off();
    }
  }

  #show(total, found, note) {
    this.#total = byId('topics-prefix').value === '' ? total : this.#total;
    setText(byId('topics-count'), count(total));
    setText(byId('topics-note'), note);
    byId('tree').hidden = byId('topics-prefix').value !== '' || total === 0;
    byId('topics-found').hidden = found.length === 0;
    this.#rows.render(byId('topics-found'), found.map(({ name }) => name), name => name, name => h('li', {},
      h('button', { type: 'button', class: 'link code', onclick: () => this.choose({ path: name, isTopic: true, below: 0 }) }, name)));
  }
}
