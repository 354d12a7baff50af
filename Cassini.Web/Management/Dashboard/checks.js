// Every check: the failing ones first, and why.

import { byId, h, Keyed } from './dom.js';
import { SEVERITY, age, evidence, reason, status } from './words.js';

const rows = new Keyed();

export function renderChecks({ health, clock }, open) {
  const order = health.checks.map((check, index) => ({ ...check, index }))
    .sort((a, b) => badness(b) - badness(a) || a.index - b.index);
  rows.render(byId('checks'), order, check => check.name, check => row(check, clock, open));
}

/** What is switched off stands where it stood. */
const badness = check => Math.max(SEVERITY.ok, SEVERITY[check.status]);

function row(check, clock, open) {
  const isWell = SEVERITY[check.status] <= SEVERITY.ok;
  return h('li', { class: 'check', 'data-check': check.name, 'data-status': check.status },
    h('span', { class: 'name' }, check.name),
    status(check.status),
    h('span', { class: 'since' }, age(clock, clock.secondsOf(check.since), '')),
    isWell && !check.flapping && !check.reason ? null : h('div', { class: 'why' },
      check.reason ? reason(check.reason) : null,
      check.message ? h('span', { class: 'message' }, check.message) : null,
      check.raw !== check.status ? h('span', { class: 'note' }, `at this instant: ${check.raw}`) : null,
      check.flapping ? h('span', { class: 'note' }, `flapping: ${check.transitions} changes`) : null,
      evidence(check.evidence, open)));
}
