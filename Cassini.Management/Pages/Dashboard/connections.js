// The live table, a page at a time: the broker sorts and searches.

import { request, sentenceOf } from './api.js';
import { byId, h, Keyed, setText } from './dom.js';
import { count } from './format.js';
import { throttled } from './throttle.js';
import { age } from './words.js';

const PAGE = 50;

export class Connections {
  #rows = new Keyed();
  #offset = 0;
  #asked = 0;
  #chosen = null;

  constructor(clock, notes) {
    this.clock = clock;
    this.notes = notes;
    this.refresh = throttled(1_000, () => this.#read());
    byId('connections-search').addEventListener('input', () => this.#from(0));
    byId('connections-sort').addEventListener('change', () => this.#from(0));
    byId('connections-previous').addEventListener('click', () => this.#from(this.#offset - PAGE));
    byId('connections-next').addEventListener('click', () => this.#from(this.#offset + PAGE));
    byId('confirm-no').addEventListener('click', () => byId('confirm').close());
    byId('confirm-yes').addEventListener('click', () => this.#disconnect());
  }

  #from(offset) {
    this.#offset = Math.max(0, offset);
    this.#read();
  }

  #read() {
    return this.notes.read('connections-failed', () => this.#load(), this.refresh);
  }

  async #load() {
    const asked = ++this.#asked;
    const query = new URLSearchParams({ sort: byId('connections-sort').value, offset: this.#offset, limit: PAGE });
    const search = byId('connections-search').value.trim();
    if (search) {
      query.set('search', search);
    }

    const response = await request(`connections?${query}`);
    const rows = await response.json();
    if (asked !== this.#asked) {
      return;
    }

    const total = Number(response.headers.get('X-Total-Count'));
    if (rows.length === 0 && this.#offset > 0 && total > 0) {
      this.#from(Math.floor((total - 1) / PAGE) * PAGE);
      return;
    }

    this.#show(rows, total, search);
  }

  #show(rows, total, search) {
    setText(byId('connections-count'), search ? `${count(total)} found` : count(total));
    setText(byId('connections-range'), total === 0 ? 'none' : `${count(this.#offset + 1)}–${count(this.#offset + rows.length)} of ${count(total)}`);
    byId('connections-previous').disabled = this.#offset === 0;
    byId('connections-next').disabled = this.#offset + rows.length >= total;
    byId('connections-table').hidden = total === 0;
    this.#rows.render(byId('connections-rows'), rows, row => row.id, row => this.#row(row));
  }

  #row(row) {
    const client = row.clientId ?? (row.state === 'open' ? '–' : row.state);
    return h('tr', { 'data-connection': row.id },
      h('th', { scope: 'row' }, client),
      h('td', {}, row.identity ?? '–'),
      h('td', { class: 'code' }, row.remoteAddress),
      h('td', { class: 'code wide' }, row.endpoint),
      h('td', { class: 'wide' }, [row.mqttProtocol, row.protocol].filter(Boolean).join(', ') || '–'),
      h('td', { class: 'wide' }, age(this.clock, this.clock.secondsOf(row.openedAt ?? row.acceptedAt), '')),
      h('td', { class: 'act' }, h('button', {
        type: 'button',
        class: 'quiet-button',
        'aria-label': `Disconnect ${row.clientId ?? row.identity ?? row.remoteAddress}, connection ${row.id}`,
        onclick: () => this.#confirm(row),
      }, 'Disconnect')));
  }

  #confirm(row) {
    this.#chosen = row;
    setText(byId('confirm-said'), `${row.clientId ?? 'A client without a name'}, identity ${row.identity ?? 'unknown'}, from ${row.remoteAddress}. It may connect again at once.`);
    byId('confirm').showModal();
  }

  async #disconnect() {
    const row = this.#chosen;
    byId('confirm').close();
    const result = byId('connections-result');
    try {
      await request(`connections/${row.id}`, { method: 'DELETE' });
      setText(result, `Connection ${row.id} is being closed.`);
    } catch (error) {
      setText(result, `Connection ${row.id} was not closed: ${sentenceOf(error)}`);
    }

    this.refresh();
  }
}
