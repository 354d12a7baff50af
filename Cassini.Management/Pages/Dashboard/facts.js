// Endpoints, and certificates with the days they have left.

import { byId, h, Keyed } from './dom.js';
import { plural } from './format.js';
import { age } from './words.js';

const DAY = 86_400;
const STATES = { bound: 'ok', pending: 'unknown', failed: 'error', closed: 'error' };
const ROLES = { server: 'server', authority: 'client CA', revocationList: 'revocation list', management: 'management' };

const endpoints = new Keyed();
const certificates = new Keyed();

export function renderEndpoints({ health, clock }) {
  // An endpoint that a stop closed is no fault.
  const isStopping = health.phase === 'draining' || health.phase === 'stopped';
  const items = health.endpoints.map(endpoint => ({ ...endpoint, status: endpoint.state === 'closed' && isStopping ? 'off' : STATES[endpoint.state] }));
  endpoints.render(byId('endpoints'), items, endpoint => endpoint.address, endpoint => h('li', {},
    h('span', { class: 'code' }, endpoint.address),
    endpoint.webSocket ? h('span', { class: 'quiet' }, 'WebSocket') : null,
    h('span', { class: 'status', 'data-status': endpoint.status }, h('span', { class: 'glyph', 'aria-hidden': 'true' }), endpoint.state),
    h('span', { class: 'quiet' }, 'for ', age(clock, clock.secondsOf(endpoint.since), ''), endpoint.error ? `: ${endpoint.error}` : '')));
}

export function renderCertificates({ certificates: all, clock }) {
  const items = all.map(certificate => ({ ...certificate, days: Math.floor((clock.secondsOf(certificate.notAfter) - clock.now) / DAY) }));
  certificates.render(byId('certificates'), items, certificate => `${certificate.role} ${certificate.subject} ${certificate.notAfter}`, certificate => h('li', { 'data-certificate': certificate.role },
    h('span', {}, ROLES[certificate.role] ?? certificate.role),
    h('span', { class: 'status', 'data-status': certificate.status },
      h('span', { class: 'glyph', 'aria-hidden': 'true' }), certificate.days < 0 ? 'expired' : `${plural(certificate.days, 'day', 'days')} left`),
    h('span', { class: 'quiet' }, certificate.subject, ', until ', h('time', { datetime: certificate.notAfter }, certificate.notAfter.slice(0, 10)))));
}
