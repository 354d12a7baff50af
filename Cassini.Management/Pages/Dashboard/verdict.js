// The head of the page: the status of the broker in a word and a sentence.

import { byId, h, Keyed, setText } from './dom.js';
import { duration } from './format.js';
import { SEVERITY } from './words.js';

const probes = new Keyed();
let announced = '';

export function renderVerdict(model) {
  const { health, clock } = model;
  const failing = failingOf(health);
  const isStopped = health.phase === 'stopped';
  byId('verdict').dataset.status = isStopped ? 'off' : health.status;
  setText(byId('verdict-word'), isStopped ? 'stopped' : health.status);
  setText(byId('verdict-why'), isStopped ? 'The broker was stopped.' : sentence(health, failing));
  probes.render(byId('probes'), [
    { path: '/readyz', passes: health.ready, says: health.ready ? 'ready' : 'not ready' },
    ...(isStopped ? [] : [{ path: '/livez', passes: health.live, says: health.live ? 'live' : 'not live' }]),
  ], probe => probe.path, probe => h('li', { 'data-passes': String(probe.passes) }, h('span', { class: 'glyph', 'aria-hidden': 'true' }), probe.says));

  setText(byId('name'), health.name ?? 'Cassini');
  setText(byId('version'), `Cassini ${health.version}`);
  setText(byId('phase'), health.phase);
  setText(byId('uptime'), duration(clock.now));
  setText(byId('epoch'), health.epoch);
  setText(byId('revision'), String(health.revision));
  announce(health, failing);
}

/** Nothing may be shown: the broker asks for credentials, and says which. */
export function renderLocked(why) {
  byId('verdict').dataset.status = 'unknown';
  setText(byId('verdict-word'), 'locked');
  setText(byId('verdict-why'), `${why.charAt(0).toUpperCase()}${why.slice(1)}.`);
  probes.render(byId('probes'), [], () => '', () => null);
}

export const failingOf = health => health.checks
  .filter(check => SEVERITY[check.status] > SEVERITY.ok)
  .sort((a, b) => SEVERITY[b.status] - SEVERITY[a.status]);

function sentence(health, failing) {
  if (failing.length === 0) {
    const counted = health.checks.filter(check => check.status !== 'off').length;
    return health.phase === 'ready' ? `All ${counted} checks pass.` : `All ${counted} checks pass; the broker is ${health.phase}.`;
  }

  const [worst, ...others] = failing;
  const more = others.length === 0 ? '' : ` ${others.map(check => check.name).join(', ')} ${others.length === 1 ? 'is' : 'are'} not well either.`;
  return `${worst.name}: ${(worst.message ?? worst.reason ?? worst.status).replace(/\.$/, '')}.${more}`;
}

/** Announces each change once to screen readers. */
function announce(health, failing) {
  const said = health.phase === 'stopped' ? 'The broker was stopped.' : `Status ${health.status}. ${failing.map(check => `${check.name} ${check.status}, ${check.reason}`).join('; ')}`;
  if (said !== announced) {
    announced = said;
    setText(byId('announce'), said);
  }
}
