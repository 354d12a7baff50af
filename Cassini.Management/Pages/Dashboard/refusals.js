// Who was refused before a connection was open: by address and reason, the latest first.

import { getJson } from './api.js';
import { byId, h, Keyed, setText } from './dom.js';
import { count } from './format.js';
import { throttled } from './throttle.js';
import { age } from './words.js';

export class RefusalTable {
  #rows = new Keyed();

  constructor(clock, notes) {
    this.clock = clock;
    this.refresh = throttled(1_000, () => notes.read('refusals-failed', () => this.#load(), this.refresh));
  }

  async #load() {
    const rows = await getJson('handshakes');
    byId('refusals').hidden = rows.length === 0;
    setText(byId('refusals-count'), rows.length === 0 ? '' : count(rows.length));
    this.#rows.render(byId('refusals-rows'), rows, row => `${row.address} ${row.reason}`, row => h('tr', {},
      h('th', { scope: 'row', class: 'code' }, row.address),
      h('td', {}, row.reason, row.detail === null ? null : h('span', { class: 'quiet' }, ` ${row.detail}`)),
      h('td', { class: 'number' }, count(row.count)),
      h('td', { class: 'number' }, age(this.clock, this.clock.secondsOf(row.last)))));
  }
}
