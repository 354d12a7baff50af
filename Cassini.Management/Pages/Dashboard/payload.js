// Payloads as people read them: as text, as JSON in lines, or byte by byte.

const ROW = 16;

/** A longer dump tells nobody more. */
const MOST_BYTES = 4_096;

/** What kind of payload a message has, and its text. */
export function payloadOf({ payload, payloadBase64, size, truncated, contentType }) {
  if (size === 0) {
    return { kind: 'empty', text: '' };
  }

  if (payloadBase64 !== undefined) {
    return { kind: 'bytes', text: dump(Uint8Array.from(atob(payloadBase64), character => character.charCodeAt(0))) };
  }

  const json = truncated ? null : jsonOf(payload, contentType);
  return json === null ? { kind: 'text', text: payload } : { kind: 'JSON', text: json };
}

/** The beginning of a payload in one line. */
export function lineOf({ payload, payloadBase64, size }, most) {
  const text = size === 0 ? '(empty)' : payloadBase64 === undefined ? payload.slice(0, most + 1) : `base64 ${payloadBase64.slice(0, most + 1)}`;
  const line = text.replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** Objects and lists in lines; null for all else. Numbers that are too large for JavaScript stay as they are. */
function jsonOf(text, contentType) {
  if (!/^\s*[[{]/.test(text) && !/json/i.test(contentType ?? '')) {
    return null;
  }

  try {
    const keepsNumbers = (key, value, context) => typeof value === 'number' && context && String(value) !== context.source
      ? JSON.rawJSON(context.source)
      : value;
    return JSON.stringify(JSON.parse(text, JSON.rawJSON ? keepsNumbers : undefined), null, 2);
  } catch {
    return null;
  }
}

/** The bytes in hex, with what is readable of them beside it. */
function dump(bytes) {
  const rows = [];
  for (let at = 0; at < Math.min(bytes.length, MOST_BYTES); at += ROW) {
    const row = [...bytes.subarray(at, at + ROW)];
    const hex = row.map(byte => byte.toString(16).padStart(2, '0')).join(' ');
    const readable = row.map(byte => byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.').join('');
    rows.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * ROW)} ${readable}`);
  }

  return rows.join('\n') + (bytes.length > MOST_BYTES ? '\n…' : '');
}
