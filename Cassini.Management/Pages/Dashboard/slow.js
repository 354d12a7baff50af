// The clients that do not keep up with their messages: those for which most wait first.

import { Refused, getJson } from './api.js';
import { byId, h, Keyed, setText } from './dom.js';
import { bytes, count, duration } from './format.js';
import { throttled } from './throttle.js';

const MOST = 10;

/** Why one is slow: its sign, and what the broker sees. */
const REASONS = {
  notReading: ['error', 'does not read'],
  notAcknowledging: ['degraded', 'does not acknowledge'],
  behind: ['degraded', 'is far behind'],
  dropping: ['error', 'loses messages: its queue is full'],
};

export class SlowList {
  #rows = new Keyed();
  #isOff = false;

  constructor(notes, openClient) {
    this.openClient = openClient;
    this.refresh = throttled(1_000, () => this.#isOff || notes.read('slow-failed', () => this.#load(), this.refresh));
  }

  /** Whether there are some: that they recover is no event. */
  get hasRows() {
    return !byId('slow').hidden;
  }

  async #load() {
    try {
      const { sessions, count: total } = await getJson(`sessions?state=slow&sort=-queued&limit=${MOST}`);
      byId('slow').hidden = total === 0;
      setText(byId('slow-count'), total > sessions.length ? `${count(sessions.length)} of ${count(total)}` : count(total));
      this.#rows.render(byId('slow-rows'), sessions, row => row.clientId, row => this.#row(row));
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) {
        throw error;
      }

      // A host of another protocol has no sessions.
      this.#isOff = true;
    }
  }

  #row(row) {
    return h('tr', { 'data-slow': row.clientId },
      h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link', onclick: () => this.openClient(row.clientId) }, row.clientId)),
      h('td', { class: 'roomy' }, row.identity),
      h('td', {}, slowWords(row), row.state === 'connected' ? null : h('span', { class: 'quiet' }, ' away')),
      h('td', { class: 'number', title: bytes(row.queuedBytes) }, count(row.queued)),
      h('td', { class: 'number wide' }, count(row.inFlight)),
      h('td', { class: 'number' }, count(row.dropped)));
  }
}

/** Why a client does not keep up, and for how long it has taken nothing; null while it does. */
export function slowWords({ slow, stalledSeconds }) {
  if (!slow) {
    return null;
  }

  const [severity, words] = REASONS[slow] ?? ['unknown', slow];
  return h('span', {},
    h('span', { class: 'status wraps', 'data-status': severity }, h('span', { class: 'glyph', 'aria-hidden': 'true' }), words),
    stalledSeconds >= 1 ? h('span', { class: 'quiet' }, ` nothing taken for ${duration(stalledSeconds)}`) : null);
}
