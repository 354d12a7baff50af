// The live connections.

import { request } from './api.js';
import { askFor } from './confirm.js';
import { h } from './dom.js';
import { Table, ageOf } from './table.js';
import { age } from './words.js';

export class Connections {
  constructor(clock, notes, openClient) {
    this.clock = clock;
    this.openClient = openClient;
    this.table = new Table('connections', notes, { load, sort: 'id', keyOf: row => row.id, rowOf: row => this.#row(row) });
    this.refresh = this.table.refresh;
  }

  #row(row) {
    const client = row.clientId === null
      ? row.state === 'open' ? '–' : row.state
      : h('button', { type: 'button', class: 'link', onclick: () => this.openClient(row.clientId) }, row.clientId);
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
        onclick: () => disconnect(row, this.table),
      }, 'Disconnect')));
  }
}

/** Closes a connection, after a yes. */
export function disconnect(row, table) {
  askFor({
    title: 'Close this connection?',
    said: `${row.clientId ?? 'A client without a name'}, identity ${row.identity ?? 'unknown'}, from ${row.remoteAddress}. It may connect again at once.`,
    yes: 'Disconnect',
    act: () => request(`connections/${row.id}`, { method: 'DELETE' }),
    done: `Connection ${row.id} is being closed.`,
    failed: `Connection ${row.id} was not closed`,
    table,
  });
}

async function load(query) {
  const response = await request(`connections?${query}`);
  return { rows: await response.json(), total: Number(response.headers.get('X-Total-Count')), age: ageOf(response) };
}
