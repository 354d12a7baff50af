// Topics in use, by prefix.

import { Refused, getJson } from './api.js';
import { byId, h, Keyed, setText } from './dom.js';
import { count, duration } from './format.js';
import { throttled } from './throttle.js';

const LIMIT = 50;

export class Topics {
  #rows = new Keyed();
  #asked = 0;
  #isOff = false;

  constructor(notes) {
    const read = () => notes.read('topics-failed', () => this.#load(), this.refresh);
    this.refresh = throttled(2_000, read);
    byId('topics-prefix').addEventListener('input', read);
  }

  async #load() {
    if (this.#isOff) {
      return;
    }

    const asked = ++this.#asked;
    const prefix = byId('topics-prefix').value;
    try {
      const answer = await getJson(`topics?${new URLSearchParams({ prefix, limit: LIMIT })}`);
      if (asked === this.#asked) {
        this.#show(answer);
      }
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) {
        throw error;
      }

      // A host of another protocol never has topics.
      this.#isOff = true;
      setText(byId('topics-note'), error.message);
    }
  }

  #show({ count: total, truncated, topics }) {
    setText(byId('topics-count'), count(total));
    byId('topics-table').hidden = topics.length === 0;
    setText(byId('topics-note'), total === 0 ? 'No topic.' : truncated ? `The first ${count(topics.length)} are shown; type more of the name.` : '');
    const shown = topics.map(({ idleSeconds, ...topic }) => ({ ...topic, idle: duration(idleSeconds) }));
    this.#rows.render(byId('topics-rows'), shown, topic => topic.name, topic => h('tr', {},
      h('th', { scope: 'row', class: 'code' }, topic.name),
      h('td', { class: 'number' }, topic.subscribers === null ? '–' : count(topic.subscribers)),
      h('td', { class: 'wide' }, topic.retained ? 'yes' : 'no'),
      h('td', { class: 'number' }, topic.idle)));
  }
}
