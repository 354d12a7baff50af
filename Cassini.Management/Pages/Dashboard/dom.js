// Elements are made by DOM calls and filled by text nodes only: the name of a client can never become markup.

const SVG = 'http://www.w3.org/2000/svg';

export const byId = id => document.getElementById(id);

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Characters that reorder what is beside them, or are not seen: a client could be given the look of another's name by them.
const UNSEEN = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/** The text with a code in the place of each character that misleads. */
const visible = text => text.replace(UNSEEN, unseen => `\\u{${unseen.codePointAt(0).toString(16)}}`);

/** Sets the text only if it differs, so that nothing is announced, selected or laid out again without a change. */
export function setText(element, text) {
  const shown = visible(String(text));
  if (element.textContent !== shown) {
    element.textContent = shown;
  }
}

/** Replaces the children by those given, moves none that keeps its position, and keeps the focus. */
export function setChildren(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const kept = new Set(children);
  for (const child of [...parent.children]) {
    if (!kept.has(child)) {
      child.remove();
    }
  }

  children.forEach((child, index) => {
    if (parent.children[index] !== child) {
      parent.insertBefore(child, parent.children[index] ?? null);
    }
  });
  if (focused?.isConnected && document.activeElement !== focused) {
    focused.focus({ preventScroll: true });
  }
}

/** Remembers the element made for a key, and replaces it only when its content has changed. */
export class Keyed {
  #made = new Map();

  render(parent, items, keyOf, make) {
    const next = new Map();
    let refocus = () => {};
    const elements = items.map(item => {
      const key = keyOf(item);
      const shown = JSON.stringify(item);
      const known = this.#made.get(key);
      const entry = known?.shown === shown ? known : { shown, element: make(item) };
      if (known && known !== entry && known.element.contains(document.activeElement)) {
        const place = controlsOf(known.element).indexOf(document.activeElement);
        refocus = () => controlsOf(entry.element)[place]?.focus({ preventScroll: true });
      }

      next.set(key, entry);
      return entry.element;
    });
    this.#made = next;
    setChildren(parent, elements);
    refocus();
  }
}

const controlsOf = element => [...element.querySelectorAll('a, button')];

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }

  element.append(...children.flat()
    .filter(child => child !== null && child !== undefined && child !== false)
    .map(child => typeof child === 'string' ? visible(child) : child));
  return element;
}
