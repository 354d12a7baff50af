// All nodes of the fleet that the broker belongs to, as it knows them, and those that are gone. Nothing of it for a broker on its own.

import { getJson, request } from './api.js';
import { askFor } from './confirm.js';
import { byId, h, Keyed, setText } from './dom.js';
import { Feed } from './feed.js';
import { count, plural } from './format.js';
import { throttled } from './throttle.js';
import { age, reason, status } from './words.js';

const PATH = 'fleet';

/** How a node is gone: its sign, and the word. */
const GONE = { lost: ['error', 'lost'], left: ['off', 'has left'] };

export class FleetPanel {
  #feed = new Feed(message => this.#apply(message), (state, why) => this.#follow(state, why), PATH);
  #nodes = new Keyed();
  #gone = new Keyed();
  #verdict = new Keyed();
  #fleet = null;
  #isFollowing = false;
  #isIn = false;
  #problem = '';

  constructor(clock, notes) {
    this.clock = clock;
    this.refresh = throttled(1_000, () => notes.read('fleet-failed', () => this.#read(), this.refresh));
  }

  /** Health says whether there is a fleet: only then it is asked for. */
  see(health) {
    const check = health.checks.find(({ name }) => name === 'cluster');
    this.#isIn = check !== undefined && check.status !== 'off';
    if (this.#isIn && !this.#isFollowing) {
      this.#isFollowing = true;
      this.#feed.run();
    }

    this.#render();
  }

  /** Whether its numbers are to be read again: that they change is no message. */
  get isLive() {
    return this.#fleet !== null && this.#isIn && this.#problem === '';
  }

  retryNow() {
    this.#feed.retryNow();
  }

  #apply({ type, data }) {
    if (type === 'snapshot') {
      this.#fleet = data;
    } else if (type === 'node' || type === 'transition' || type === 'tombstone') {
      this.#change(data);
    }

    this.#render();
  }

  /** As FleetSnapshot.After does: the link and the interest are as before. */
  #change({ revision, node, status: word, ready, peer, tombstone }) {
    if (this.#fleet === null || revision <= this.#fleet.revision) {
      return;
    }

    const { nodes, tombstones } = this.#fleet;
    const before = nodes.find(known => known.node === node);
    const after = peer ? { ...peer, links: before?.links ?? null, interest: before?.interest ?? null } : null;
    this.#fleet = {
      ...this.#fleet, revision, status: word, ready,
      nodes: replaced(nodes, node, after),
      tombstones: replaced(tombstones, node, tombstone ?? null),
    };
  }

  #follow(state, why) {
    this.#problem = state === 'live' ? '' : state === 'stopped' ? 'the broker was stopped' : why ?? '';
    this.#render();
  }

  /** What is no change: the numbers, the links, what is known of subscriptions. */
  async #read() {
    const fleet = await getJson(PATH);
    if (this.isLive && fleet.epoch === this.#fleet.epoch && fleet.revision >= this.#fleet.revision) {
      this.#fleet = fleet;
      this.#render();
    }
  }

  #render() {
    const isShown = this.#isIn && this.#fleet !== null && this.#fleet.fleet !== null;
    for (const id of ['fleet', 'fleet-link', 'node-said']) {
      byId(id).hidden = !isShown;
    }

    if (!isShown) {
      return;
    }

    const fleet = this.#problem === '' ? this.#fleet : unknown(this.#fleet, this.#problem);
    const ready = fleet.nodes.filter(({ snapshot }) => snapshot.ready).length;
    setText(byId('node'), `${fleet.node} of ${fleet.fleet}`);
    setText(byId('fleet-said'), `${fleet.fleet}: ${count(ready)} of ${plural(fleet.nodes.length, 'node', 'nodes')} ready, as ${fleet.node} knows them`);
    this.#verdict.render(byId('fleet-status'), [fleet.status], () => 'status', word => status(word));
    this.#nodes.render(byId('fleet-rows'), fleet.nodes.map(essence), node => node.node, node => this.#row(node));
    byId('fleet-gone').hidden = fleet.tombstones.length === 0;
    this.#gone.render(byId('fleet-gone'), fleet.tombstones, gone => gone.node, gone => this.#tombstone(gone));
    this.#announce(fleet);
  }

  #row({ node, state, since, management, links, interest, snapshot }) {
    return h('tr', { 'data-node': node },
      h('th', { scope: 'row' }, nameOf(node, state === 'self' ? null : management), state === 'self' ? h('span', { class: 'quiet' }, ' this node') : null),
      h('td', {}, status(snapshot.status), h('span', { class: 'quiet' }, snapshot.ready ? ' ready' : ' not ready')),
      h('td', { class: 'why' },
        snapshot.reason === null ? null : snapshot.status === 'unknown' ? h('span', {}, snapshot.reason) : reason(snapshot.reason),
        snapshot.message === null ? null : h('span', { class: 'message' }, snapshot.message),
        state === 'suspect' || state === 'unknown' ? h('span', { class: 'note' }, `${state} for `, age(this.clock, this.clock.secondsOf(since), '')) : null),
      h('td', { class: 'number wide' }, numberOf(snapshot, snapshot.sessions)),
      h('td', { class: 'number wide' }, numberOf(snapshot, snapshot.backlog)),
      h('td', { class: 'wide' }, linkOf(links, interest)));
  }

  #tombstone(gone) {
    const [severity, word] = GONE[gone.reason] ?? ['unknown', gone.reason];
    return h('li', { 'data-gone': gone.node },
      h('span', {}, gone.node, ' ', status(severity, word)),
      h('button', { type: 'button', class: 'quiet-button', 'aria-label': `Forget ${gone.node}`, onclick: () => this.#forget(gone) }, 'Forget'),
      h('span', { class: 'quiet' },
        age(this.clock, this.clock.secondsOf(gone.lostAt)), `; its last status was ${gone.lastStatus}; `,
        gone.sessions === 0 ? 'no session waits there' : `${plural(gone.sessions, 'session waits', 'sessions wait')} there`));
  }

  #forget(gone) {
    askFor({
      title: 'Forget this node?',
      said: `${gone.node} ${GONE[gone.reason]?.[1] === 'lost' ? 'was lost' : 'is gone'}. All nodes forget it; when it comes back, it is a node again.`,
      yes: 'Forget it',
      act: () => request(`fleet/${encodeURIComponent(gone.node)}`, { method: 'DELETE' }),
      done: `${gone.node} is forgotten.`,
      failed: `${gone.node} was not forgotten`,
      table: { say: text => setText(byId('fleet-result'), text), refresh: () => this.refresh() },
    });
  }

  /** Announces each change once to screen readers. */
  #announce({ nodes, tombstones }) {
    const words = [
      ...nodes.filter(({ snapshot }) => snapshot.status !== 'ok' || !snapshot.ready)
        .map(({ node, snapshot }) => `${node} ${snapshot.status}${snapshot.ready ? '' : ', not ready'}`),
      ...tombstones.map(gone => `${gone.node} ${GONE[gone.reason]?.[1] ?? gone.reason}`),
    ];
    setText(byId('fleet-announce'), words.length === 0 ? 'Fleet: all nodes are well.' : `Fleet: ${words.join('; ')}.`);
  }
}

/** What is shown of a node: that it is heard again and again is no news. */
const essence = ({ node, state, since, management, links, interest, snapshot }) => ({
  node, state, since, management, links, interest,
  snapshot: {
    status: snapshot.status, ready: snapshot.ready, reason: snapshot.reason, message: snapshot.message,
    sessions: snapshot.sessions, backlog: snapshot.backlog,
  },
});

const replaced = (all, node, now) => [...all.filter(one => one.node !== node), ...now === null ? [] : [now]]
  .sort((a, b) => a.node < b.node ? -1 : 1);

/** While nobody speaks, no node is known to be well. */
function unknown(fleet, problem) {
  const nodes = fleet.nodes.map(node => ({
    ...node, state: 'unknown', links: null, interest: null,
    snapshot: { ...node.snapshot, status: 'unknown', ready: false, reason: null, message: problem },
  }));
  return { ...fleet, status: 'unknown', ready: false, nodes };
}

/** Only an address of the web becomes a link: in a tab of its own, because leaving this page forgets its token. */
const nameOf = (node, management) => /^https?:\/\//.test(management ?? '')
  ? h('a', { href: management, target: '_blank', rel: 'noopener', title: 'Opens its dashboard in a new tab' }, node)
  : h('span', {}, node);

const numberOf = (snapshot, value) => snapshot.status === 'unknown' ? '–' : count(value);

function linkOf(links, interest) {
  if (!links) {
    return '–';
  }

  return [
    h('span', {}, links.up ? 'up' : 'down'),
    links.dropped > 0 ? h('span', { class: 'quiet' }, `, ${plural(links.dropped, 'message', 'messages')} dropped`) : null,
    interest && !(interest.known && interest.confirmed) ? h('span', { class: 'quiet' }, ', subscriptions not agreed') : null,
  ];
}
