// The topics as a tree (WAI-ARIA tree view). Each level is read when it is opened, and again while it is open.

import { getJson } from './api.js';
import { byId, h, setChildren, setText } from './dom.js';
import { count, plural } from './format.js';

/** So many names a level shows at first, and with each "more". */
const PAGE = 100;

/** So many the broker gives at once. */
const LARGEST = 1_000;

/** So many levels are kept up to date, if their names fit into the line of a request, which the broker bounds. */
const MOST_OPEN = 32;
const LONGEST_QUERY = 8 * 1_024;

export class TopicTree {
  #root = { row: { path: null }, level: 0, limit: PAGE, isOpen: true, children: [], group: byId('tree'), parent: null, answered: 0 };
  #nodes = new WeakMap();
  #active = null;
  #chosen = null;
  #asked = 0;

  /** `read` runs a read and says what failed; `choose` shows a topic. */
  constructor(read, choose) {
    Object.assign(this, { read, choose });
    this.#root.group.addEventListener('keydown', event => this.#onKey(event));
    this.#root.group.addEventListener('click', event => this.#onClick(event));
  }

  /** Reads every level that is open. Says how many topics there are. */
  async load(options) {
    const open = this.#visible().filter(node => node.isOpen).slice(0, MOST_OPEN);
    const asked = { number: ++this.#asked, limit: Math.max(this.#root.limit, ...open.map(node => node.limit)) };
    const query = [`limit=${asked.limit}`, ...open.map(node => `${new URLSearchParams({ open: node.row.path })}`)];
    while (query.join('&').length > LONGEST_QUERY) {
      query.pop();
    }

    const answer = await getJson(`topics/tree?${query.join('&')}`, options);
    this.#apply(this.#root, answer, asked);
    answer.open.forEach((level, index) => this.#apply(open[index], level, asked));
    return answer.topics;
  }

  async #load(level) {
    const { limit, row: { path } } = level;
    const asked = { number: ++this.#asked, limit };
    this.#apply(level, await getJson(`topics/tree?${new URLSearchParams({ limit, ...path !== null && { under: path } })}`), asked);
  }

  /**
   * Makes new names, and keeps the elements of those that are known: so nothing that is open or has the focus is lost. An answer that was
   * asked for before the last one, or for fewer names than are asked for by now, is ignored.
   */
  #apply(level, answer, asked) {
    if (asked.number < level.answered || asked.limit < level.limit) {
      return;
    }

    level.answered = asked.number;
    const children = answer.children.slice(0, level.limit);
    const hasMore = answer.hasMore || answer.children.length > level.limit;
    const hadFocus = level.group.contains(document.activeElement);
    const known = new Map(level.children.map(node => [node.row.path, node]));
    level.children = children.map(row => {
      const node = known.get(row.path) ?? this.#make(level);
      node.row = row;
      this.#show(node);
      return node;
    });
    level.more = hasMore ? level.more ?? this.#makeMore(level) : null;
    if (hasMore) {
      setText(level.more.label, level.limit < LARGEST ? 'More' : `The first ${count(LARGEST)} are shown; type the beginning of a topic above.`);
    }

    setChildren(level.group, [...level.children, level.more].filter(Boolean).map(node => node.element));
    if (this.#active === null || !this.#active.element.isConnected) {
      this.#activate(this.#visible()[0] ?? null, hadFocus);
    }
  }

  #make(level) {
    const node = { level: level.level + 1, limit: PAGE, isOpen: false, children: [], parent: level, answered: 0 };
    node.label = h('span', { class: 'name' });
    node.facts = h('span', { class: 'quiet' });
    node.group = h('ul', { role: 'group', hidden: true });
    node.element = h('li', { role: 'treeitem', 'aria-level': node.level, 'aria-selected': 'false', tabindex: -1 },
      h('div', { class: 'row' }, h('span', { class: 'twist', 'aria-hidden': 'true' }), node.label, node.facts), node.group);
    this.#nodes.set(node.element, node);
    return node;
  }

  #makeMore(level) {
    const node = { level: level.level + 1, isMore: true, children: [], parent: level };
    node.label = h('span', { class: 'link' });
    node.element = h('li', { role: 'treeitem', 'aria-level': node.level, tabindex: -1 }, h('div', { class: 'row' }, h('span', { class: 'twist', 'aria-hidden': 'true' }), node.label));
    this.#nodes.set(node.element, node);
    return node;
  }

  #show(node) {
    const { row } = node;
    node.isOpen &&= row.below > 0;
    const facts = [
      row.retained && 'retained',
      row.isTopic && row.subscribers !== null && plural(row.subscribers, 'subscriber', 'subscribers'),
      row.below > 0 && `${count(row.below)} below`,
    ].filter(Boolean).join(', ');
    const name = row.name === '' ? '(empty)' : row.name;
    setText(node.label, name);
    setText(node.facts, facts);
    node.element.dataset.path = row.path;
    node.element.setAttribute('aria-label', [node.label.textContent, facts].filter(Boolean).join(', '));
    if (row.below > 0) {
      node.element.setAttribute('aria-expanded', String(node.isOpen));
    } else {
      node.element.removeAttribute('aria-expanded');
    }

    node.group.hidden = !node.isOpen;
  }

  #toggle(node, isOpen = !node.isOpen) {
    if (node.isMore || node.row.below === 0 || node.isOpen === isOpen) {
      return;
    }

    node.isOpen = isOpen;
    this.#show(node);
    if (isOpen) {
      this.read(() => this.#load(node));
    } else if (node.group.contains(this.#active?.element)) {
      this.#activate(node, true);
    }
  }

  #act(node) {
    if (node.isMore) {
      const { parent } = node;
      const last = parent.children.at(-1);
      parent.limit = Math.min(LARGEST, parent.limit + PAGE);
      this.#activate(last, true);
      this.read(() => this.#load(parent));
      return;
    }

    this.#chosen?.element.setAttribute('aria-selected', 'false');
    this.#chosen = node;
    node.element.setAttribute('aria-selected', 'true');
    if (!node.row.isTopic) {
      this.#toggle(node);
    }

    this.choose(node.row);
  }

  #onClick(event) {
    const node = this.#nodes.get(event.target.closest('[role=treeitem]'));
    if (node) {
      this.#activate(node, true);
      if (event.target.classList.contains('twist')) {
        this.#toggle(node);
      } else {
        this.#act(node);
      }
    }
  }

  #onKey(event) {
    const node = this.#nodes.get(event.target.closest('[role=treeitem]'));
    if (!node || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }

    const shown = this.#visible();
    const at = shown.indexOf(node);
    const steps = {
      ArrowDown: () => this.#activate(shown[at + 1], true),
      ArrowUp: () => this.#activate(shown[at - 1], true),
      Home: () => this.#activate(shown[0], true),
      End: () => this.#activate(shown.at(-1), true),
      ArrowRight: () => node.isOpen ? this.#activate(node.children[0], true) : this.#toggle(node, true),
      ArrowLeft: () => node.isOpen ? this.#toggle(node, false) : this.#activate(node.parent, true),
      Enter: () => this.#act(node),
      ' ': () => this.#act(node),
    };
    const step = steps[event.key] ?? (event.key.length === 1 ? () => this.#find(event.key, shown, at) : null);
    if (step !== null) {
      event.preventDefault();
      step();
    }
  }

  /** The next name that begins with the character. */
  #find(character, shown, at) {
    const next = [...shown.slice(at + 1), ...shown.slice(0, at)]
      .find(node => !node.isMore && node.row.name.toLowerCase().startsWith(character.toLowerCase()));
    this.#activate(next, true);
  }

  /** The one that the Tab key reaches. */
  #activate(node, takesFocus) {
    if (node === undefined || node === this.#root) {
      return;
    }

    this.#active?.element.setAttribute('tabindex', '-1');
    this.#active = node;
    node?.element.setAttribute('tabindex', '0');
    if (takesFocus && node !== null) {
      node.element.focus({ preventScroll: true });
      node.label.scrollIntoView({ block: 'nearest' });
    }
  }

  #visible(level = this.#root) {
    return [...level.children.flatMap(node => node.isOpen ? [node, ...this.#visible(node)] : [node]), level.more].filter(Boolean);
  }
}
