// One client, opened: its session, its connection, its subscriptions, and what its identity has.

import { getJson, sentenceOf } from './api.js';
import { disconnect } from './connections.js';
import { byId, h, setChildren, setText } from './dom.js';
import { bytes, count, duration, plural } from './format.js';
import { endSession, stateOf } from './sessions.js';
import { slowWords } from './slow.js';

export class ClientPanel {
  #asked = '';
  #shown = null;

  constructor(clock) {
    this.clock = clock;
    byId('client-close').addEventListener('click', () => byId('client').close());
    byId('client-disconnect').addEventListener('click', () => this.#leave(({ connection }) => disconnect(connection, this.tables.connections)));
    byId('client-end').addEventListener('click', () => this.#leave(({ session }) => endSession(session, this.tables.sessions)));
    byId('client').addEventListener('close', () => {
      this.#asked = '';
    });
  }

  /** Where what came of an action is said. */
  connect(tables) {
    this.tables = tables;
  }

  async open(clientId) {
    this.#asked = clientId;
    this.#shown = null;
    setText(byId('client-title'), clientId);
    setText(byId('client-said'), 'Loading the client.');
    this.#show([], []);
    byId('client').showModal();
    try {
      const answer = await getJson(`clients/${encodeURIComponent(clientId)}`);
      if (this.#asked === clientId) {
        this.#shown = answer;
        setText(byId('client-said'), '');
        this.#show(this.#facts(answer), answer.subscriptions, answer.session.subscriptions);
      }
    } catch (error) {
      if (this.#asked === clientId) {
        setText(byId('client-said'), `It cannot be shown: ${sentenceOf(error)}`);
      }
    }
  }

  /** The question takes the panel's place. */
  #leave(ask) {
    const shown = this.#shown;
    byId('client').close();
    ask(shown);
  }

  #show(facts, subscriptions, total = 0) {
    byId('client-disconnect').hidden = !this.#shown?.connection;
    byId('client-end').hidden = this.#shown === null;
    setChildren(byId('client-facts'), facts.filter(([, value]) => value !== null).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
    setText(byId('client-subscriptions'), this.#shown === null ? '' : plural(total, 'subscription', 'subscriptions'));
    setChildren(byId('client-filters'), subscriptions.map(one => h('li', {},
      h('span', { class: 'code' }, one.filter),
      h('span', { class: 'quiet' }, [`QoS ${one.qos}`, one.noLocal && 'no local', one.retainAsPublished && 'retain as published'].filter(Boolean).join(', ')))));
  }

  #facts({ session, connection, identity }) {
    return [
      ['Identity', session.identity],
      ['State', stateOf(session, this.clock)],
      ['Kept', session.expirySeconds === null ? 'for ever after its connection' : session.expirySeconds === 0 ? 'ends with its connection' : `${duration(session.expirySeconds)} after its connection`],
      ['Waiting', `${plural(session.queued, 'message', 'messages')}, ${bytes(session.queuedBytes)}`],
      ['In flight', count(session.inFlight)],
      ['Dropped', count(session.dropped)],
      ['Slow', slowWords(session)],
      ['Keep alive', session.state !== 'connected' ? null : session.keepAliveSeconds === null ? 'none' : `${session.keepAliveSeconds} s`],
      ['Connection', connection && `${connection.id}, from ${connection.remoteAddress} on ${connection.endpoint}`],
      ['Protocol', connection && [session.protocol, connection.protocol].filter(Boolean).join(', ')],
      ['Its identity has', identity && Object.entries(identity.holds)
        .filter(([, holding]) => holding.held > 0)
        .map(([name, holding]) => `${name} ${name === 'memory' || name === 'disk' ? bytes(holding.held) : count(holding.held)}`).join(', ')],
    ];
  }
}
