// The MQTT sessions: of clients that are connected, and of those that are away.

import { Refused, request } from './api.js';
import { askFor } from './confirm.js';
import { byId, h } from './dom.js';
import { bytes, count } from './format.js';
import { Table, ageOf } from './table.js';
import { age, until } from './words.js';

export class Sessions {
  #isOff = false;

  constructor(clock, notes, openClient) {
    this.clock = clock;
    this.openClient = openClient;
    this.table = new Table('sessions', notes, {
      load: query => this.#load(query),
      sort: 'clientId',
      keyOf: row => row.clientId,
      rowOf: row => this.#row(row),
      more: () => byId('sessions-state').value === '' ? {} : { state: byId('sessions-state').value },
    });
    this.refresh = this.table.refresh;
    byId('sessions-state').addEventListener('change', () => this.table.from(0));
  }

  async #load(query) {
    if (this.#isOff) {
      return null;
    }

    try {
      const response = await request(`sessions?${query}`);
      const { sessions, count: total } = await response.json();
      return { rows: sessions, total, age: ageOf(response) };
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) {
        throw error;
      }

      // A host of another protocol never has sessions.
      this.#isOff = true;
      byId('sessions').hidden = true;
      return null;
    }
  }

  #row(row) {
    return h('tr', { 'data-client': row.clientId },
      h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link', onclick: () => this.openClient(row.clientId) }, row.clientId)),
      h('td', { class: 'roomy' }, row.identity),
      h('td', {}, stateOf(row, this.clock)),
      h('td', { class: 'number wide' }, count(row.subscriptions)),
      h('td', { class: 'number', title: bytes(row.queuedBytes) }, count(row.queued)),
      h('td', { class: 'number wide' }, count(row.inFlight)),
      h('td', { class: 'number wide' }, count(row.dropped)),
      h('td', { class: 'act short' }, h('button', {
        type: 'button',
        class: 'quiet-button',
        'aria-label': `End the session of ${row.clientId}`,
        onclick: () => endSession(row, this.table),
      }, 'End')));
  }
}

/** Connected or away, since when, and when it ends. */
export function stateOf(row, clock) {
  const since = clock.secondsOf(row.since);
  return row.state === 'connected'
    ? h('span', {}, 'connected ', age(clock, since, ''))
    : h('span', {}, 'away ', age(clock, since, ''), row.expiresAt === null ? ', kept for ever' : [', ends in ', until(clock, clock.secondsOf(row.expiresAt))]);
}

/** Ends a session with everything of it, after a yes. */
export function endSession(row, table) {
  askFor({
    title: 'End this session?',
    said: `${row.clientId}, identity ${row.identity}. Its subscriptions and ${count(row.queued + row.inFlight)} messages are discarded. It may connect again at once, and begins anew.`,
    yes: 'End it',
    act: () => request(`sessions/${encodeURIComponent(row.clientId)}`, { method: 'DELETE' }),
    done: `The session of ${row.clientId} was ended.`,
    failed: `The session of ${row.clientId} was not ended`,
    table,
  });
}
