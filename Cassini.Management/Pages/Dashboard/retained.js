// One topic: its retained value, and what can be done with it.

import { Refused, getJson, request, sentenceOf } from './api.js';
import { askFor } from './confirm.js';
import { byId, h, setChildren, setText } from './dom.js';
import { bytes, count, duration } from './format.js';
import { payloadOf } from './payload.js';

export class RetainedPanel {
  #row = null;
  #asked = 0;
  #isDenied = false;

  /** `publish` and `subscribe` begin with a topic or a filter; `refreshTopics` reads the topics again. */
  constructor(notes, { publish, subscribe, refreshTopics }) {
    Object.assign(this, { notes, refreshTopics });
    byId('topic-subscribe').addEventListener('click', () => subscribe(this.#filter));
    byId('topic-publish').addEventListener('click', () => publish(this.#row.path));
    byId('topic-remove').addEventListener('click', () => this.#remove());
  }

  /** Shows a name of the tree, whether it is a topic or only has topics below it: nothing of the one before, until it is read. */
  show(row) {
    this.#row = row;
    this.#render({ message: null, said: 'Loading the topic.' }, null);
    setText(byId('topic-result'), '');
    setText(byId('topic-name'), row.path);
    byId('topic-none').hidden = true;
    byId('topic').hidden = false;
    this.#isDenied = false;
    this.refresh();
  }

  /** Reads the value again, unless the rules did not allow it: each attempt is counted and may be logged. */
  refresh() {
    return this.#row && !this.#isDenied && this.notes.read('topic-failed', () => this.#load(this.#row), () => this.refresh());
  }

  get #filter() {
    return this.#row.isTopic ? this.#row.path : `${this.#row.path}/#`;
  }

  async #load(row) {
    const asked = ++this.#asked;
    const [value, subscribers] = await Promise.all([valueOf(row), subscribersOf(row)]);
    if (asked === this.#asked) {
      this.#isDenied = value.isDenied ?? false;
      this.#render(value, subscribers);
    }
  }

  #render({ message, said }, subscribers) {
    const payload = message && payloadOf(message);
    setText(byId('topic-said'), said ?? (payload.kind === 'empty' ? 'An empty message is retained.' : ''));
    byId('topic-value').hidden = !payload?.text;
    setText(byId('topic-value'), payload?.text ?? '');
    byId('topic-remove').hidden = message === null;
    const facts = [
      ['Value', message && `${bytes(message.size)}, ${payload.kind}${message.truncated ? ', only its beginning is shown' : ''}`],
      ['QoS', message && String(message.qos)],
      ['Content type', message?.contentType],
      ['Expires', message?.expirySeconds === undefined ? null : `in ${duration(message.expirySeconds)}`],
      ['Retained for', message && (message.identity ?? 'the broker itself')],
      ['Subscribers', subscribers],
    ];
    setChildren(byId('topic-facts'), facts.filter(([, fact]) => fact).map(([name, fact]) => h('div', {}, h('dt', {}, name), h('dd', {}, fact))));
  }

  #remove() {
    const { path } = this.#row;
    askFor({
      title: 'Remove this retained message?',
      said: `${path}. Those who subscribe from now on do not get it. Subscribers are not told of it.`,
      yes: 'Remove it',
      act: () => request(`retained?${new URLSearchParams({ filter: path })}`, { method: 'DELETE' }),
      done: 'The retained message was removed.',
      failed: 'The retained message was not removed',
      table: {
        say: text => setText(byId('topic-result'), text),
        refresh: () => {
          this.refresh();
          this.refreshTopics();
        },
      },
    });
  }
}

async function subscribersOf({ path }) {
  return path === '' ? null : count((await getJson(`subscriptions?${new URLSearchParams({ topic: path })}`)).count);
}

/** The retained message, or why there is none to show. */
async function valueOf({ path }) {
  if (path === '') {
    return { message: null, said: 'Topics below it begin with a slash.' };
  }

  try {
    return { message: await getJson(`retained?${new URLSearchParams({ topic: path })}`), said: null };
  } catch (error) {
    if (error instanceof Refused && (error.status === 404 || error.status === 403)) {
      const isDenied = error.status === 403;
      return { message: null, said: isDenied ? sentenceOf(error) : 'No message is retained here.', isDenied };
    }

    throw error;
  }
}
