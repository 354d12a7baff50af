// The events as they come, the newest first, of the types that are chosen.

import { byId, h, Keyed, setText } from './dom.js';
import { count, sequenceOf } from './format.js';
import { save } from './save.js';
import { throttled } from './throttle.js';
import { moment } from './words.js';

const TYPES = [
  'health', 'supervision', 'listener', 'connection', 'session', 'topic', 'certificate', 'lifecycle', 'store', 'cluster', 'load', 'probing',
];

/** They come all the time. */
const OFF_AT_FIRST = new Set(['load', 'probing']);

const KEPT = 1_000;
const KEPT_OF_FREQUENT = 200;
const SHOWN = 50;

export class EventList {
  #rows = new Keyed();
  #rare = [];
  #frequent = [];
  #held = null;
  #types = new Set(TYPES.filter(type => !OFF_AT_FIRST.has(type)));

  constructor(clock, open) {
    Object.assign(this, { clock, open });

    // Fifty new rows cost more than all else on the page.
    this.refresh = throttled(500, () => this.#render());
    byId('events-types').append(...TYPES.map(type => this.#toggle(type)));
    byId('events-search').addEventListener('input', this.refresh);
    byId('events-pause').addEventListener('click', event => this.#pause(event.currentTarget));
    byId('events-csv').addEventListener('click', () => save('events', 'csv', this.#chosen().map(({ event, ...envelope }) => ({ ...envelope, text: textOf({ ...envelope, event }) }))));
    byId('events-json').addEventListener('click', () => save('events', 'json', this.#chosen()));
  }

  /** An event that came, now or before the page was opened. */
  add(envelope) {
    if (OFF_AT_FIRST.has(envelope.category)) {
      insert(this.#frequent, envelope, KEPT_OF_FREQUENT);
    } else {
      insert(this.#rare, envelope, KEPT);
    }

    this.refresh();
  }

  /** Another run of the broker. */
  clear() {
    [this.#rare, this.#frequent, this.#held] = [[], [], null];
    this.#showPause();
    this.refresh();
  }

  #render() {
    const chosen = this.#chosen();
    const shown = chosen.slice(-SHOWN).reverse();
    setText(byId('events-count'), `${count(chosen.length)} of the last ${count(this.#all().length)}`);
    this.#rows.render(byId('events-list'), shown, envelope => envelope.id, envelope => h('li', { 'data-type': envelope.type },
      moment(this.clock, envelope.elapsed),
      h('button', { type: 'button', class: 'link', 'aria-label': `Open event ${sequenceOf(envelope.id)}, ${envelope.type}`, onclick: () => this.open(envelope.id) }, envelope.type),
      h('span', { class: 'why' }, textOf(envelope))));
  }

  #all() {
    return this.#held ?? [...this.#rare, ...this.#frequent].sort((a, b) => sequenceOf(a.id) - sequenceOf(b.id));
  }

  #chosen() {
    const search = byId('events-search').value.trim().toLowerCase();
    return this.#all().filter(envelope => this.#types.has(envelope.category)
      && (search === '' || `${envelope.type} ${textOf(envelope)}`.toLowerCase().includes(search)));
  }

  #toggle(type) {
    return h('button', {
      type: 'button',
      class: 'toggle',
      'aria-pressed': String(this.#types.has(type)),
      onclick: event => {
        const isOn = this.#types.has(type);
        this.#types[isOn ? 'delete' : 'add'](type);
        event.currentTarget.setAttribute('aria-pressed', String(!isOn));
        this.refresh();
      },
    }, type);
  }

  #pause() {
    this.#held = this.#held === null ? this.#all() : null;
    this.#showPause();
    this.refresh();
  }

  #showPause() {
    setText(byId('events-pause'), this.#held === null ? 'Pause' : 'Go on');
    byId('events-pause').setAttribute('aria-pressed', String(this.#held !== null));
  }
}

/** In the order of their numbers, each once, and the newest of them. */
function insert(list, envelope, most) {
  const sequence = sequenceOf(envelope.id);
  let at = list.length;
  while (at > 0 && sequenceOf(list[at - 1].id) > sequence) {
    at--;
  }

  if (at === 0 || list[at - 1].id !== envelope.id) {
    list.splice(at, 0, envelope);
    list.splice(0, Math.max(0, list.length - most));
  }
}

/** An event in one line. */
export function textOf({ type, event }) {
  return type === 'healthChanged'
    ? `${event.check} ${event.from} → ${event.to}${event.reason ? ` ${event.reason}: ${event.message}` : ''}`
    : Object.entries(event)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${name}=${typeof value === 'object' ? Object.values(value).filter(part => typeof part !== 'object').join(' ') : value}`)
      .join(' ');
}
