// Feeds that are read once: the health of now, and what the broker's log still holds of the time before this page.

import { TIME_LIMIT, request, timeLimit } from './api.js';
import { sequenceOf } from './format.js';
import { messagesOf } from './sse.js';

// Connections are many, so their rates are drawn for a shorter time when they are. The list of events shows only the last of the others.
const CONNECTION_EVENTS = 4_096;
const OTHER_EVENTS = 2_048;
const MARGIN = 64;
const QUIET = 1_000;
const MOST_TRANSITIONS = 1_000;

// Among them is a sample: the others of this type come when messages are dropped or a limit is reached.
const LOAD_EVENTS = 20;

/** Reads until `gone` is aborted: from then on nothing is reported. Connections that are older than `onConnectionsFrom` says are not read. */
export async function readPast(snapshot, onEnvelope, onConnectionsFrom, gone) {
  const kept = sequenceOf(snapshot.log.oldestId);

  // A full log goes on discarding events during the read.
  const oldest = kept > 1 ? kept + MARGIN : kept;
  const newest = sequenceOf(snapshot.log.newestId);
  const connections = Math.max(oldest, newest - CONNECTION_EVENTS);
  let isFirst = connections > 1;
  await Promise.all([
    read('health,lifecycle,load', oldest, newest, snapshot, onEnvelope, gone),
    read('connection', connections, newest, snapshot, envelope => {
      onEnvelope(envelope);
      if (isFirst) {
        isFirst = false;
        onConnectionsFrom(envelope.elapsed);
      }
    }, gone),
    read('supervision,listener,session,topic,certificate,store', Math.max(oldest, newest - OTHER_EVENTS), newest, snapshot, onEnvelope, gone),
  ]);
}

/** The health of now: what a feed begins with. Unlike /healthz it does not count as a failed request in the browser when health is bad. */
export async function readSnapshot() {
  const cut = new AbortController();
  try {
    const signal = AbortSignal.any([cut.signal, timeLimit()]);
    const response = await request('events?types=health', { headers: { Accept: 'text/event-stream' }, signal });
    for await (const { type, data } of messagesOf(response)) {
      if (type === 'snapshot') {
        return data;
      }
    }

    throw new Error('the feed ended before its snapshot');
  } finally {
    cut.abort();
  }
}

/**
 * Reads from the history what a longer time needs: one sample of the load for each of its steps up to `to`, and the transitions. It asks
 * for no more, however long the time is, and one request after the other: each takes the place of a feed.
 */
export async function readHistory({ from, to, step, dateOf }, { onSample, onTransition }, gone) {
  const lines = async asked => {
    const response = await request(`events?${new URLSearchParams(asked)}`, { headers: { Accept: 'application/x-ndjson' }, signal: AbortSignal.any([gone, timeLimit()]) });
    return (await response.text()).split('\n').filter(line => line !== '').map(line => JSON.parse(line));
  };
  const time = at => dateOf(at).toISOString();
  try {
    (await lines({ types: 'health', since: time(from), until: time(to), limit: MOST_TRANSITIONS })).forEach(onTransition);
    for (let at = from; at < to; at += step) {
      const found = await lines({ types: 'load', since: time(at), until: time(Math.min(to, at + step)), limit: LOAD_EVENTS });
      const sample = found.find(({ type }) => type === 'loadSampled');
      if (sample) {
        onSample(sample);
      }
    }
  } catch (error) {
    if (!gone.aborted) {
      throw error;
    }
  }
}

/** Reads until the snapshot's own position, or until nothing more comes: the last events may be of other types. */
async function read(types, from, to, snapshot, onEnvelope, gone) {
  const cut = new AbortController();
  let timer = setTimeout(() => cut.abort(new DOMException('nothing came', 'TimeoutError')), TIME_LIMIT);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => cut.abort(), QUIET);
  };
  try {
    const after = `${snapshot.epoch}-${Math.max(0, from - 1)}`;
    const signal = AbortSignal.any([cut.signal, gone]);
    const response = await request(`events?types=${types}&lastEventId=${after}`, { headers: { Accept: 'text/event-stream' }, signal });
    for await (const { type, data, id } of messagesOf(response, alive)) {
      if (gone.aborted || type === 'reset' || (id && sequenceOf(id) > to)) {
        return;
      }

      if (type === 'event' || type === 'transition') {
        onEnvelope(data);
      }
    }
  } catch (error) {
    const isQuiet = cut.signal.reason?.name === 'AbortError';
    if (!isQuiet && !gone.aborted) {
      throw error;
    }
  } finally {
    clearTimeout(timer);
    cut.abort();
  }
}
