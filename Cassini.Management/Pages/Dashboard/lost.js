// The state of the feed. While the feed is lost, the page may be out of date: it says so, and for how long. A stop is no loss.

import { byId, setText } from './dom.js';
import { duration } from './format.js';

const WORDS = { connecting: 'connecting', live: 'live', lost: 'feed lost', stopped: 'stopped', denied: 'no access' };
const TITLES = { lost: '⚠ feed lost', stopped: 'stopped', denied: 'locked' };

let state = 'connecting';

export function showState(next, why) {
  state = next;
  byId('feed').dataset.state = next;
  setText(byId('feed-text'), WORDS[next]);
  const root = document.documentElement.classList;
  root.toggle('is-lost', next === 'lost');
  root.toggle('is-stopped', next === 'stopped');
  root.toggle('is-locked', next === 'denied');
  byId('lost').dataset.state = next;
  byId('lost').hidden = next !== 'lost' && next !== 'stopped';
  if (next === 'lost') {
    setText(byId('lost-text'), `Feed lost: ${why}. Everything below may be out of date.`);
  } else if (next === 'stopped') {
    setText(byId('lost-text'), 'The broker was stopped. Everything below is its last state.');
  }

  byId('access').hidden = next !== 'denied';
}

export function showAge(milliseconds) {
  const since = duration(milliseconds / 1000);
  if (state === 'lost') {
    setText(byId('lost-age'), `The last message arrived ${since} ago; connecting again.`);
  } else if (state === 'stopped') {
    setText(byId('lost-age'), `It stopped ${since} ago; the page goes on when it is started again.`);
  }
}

/** The title shows the status for a tab in the background. */
export function showTitle(health) {
  const word = TITLES[state] ?? health?.status;
  const brand = health?.name ? `${health.name} · Cassini` : 'Cassini';
  const title = word ? `${word} · ${brand}` : brand;
  if (document.title !== title) {
    document.title = title;
  }
}
