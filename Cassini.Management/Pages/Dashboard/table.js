// A table that the broker searches, sorts and pages. Its headers sort it, and all of its rows can be saved as a file.

import { sentenceOf } from './api.js';
import { byId, Keyed, setText } from './dom.js';
import { count } from './format.js';
import { save } from './save.js';
import { throttled } from './throttle.js';

/** On a phone a row takes three lines. */
const PAGE = matchMedia('(max-width: 560px)').matches ? 10 : 12;

/** So many the broker gives at once. */
const LARGEST = 1_000;

/** How many seconds ago the rows of an answer were taken. */
export const ageOf = response => Number(response.headers.get('X-Rows-Age') ?? 0);

export class Table {
  #rows = new Keyed();
  #offset = 0;
  #asked = 0;
  #sort;
  #wantedAt = 0;
  #again = null;

  /**
   * The elements are found by the name: NAME-search, NAME-rows and so on. `load` gets the query and gives the rows, how many match and
   * their age in seconds, `sort` is the order at first, `keyOf` and `rowOf` are a row's key and its element, `more` gives further parameters.
   */
  constructor(name, notes, { load, sort, keyOf, rowOf, more = () => ({}) }) {
    Object.assign(this, { name, notes, load, keyOf, rowOf, more });
    this.#sort = sort;
    const read = throttled(1_000, () => this.#read());
    this.refresh = () => {
      this.#wantedAt = performance.now();
      return read();
    };
    this.#part('search').addEventListener('input', () => this.from(0));
    this.#part('previous').addEventListener('click', () => this.from(this.#offset - PAGE));
    this.#part('next').addEventListener('click', () => this.from(this.#offset + PAGE));
    this.#part('csv').addEventListener('click', () => this.#save('csv'));
    this.#part('json').addEventListener('click', () => this.#save('json'));
    for (const button of this.#headers()) {
      button.addEventListener('click', () => this.#sortBy(button.dataset.sort));
    }

    this.#showSort();
  }

  /** Shows the rows from this one on. */
  from(offset) {
    this.#offset = Math.max(0, offset);
    this.#read();
  }

  /** Says what came of an action. */
  say(text) {
    setText(this.#part('result'), text);
  }

  #part(part) {
    return byId(`${this.name}-${part}`);
  }

  #headers() {
    return this.#part('table').querySelectorAll('button[data-sort]');
  }

  /** By the same column once more: the other way round. */
  #sortBy(column) {
    this.#sort = this.#sort === column ? `-${column}` : column;
    this.#showSort();
    this.from(0);
  }

  #showSort() {
    for (const button of this.#headers()) {
      const order = this.#sort === button.dataset.sort ? 'ascending' : this.#sort === `-${button.dataset.sort}` ? 'descending' : 'none';
      button.closest('th').setAttribute('aria-sort', order);
    }
  }

  #query(offset, limit) {
    const search = this.#part('search').value.trim();
    return new URLSearchParams({ sort: this.#sort, offset, limit, ...search && { search }, ...this.more() });
  }

  #read() {
    return this.notes.read(`${this.name}-failed`, () => this.#load(), this.refresh);
  }

  async #load() {
    const asked = ++this.#asked;
    const answer = await this.load(this.#query(this.#offset, PAGE));
    if (asked !== this.#asked || answer === null) {
      return;
    }

    const { rows, total, age } = answer;
    this.#readAgain(age);
    if (rows.length === 0 && this.#offset > 0 && total > 0) {
      this.from(Math.floor((total - 1) / PAGE) * PAGE);
      return;
    }

    setText(this.#part('count'), this.#part('search').value.trim() ? `${count(total)} found` : count(total));
    setText(this.#part('range'), total === 0 ? 'none' : `${count(this.#offset + 1)}–${count(this.#offset + rows.length)} of ${count(total)}`);
    this.#part('previous').disabled = this.#offset === 0;
    this.#part('next').disabled = this.#offset + rows.length >= total;
    this.#part('table').hidden = total === 0;
    this.#rows.render(this.#part('rows'), rows, this.keyOf, this.rowOf);
  }

  /** Many rows are taken once for all who ask: what has just happened is in the next ones. */
  #readAgain(age) {
    clearTimeout(this.#again);
    if (age > 0 && performance.now() - age * 1_000 < this.#wantedAt) {
      this.#again = setTimeout(() => this.#read(), 1_000);
    }
  }

  /** All that match, not only those that are shown. They may change while they are read. */
  async #save(format) {
    try {
      const all = [];
      for (let isMore = true; isMore;) {
        const { rows, total } = await this.load(this.#query(all.length, LARGEST));
        all.push(...rows);
        isMore = rows.length > 0 && all.length < total;
      }

      save(this.name, format, all);
      this.say(`${count(all.length)} rows saved.`);
    } catch (error) {
      this.say(`Nothing was saved: ${sentenceOf(error)}`);
    }
  }
}
