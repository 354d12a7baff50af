// Puts the parts together: the feed into the model, the model onto the page.

import { getJson, onDenied, setToken } from './api.js';
import { renderChecks } from './checks.js';
import { ClientPanel } from './client.js';
import { Configuration } from './config.js';
import { initConfirm } from './confirm.js';
import { Connections } from './connections.js';
import { byId, setText } from './dom.js';
import { EventList } from './events.js';
import { initEvidence, openEvent } from './evidence.js';
import { renderCertificates, renderEndpoints } from './facts.js';
import { Feed } from './feed.js';
import { FleetPanel } from './fleet.js';
import { showAge, showState, showTitle } from './lost.js';
import { Messages } from './messages.js';
import { Model } from './model.js';
import { Notes } from './notes.js';
import { readHistory, readPast, readSnapshot } from './past.js';
import { Publisher } from './publish.js';
import { Range } from './range.js';
import { RefusalTable } from './refusals.js';
import { RetainedPanel } from './retained.js';
import { Runs } from './runs.js';
import { Sessions } from './sessions.js';
import { SlowList } from './slow.js';
import { initTheme, showTheme } from './theme.js';
import { throttled } from './throttle.js';
import { initTiles, renderTiles } from './tiles.js';
import { initLanes, initTimeline, renderLanes, renderTransitions } from './timeline.js';
import { Topics } from './topics.js';
import { failingOf, renderLocked, renderVerdict } from './verdict.js';
import { refreshAges } from './words.js';

const SECOND = 1_000;
const RECHECK = 5;

const model = new Model();
model.certificates = [];
const feed = new Feed(onMessage, onState);
const notes = new Notes();
const client = new ClientPanel(model.clock);
const connections = new Connections(model.clock, notes, id => client.open(id));
const sessions = new Sessions(model.clock, notes, id => client.open(id));
client.connect({ connections: connections.table, sessions: sessions.table });
const refusals = new RefusalTable(model.clock, notes);
const slow = new SlowList(notes, id => client.open(id));
const fleet = new FleetPanel(model.clock, notes);
const configuration = new Configuration(model.clock, notes);
const range = new Range(model.clock, { chosen: onRange, moved: () => render() });
const publisher = new Publisher(() => {
  topics.refreshNow();
  retained.refresh();
});
const messages = new Messages(() => feed.silence);
const retained = new RetainedPanel(notes, {
  publish: topic => publisher.begin(topic),
  subscribe: filter => messages.subscribe(filter),
  refreshTopics: () => topics.refreshNow(),
});
const topics = new Topics(notes, { choose: row => retained.show(row), refreshed: () => retained.refresh(), off: hideTest });
const runs = new Runs(notes);
const events = new EventList(model.clock, openEvent);
let past = new AbortController();
let history = new AbortController();
let readChoice = '';
let state = 'connecting';
let why = '';
let isTokenGiven = false;
let seconds = 0;

// A burst of events is drawn once.
const render = throttled(100, () => {
  if (state === 'denied') {
    renderLocked(why);
  } else if (model.health !== null) {
    range.settle();
    renderVerdict(model);
    fleet.see(model.health);
    const load = renderTiles(model, range);
    renderChecks(model, openEvent);
    renderEndpoints(model);
    renderCertificates(model);
    const checks = renderLanes(model, range);
    range.render([load, checks].filter(said => said !== '').join('; '));
    renderTransitions(model, openEvent);
    runs.render(model);
  }

  showTitle(model.health);
});

// Transitions do not carry everything: whether a status is only held, whether a check is flapping, where an endpoint is bound.
const refreshHealth = throttled(250, () => notes.read('checks-failed', async () => {
  if (model.refresh(await readSnapshot())) {
    render();
  }
}, refreshHealth));

const refreshCertificates = throttled(SECOND, () => notes.read('certificates-failed', async () => {
  model.certificates = await getJson('certificates');
  render();
}, refreshCertificates));

const TOUCHED_BY = {
  health: [refreshHealth, refreshCertificates],
  lifecycle: [refreshHealth, () => configuration.refresh()],
  store: [refreshHealth],
  cluster: [refreshHealth],
  listener: [refreshHealth],
  certificate: [refreshHealth, refreshCertificates],
  connection: [() => connections.refresh()],
  session: [() => connections.refresh(), () => sessions.refresh()],
  topic: [() => topics.refresh()],
  load: [() => topics.refresh(), () => sessions.refresh(), () => slow.refresh()],
};

function onMessage(message) {
  const isAfresh = model.apply(message);
  if (isAfresh) {
    events.clear();
    range.reset();
  }

  if (message.type === 'snapshot') {
    refreshAll();
    if (isAfresh) {
      topics.refreshNow();
    }
  } else {
    if (message.type === 'event' || message.type === 'transition') {
      events.add(message.data);
    }

    TOUCHED_BY[message.data.category]?.forEach(refresh => refresh());
    if (message.data.type === 'handshakeFailed') {
      refusals.refresh();
    }
  }

  // After what is of now, because a browser has few connections to a host, and the past takes a second of some.
  if (isAfresh) {
    readThePast(message.data);
    runs.begin(message.data);
    readChoice = '';
    readTheHistory();
  }

  render();
}

/** One read at a time: later results of an earlier read belong to the time before a reset. */
function readThePast(snapshot) {
  past.abort();
  past = new AbortController();
  const { signal } = past;
  notes.read('timeline-failed', () => readPast(snapshot, envelope => {
    model.remember(envelope);
    events.add(envelope);
    render();
  }, from => model.beginAt(from), signal), () => readThePast(snapshot));
}

function onRange() {
  readTheHistory();
  render();
}

/** A longer time than the feed and the log have: once for each choice, however long all of this run becomes. */
function readTheHistory() {
  const { view, choice, isLong } = range;
  const [from, to] = [Math.max(0, view.now - view.span), model.load.since ?? view.now];
  if (!isLong || !model.health?.log.history || choice === readChoice || to <= from) {
    return;
  }

  readChoice = choice;
  history.abort();
  history = new AbortController();
  const { signal } = history;
  const shown = act => envelope => {
    act(envelope);
    render();
  };
  notes.read('range-failed', () => readHistory(
    { from, to, step: view.step, dateOf: at => model.clock.dateOf(at) },
    { onSample: shown(envelope => model.fill(envelope)), onTransition: shown(envelope => model.remember(envelope)) },
    signal), () => {
    readChoice = '';
    readTheHistory();
  });
}

/** A host of another protocol has no messages. */
function hideTest() {
  byId('test').hidden = true;
  byId('test-link').hidden = true;
  byId('topics-parts').hidden = true;
}

function refreshAll() {
  sessions.refresh();
  connections.refresh();
  refreshCertificates();
  refusals.refresh();
  topics.refresh();
  slow.refresh();
  configuration.refresh();
}

function onState(next, reason) {
  [state, why] = [next, reason];
  showState(next, reason);
  render();
  if (next === 'denied') {
    askForToken();
    setText(byId('access-note'), isTokenGiven ? 'This token was refused.' : 'It stays in this page’s memory and is gone when you close it.');
    byId('token').focus();
  }
}

/** A link carries no token: the server would refuse the request. */
function askForToken() {
  byId('access').hidden = false;
  byId('views').hidden = true;
}

function initAccess() {
  byId('access').addEventListener('submit', event => {
    event.preventDefault();
    setToken(byId('token').value.trim());
    byId('token').value = '';
    isTokenGiven = true;
    setText(byId('access-note'), 'Trying this token.');
    byId('access').hidden = state !== 'denied';
    retryNow();
    refreshAll();
    topics.refreshNow();
  });
}

function onSecond() {
  seconds++;
  showTheme();
  if (state === 'live' && model.health !== null) {
    refreshAges(model.clock);
    render();
    if (seconds % RECHECK === 0) {
      recheck();
    }
  }

  showAge(feed.age);
}

function retryNow() {
  feed.retryNow();
  fleet.retryNow();
}

function recheck() {
  notes.retry();
  if (fleet.isLive) {
    fleet.refresh();
  }

  if (slow.hasRows) {
    slow.refresh();
  }

  const failing = failingOf(model.health);
  if (failing.length > 0 || model.health.checks.some(check => check.flapping)) {
    refreshHealth();
  }

  // While one certificate is bad already, a second bad one changes no check.
  if (failing.some(check => check.name === 'certificate')) {
    refreshCertificates();
  }
}

initTheme();
initAccess();
onDenied(askForToken);
initConfirm();
initEvidence();
initTimeline(render);
initTiles(range);
initLanes(range);
setInterval(onSecond, SECOND);
addEventListener('online', retryNow);
document.addEventListener('visibilitychange', () => document.hidden || retryNow());
feed.run();
