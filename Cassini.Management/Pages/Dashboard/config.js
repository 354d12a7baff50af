// The settings in force, and the level of the log for a while.

import { Refused, getJson, request, sentenceOf } from './api.js';
import { byId, h, Keyed, setChildren, setText } from './dom.js';
import { count, plural } from './format.js';
import { throttled } from './throttle.js';
import { until as timeUntil } from './words.js';

const SECOND = 1_000;

/** A part that another host does not have: asked for until it says so. */
class Part {
  #isOff = false;

  constructor(ids, path, show) {
    Object.assign(this, { ids, path, show });
  }

  async load() {
    if (this.#isOff) {
      return;
    }

    try {
      this.show(await getJson(this.path));
      this.#setHidden(false);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) {
        throw error;
      }

      // An application around the broker has its settings and its log.
      this.#isOff = true;
      this.#setHidden(true);
    }
  }

  #setHidden(isHidden) {
    this.ids.forEach(id => {
      byId(id).hidden = isHidden;
    });
  }
}

export class Configuration {
  #rows = new Keyed();
  #settings = [];
  #problem = null;

  constructor(clock, notes) {
    this.clock = clock;
    const settings = new Part(['configuration', 'configuration-link'], 'config', answer => this.#hold(answer));
    const level = new Part(['level'], 'log-level', answer => this.#showLevel(answer));
    this.refresh = throttled(SECOND, () => notes.read('configuration-failed', async () => {
      await settings.load();
      await level.load();
    }, this.refresh));
    byId('configuration-search').addEventListener('input', () => this.#render());
    byId('configuration-show').addEventListener('change', () => this.#render());
    byId('level').addEventListener('submit', event => {
      event.preventDefault();
      this.#put();
    });
    byId('level-return').addEventListener('click', () => this.#ask('DELETE', 'log-level'));
  }

  #hold({ settings, problem, file }) {
    [this.#settings, this.#problem] = [settings, problem];
    setText(byId('configuration-file'), file ? `file ${file}` : 'no file');
    this.#render();
  }

  #render() {
    const search = byId('configuration-search').value.trim().toLowerCase();
    const show = byId('configuration-show').value;
    const waiting = this.#settings.filter(setting => setting.needsRestart);
    const shown = this.#settings
      .filter(setting => show === 'all' || (show === 'restart' ? setting.needsRestart : differs(setting)))
      .filter(setting => `${setting.key} ${textOf(setting.value)} ${setting.origin}`.toLowerCase().includes(search));
    const alarm = byId('configuration-problem');
    alarm.hidden = this.#problem === null;
    setText(alarm, this.#problem === null ? '' : `New settings are refused, and those before stay in force: ${this.#problem}`);
    byId('configuration-restart').hidden = waiting.length === 0;
    setText(byId('configuration-restart'), `${plural(waiting.length, 'setting waits', 'settings wait')} for a restart.`);
    setText(byId('configuration-count'), `${count(shown.length)} of ${count(this.#settings.length)}`);
    byId('configuration-none').hidden = shown.length > 0;
    byId('configuration-table').hidden = shown.length === 0;
    this.#rows.render(byId('configuration-rows'), shown, setting => setting.key, row);
  }

  /** The level in force, and until when. */
  #showLevel({ level, category, until, configured }) {
    setChildren(byId('level-now'), [until === null
      ? h('span', {}, `${level}, as configured`)
      : h('span', {}, `${level}${category === null ? '' : ` for ${category}`}, for `,
        timeUntil(this.clock, this.clock.secondsOf(until)), ` more; configured is ${configured}`)]);
    byId('level-return').hidden = until === null;
  }

  #put() {
    const category = byId('level-category').value.trim();
    this.#ask('PUT', `log-level?${new URLSearchParams({ level: byId('level-word').value, for: byId('level-for').value, ...category && { category } })}`);
  }

  async #ask(method, path) {
    try {
      const answer = await (await request(path, { method, headers: { Accept: 'application/json' } })).json();
      this.#showLevel(answer);
      setText(byId('level-result'), answer.until === null
        ? `The configured level, ${answer.level}, is in force again.`
        : `The level is ${answer.level}${answer.category === null ? '' : ` for ${answer.category}`} for a while.`);
    } catch (error) {
      setText(byId('level-result'), `The level was not changed: ${sentenceOf(error)}`);
    }
  }
}

const differs = ({ value, default: usual, needsRestart }) => needsRestart || JSON.stringify(value) !== JSON.stringify(usual);

const textOf = value => value === null || value === undefined ? 'none'
  : Array.isArray(value) ? (value.length === 0 ? 'none' : value.map(textOf).join(', '))
  : typeof value === 'object' ? JSON.stringify(value)
  : String(value);

function row({ key, value, default: usual, origin, atOnce, needsRestart, next }) {
  return h('tr', { 'data-setting': key },
    h('th', { scope: 'row', class: 'code' }, key),
    h('td', {}, textOf(value),
      needsRestart ? h('span', { class: 'status wraps', 'data-status': 'degraded' },
        h('span', { class: 'glyph', 'aria-hidden': 'true' }), `${textOf(next)} after a restart`) : null),
    h('td', { class: 'wide quiet' }, textOf(usual)),
    h('td', { class: 'roomy' }, origin),
    h('td', { class: 'wide quiet' }, atOnce ? 'at once' : 'at the next start'));
}
