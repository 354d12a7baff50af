// The wording for statuses and checks, the same everywhere.

import { h } from './dom.js';
import { bytes, dayAndTime, duration, plural, sequenceOf, timeOfDay } from './format.js';

export const SEVERITY = { off: 0, ok: 1, degraded: 2, unknown: 3, error: 4 };

/** A status as a word with its sign: never by colour alone. */
export const status = (severity, word = severity) =>
  h('span', { class: 'status', 'data-status': severity }, h('span', { class: 'glyph', 'aria-hidden': 'true' }), word);

/** A reason code that links to its runbook entry: in a tab of its own, because leaving this page forgets its token. */
export const reason = code => h('a', { class: 'reason', href: `runbook#${encodeURIComponent(code)}`, target: '_blank', rel: 'noopener', title: 'Opens the runbook in a new tab' }, code);

/** Events as buttons that open them. */
export const evidence = (ids, open) => ids.length === 0 ? null : h('span', { class: 'evidence' },
  ids.map(id => h('button', { type: 'button', class: 'chip', 'aria-label': `Open event ${sequenceOf(id)}`, onclick: () => open(id) }, `#${sequenceOf(id)}`)));

/** A time as its age; kept up to date by refreshAges. */
export function age(clock, seconds, tail = ' ago') {
  const date = clock.dateOf(seconds);
  return h('time', { datetime: date.toISOString(), title: date.toISOString(), 'data-at': seconds, 'data-tail': tail },
    duration(clock.now - seconds) + tail);
}

/** A time as how far it is; kept up to date by refreshAges. */
export function until(clock, seconds) {
  const date = clock.dateOf(seconds);
  return h('time', { datetime: date.toISOString(), title: date.toISOString(), 'data-until': seconds }, duration(seconds - clock.now));
}

export function refreshAges(clock) {
  for (const element of document.querySelectorAll('time[data-at], time[data-until]')) {
    const { at, tail, until: end } = element.dataset;
    const text = at === undefined ? duration(Number(end) - clock.now) : duration(clock.now - Number(at)) + tail;
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
}

export function moment(clock, seconds) {
  const date = clock.dateOf(seconds);
  return h('time', { datetime: date.toISOString(), title: date.toISOString() }, timeOfDay(date));
}

/** How the store does, in one line; empty without one. */
export function stored(store) {
  if (!store) {
    return '';
  }

  const { recovery } = store;
  if (recovery?.total === 0) {
    return 'being opened';
  }

  if (recovery) {
    return `${Math.floor(100 * recovery.read / recovery.total)} % of ${bytes(recovery.total)} read, `
      + `${plural(recovery.sessions, 'session', 'sessions')} and ${plural(recovery.messages, 'message', 'messages')} found so far`;
  }

  return `${bytes(store.bytes)} at level ${store.level}`;
}

/** A time of another day, perhaps. */
export const stamp = date => h('time', { datetime: date.toISOString(), title: date.toISOString() }, dayAndTime(date));
