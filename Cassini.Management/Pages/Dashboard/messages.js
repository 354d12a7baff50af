// Subscribes to a filter, and lists the messages as they come, the newest first.

import { TIME_LIMIT, request, sentenceOf } from './api.js';
import { byId, h, Keyed, setText } from './dom.js';
import { bytes, count, timeOfDay } from './format.js';
import { lineOf, payloadOf } from './payload.js';
import { messagesOf } from './sse.js';
import { throttled } from './throttle.js';
import { watched } from './watchdog.js';

const KEPT = 500;
const KEPT_BYTES = 8_000_000;
const SHOWN = 100;
const LINE = 160;

export class Messages {
  #rows = new Keyed();
  #kept = [];
  #keptBytes = 0;
  #held = null;
  #received = 0;
  #dropped = 0;
  #stream = null;

  /** A message's own number, which none after it ever has. */
  #number = 0;

  /** `silence` gives how many milliseconds a stream may be silent. */
  constructor(silence) {
    this.silence = silence;
    // However many come, they are drawn a few times a second.
    this.refresh = throttled(250, () => this.#render());
    byId('messages').addEventListener('submit', event => {
      event.preventDefault();
      this.#stream === null ? this.subscribe(byId('messages-filter').value) : this.#end('Not subscribed.');
    });
    byId('messages-pause').addEventListener('click', () => this.#pause());
    byId('messages-clear').addEventListener('click', () => this.#clear());

    // A page that the browser keeps for the way back would keep one of its few connections to the broker.
    addEventListener('pagehide', () => this.#stream !== null && this.#end('Not subscribed.'));
  }

  /** Subscribes to a filter, in the place of what was subscribed to before. */
  async subscribe(filter) {
    this.#end('');
    byId('messages-filter').value = filter;
    const stream = new AbortController();
    this.#stream = stream;
    this.#showState('Subscribing.');
    byId('test').scrollIntoView({ block: 'nearest' });
    try {
      await watched((quiet, expect) => this.#follow(filter, stream, quiet, expect));
    } catch (error) {
      if (this.#stream === stream) {
        this.#end(stream.signal.aborted ? 'Not subscribed.' : `Not subscribed: ${sentenceOf(error)}`);
      }
    }
  }

  /** Its first message has to come soon, and then a sign of life again and again. */
  async #follow(filter, stream, quiet, expect) {
    expect(TIME_LIMIT);
    const signal = AbortSignal.any([stream.signal, quiet]);
    const response = await request(`messages?${new URLSearchParams({ filter })}`, { headers: { Accept: 'text/event-stream' }, signal });
    let [last, isSubscribed] = ['The stream was cut off.', false];
    for await (const message of messagesOf(response, () => isSubscribed && expect(this.silence()))) {
      if (this.#stream !== stream) {
        return;
      }

      if (message.type === 'subscribed') {
        isSubscribed = true;
        expect(this.silence());
      }

      last = this.#take(message) ?? last;
    }

    if (this.#stream === stream) {
      this.#end(last);
    }
  }

  /** Returns why the stream ends, if this is its last message. */
  #take({ type, data }) {
    switch (type) {
      case 'subscribed':
        this.#showState(`Subscribed to ${data.filters.join(' ')} as ${data.identity}.`);
        break;
      case 'message':
        this.#add(data);
        break;
      case 'dropped':
        this.#dropped += data.count;
        this.refresh();
        break;
      case 'denied':
        return `Not subscribed any more: ${data.message}.`;
      case 'bye':
        return 'The broker was stopped.';
    }

    return null;
  }

  #add(message) {
    this.#received++;
    this.#kept.push({ ...message, number: ++this.#number, at: message.receivedAt === undefined ? new Date() : new Date(message.receivedAt) });
    this.#keptBytes += sizeOf(message);
    while (this.#kept.length > KEPT || (this.#keptBytes > KEPT_BYTES && this.#kept.length > 1)) {
      this.#keptBytes -= sizeOf(this.#kept.shift());
    }

    this.refresh();
  }

  #end(said) {
    this.#stream?.abort();
    this.#stream = null;
    this.#showState(said);
  }

  #showState(said) {
    setText(byId('messages-state'), said);
    setText(byId('messages-subscribe'), this.#stream === null ? 'Subscribe' : 'Unsubscribe');
  }

  #pause() {
    this.#held = this.#held === null ? [...this.#kept] : null;
    setText(byId('messages-pause'), this.#held === null ? 'Pause' : 'Go on');
    byId('messages-pause').setAttribute('aria-pressed', String(this.#held !== null));
    this.refresh();
  }

  #clear() {
    [this.#kept, this.#keptBytes, this.#received, this.#dropped] = [[], 0, 0, 0];
    this.#held = this.#held === null ? null : [];
    this.refresh();
  }

  #render() {
    const shown = (this.#held ?? this.#kept).slice(-SHOWN).reverse();
    const lost = this.#dropped > 0 ? `, ${count(this.#dropped)} dropped because this page was too slow` : '';
    setText(byId('messages-count'), this.#received === 0 && this.#dropped === 0 ? '' : `${count(this.#received)} received${lost}`);

    // A message never changes: its number says whether it is the same.
    const byNumber = new Map(shown.map(message => [message.number, message]));
    this.#rows.render(byId('messages-list'), shown.map(({ number }) => number), number => number, number => rowOf(byNumber.get(number)));
  }
}

const sizeOf = ({ payload, payloadBase64 }) => (payload ?? payloadBase64).length;

function rowOf(message) {
  const { kind, text } = payloadOf(message);
  const line = lineOf(message, LINE);
  const facts = [`QoS ${message.qos}`, message.retain && 'retained', bytes(message.size), message.truncated && 'cut'].filter(Boolean).join(', ');
  return h('li', { 'data-topic': message.topic },
    h('time', { datetime: message.at.toISOString(), title: message.at.toISOString() }, timeOfDay(message.at)),
    h('span', { class: 'code name' }, message.topic),
    h('span', { class: 'quiet' }, facts),
    kind === 'text' && line === text
      ? h('span', { class: 'code why' }, line)
      : h('details', { class: 'why' }, h('summary', { class: 'code' }, line), h('pre', { class: 'code' }, text)));
}
