// Every check: the failing ones first, and why.

import { byId, h, Keyed } from './dom.js';
import { SEVERITY, age, evidence, reason, status, stored } from './words.js';

/** What a passing check means. */
const MEANING = {
  projection: 'events are folded and time passes',
  bind: 'every endpoint is bound',
  manager: 'the listener manager answers, and its counts agree',
  accept: 'every accept loop takes connections',
  canary: 'a client’s message gets through the broker and back',
  supervision: 'nothing crashed recently',
  handshake: 'few handshakes are refused',
  certificate: 'no certificate expires soon',
  backlog: 'subscribers keep up',
  capacity: 'there is room for new clients and their messages',
  store: 'what is acknowledged is on disk',
  configuration: 'the settings in force are those of the file',
  cluster: 'the nodes of the fleet hear each other and agree',
  phase: 'the broker is ready',
};

const rows = new Keyed();

export function renderChecks({ health, clock }, open) {
  // Sorting is stable. How often a check changed is shown only while it is flapping.
  const order = health.checks.map(check => ({ ...check, transitions: check.flapping ? check.transitions : 0 }))
    .sort((a, b) => badness(b) - badness(a));
  rows.render(byId('checks'), order.map(check => check.name === 'store' ? { ...check, detail: stored(health.store) } : check),
    check => check.name, check => row(check, clock, open));
}

/** A check that is switched off keeps its position. */
const badness = check => Math.max(SEVERITY.ok, SEVERITY[check.status]);

function row(check, clock, open) {
  const isWell = SEVERITY[check.status] <= SEVERITY.ok;
  return h('li', { class: 'check', 'data-check': check.name, 'data-status': check.status },
    h('span', { class: 'name' }, check.name),
    status(check.status),
    h('span', { class: 'since' }, age(clock, clock.secondsOf(check.since), '')),
    isWell && !check.flapping && !check.reason ? h('div', { class: 'why quiet' }, MEANING[check.name] ?? '', check.detail ? `: ${check.detail}` : '') : h('div', { class: 'why' },
      check.reason ? reason(check.reason) : null,
      check.message ? h('span', { class: 'message' }, check.message) : null,
      check.detail && !isWell ? h('span', { class: 'note' }, check.detail) : null,
      check.raw !== check.status ? h('span', { class: 'note' }, `at this instant: ${check.raw}`) : null,
      check.flapping ? h('span', { class: 'note' }, `flapping: ${check.transitions} changes`) : null,
      evidence(check.evidence, open)));
}
