// Light or dark: as the system has it, or as was chosen here.

import { byId, setText } from './dom.js';

const KEY = 'cassini-theme';

export function initTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const chosen = read();
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const show = () => setText(byId('theme'), isDark() ? 'Light' : 'Dark');
  if (chosen === 'light' || chosen === 'dark') {
    document.documentElement.dataset.theme = chosen;
  }

  byId('theme').addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    write(document.documentElement.dataset.theme);
    show();
  });
  system.addEventListener('change', show);
  show();
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
