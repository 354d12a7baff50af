// A feed, followed for as long as the page is open. Read with fetch, because an EventSource sends no token.

import { Denied, request } from './api.js';
import { messagesOf } from './sse.js';
import { watched } from './watchdog.js';

const TYPES = 'health,lifecycle,listener,connection,session,supervision,certificate,topic,load,store,cluster';
const FIRST_RETRY = 500;
const LONGEST_RETRY = 5_000;

export class Feed {
  #lastId = '';
  #silence = 15_000 * 2.5;
  #wake = () => {};
  #heardAt = performance.now();

  /** `onMessage(message)`; `onState(state, why)` with connecting, live, lost, stopped or denied; `path` of a feed of the same form. */
  constructor(onMessage, onState, path = `events?types=${TYPES}`) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.path = path;
  }

  /** The longest silence of a stream in milliseconds: two and a half times the heartbeat of the broker. */
  get silence() {
    return this.#silence;
  }

  /** Milliseconds since the last byte. */
  get age() {
    return performance.now() - this.#heardAt;
  }

  /** Ends the pause before the next attempt. */
  retryNow() {
    this.#wake();
  }

  async run() {
    let isStopped = false;
    for (let failures = 0; ; failures++) {
      const ended = { heard: false, stopped: false, why: 'the broker closed it' };
      try {
        await watched((signal, expect) => this.#follow(ended, signal, expect));
      } catch (error) {
        if (error instanceof Denied) {
          this.onState('denied', error.message);
          await this.#pause(Infinity);
          failures = -1;
          continue;
        }

        ended.why = error.name === 'TypeError' ? 'the broker cannot be reached' : error.message;
      }

      failures = ended.heard ? 0 : failures;

      // After bye nobody answers until the broker is started again.
      isStopped = ended.stopped || (isStopped && !ended.heard);
      this.onState(isStopped ? 'stopped' : 'lost', ended.why);
      await this.#pause(Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** failures) * (0.75 + Math.random() / 2));
    }
  }

  async #follow(ended, signal, expect) {
    expect(this.#silence);
    const headers = { Accept: 'text/event-stream', ...(this.#lastId ? { 'Last-Event-ID': this.#lastId } : {}) };
    const response = await request(this.path, { headers, signal });
    for await (const message of messagesOf(response, () => this.#heard(expect))) {
      if (message.type === 'bye') {
        ended.stopped = true;
        this.onMessage(message);
        return;
      }

      this.#note(message);
      this.onMessage(message);
      if (!ended.heard) {
        ended.heard = true;
        this.onState('live');
      }
    }
  }

  #heard(expect) {
    this.#heardAt = performance.now();
    expect(this.#silence);
  }

  #note(message) {
    if (message.id) {
      this.#lastId = message.id;
    }

    if (message.type === 'snapshot') {
      this.#silence = message.data.heartbeatSeconds * 2_500;
    }
  }

  #pause(milliseconds) {
    return new Promise(resolve => {
      this.#wake = resolve;
      if (milliseconds < Infinity) {
        setTimeout(resolve, milliseconds);
      }
    });
  }
}
