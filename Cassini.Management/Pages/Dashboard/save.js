// Rows as a file of the browser's own.

import { h } from './dom.js';

const TYPES = { csv: 'text/csv', json: 'application/json' };

export function save(name, format, rows) {
  const text = format === 'csv' ? csvOf(rows) : `${JSON.stringify(rows, null, 2)}\n`;
  const url = URL.createObjectURL(new Blob([text], { type: TYPES[format] }));
  h('a', { href: url, download: `cassini-${name}.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** RFC 4180, with the names of the first row's values as its head. */
export function csvOf(rows) {
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map(row => names.map(name => row[name]))].map(line => `${line.map(cell).join(',')}\r\n`).join('');
}

/** A client chooses its names: none may be taken for a formula when a spreadsheet opens the file. */
function cell(value) {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const harmless = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
