// Light or dark: the setting of the system, or the choice made here.

import { byId, setText } from './dom.js';

const KEY = 'cassini-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';

/** Labels the button with its action. A page that is not drawn gets no notice when the system's theme changes, so it polls. */
export function showTheme() {
  setText(byId('theme'), isDark() ? 'Light' : 'Dark');
}

export function initTheme() {
  const chosen = read();
  if (chosen === 'light' || chosen === 'dark') {
    document.documentElement.dataset.theme = chosen;
  }

  byId('theme').addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    write(document.documentElement.dataset.theme);
    showTheme();
  });
  system.addEventListener('change', showTheme);
  showTheme();
}

// A browser may forbid storage: the choice then lasts as long as the page.
function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function write(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // As above.
  }
}
