// The state of the feed. While the feed is lost, the page may be out of date: it says so, and for how long.

import { byId, setText } from './dom.js';
import { duration } from './format.js';

const WORDS = { connecting: 'connecting', live: 'live', lost: 'feed lost', denied: 'no access' };

let state = 'connecting';

export function showState(next, why) {
  state = next;
  byId('feed').dataset.state = next;
  setText(byId('feed-text'), WORDS[next]);
  const isLost = next === 'lost';
  document.documentElement.classList.toggle('is-lost', isLost);
  byId('lost').hidden = !isLost;
  if (isLost) {
    setText(byId('lost-text'), `Feed lost: ${why}. Everything below may be out of date.`);
  }

  byId('access').hidden = next !== 'denied';
}

export function showAge(milliseconds) {
  if (state === 'lost') {
    setText(byId('lost-age'), `The last message arrived ${duration(milliseconds / 1000)} ago; connecting again.`);
  }
}

/** The title shows the status for a tab in the background. */
export function showTitle(health) {
  const brand = health?.name ? `${health.name} · Cassini` : 'Cassini';
  const title = state === 'lost' ? `⚠ feed lost · ${brand}` : health === null ? brand : `${health.status} · ${brand}`;
  if (document.title !== title) {
    document.title = title;
  }
}
