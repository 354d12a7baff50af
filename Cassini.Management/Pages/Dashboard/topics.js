// Topics in use: as a tree, or as a list of those that begin with a text.

import { Refused, getJson } from './api.js';
import { byId, h, Keyed, setText } from './dom.js';
import { count } from './format.js';
import { throttled } from './throttle.js';
import { TopicTree } from './tree.js';

const LIMIT = 50;

export class Topics {
  #rows = new Keyed();
  #asked = 0;
  #readAt = 0;
  #total = 0;
  #isOff = false;

  /** `choose` shows a topic, `refreshed` is called when the topics were read. */
  constructor(notes, { choose, refreshed, off }) {
    Object.assign(this, { choose, refreshed, off });
    const read = () => notes.read('topics-failed', () => this.#load(), this.refresh);
    this.refresh = throttled(2_000, () => this.#isDue && read());
    this.tree = new TopicTree(load => notes.read('topics-failed', load, this.refresh), choose);
    byId('topics-prefix').addEventListener('input', read);
  }

  /** The broker looks at every topic: the more there are, the less often it is asked to. */
  get #isDue() {
    return performance.now() - this.#readAt >= Math.min(30_000, this.#total / 10);
  }

  async #load() {
    if (this.#isOff) {
      return;
    }

    const asked = ++this.#asked;
    const prefix = byId('topics-prefix').value;
    try {
      if (prefix === '') {
        const total = await this.tree.load();
        this.#show(asked, total, [], total === 0 ? 'No topic.' : '');
      } else {
        const { count: total, truncated, topics } = await getJson(`topics?${new URLSearchParams({ prefix, limit: LIMIT })}`);
        this.#show(asked, total, topics, total === 0 ? 'No topic.' : truncated ? `The first ${count(topics.length)} are shown; type more of the name.` : '');
      }

      this.refreshed();
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) {
        throw error;
      }

      // A host of another protocol never has topics.
      this.#isOff = true;
      setText(byId('topics-note'), error.message);
      this.off();
    }
  }

  #show(asked, total, found, note) {
    if (asked !== this.#asked) {
      return;
    }

    this.#readAt = performance.now();
    this.#total = byId('topics-prefix').value === '' ? total : this.#total;

    setText(byId('topics-count'), count(total));
    setText(byId('topics-note'), note);
    byId('tree').hidden = byId('topics-prefix').value !== '' || total === 0;
    byId('topics-found').hidden = found.length === 0;
    this.#rows.render(byId('topics-found'), found.map(({ name }) => name), name => name, name => h('li', {},
      h('button', { type: 'button', class: 'link code', onclick: () => this.choose({ path: name, isTopic: true, below: 0 }) }, name)));
  }
}
