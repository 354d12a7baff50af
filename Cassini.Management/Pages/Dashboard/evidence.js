// An event, opened: its JSON as the broker sends it.

import { getJson, sentenceOf } from './api.js';
import { byId, setText } from './dom.js';
import { sequenceOf } from './format.js';

let asked = '';

export async function openEvent(id) {
  asked = id;
  const json = byId('evidence-json');
  setText(byId('evidence-title'), `Event ${sequenceOf(id)}`);
  setText(byId('evidence-said'), 'Loading the event.');
  setText(json, '');
  json.hidden = true;
  byId('evidence').showModal();
  try {
    const envelope = await getJson(`events/${encodeURIComponent(id)}`);
    if (asked === id) {
      setText(byId('evidence-title'), `Event ${sequenceOf(id)}: ${envelope.type}`);
      setText(byId('evidence-said'), `${envelope.category}, ${envelope.time}, ${envelope.elapsed.toFixed(3)} s into the run`);
      setText(json, JSON.stringify(envelope, null, 2));
      json.hidden = false;
    }
  } catch (error) {
    if (asked === id) {
      setText(byId('evidence-said'), `It cannot be shown: ${sentenceOf(error)}`);
    }
  }
}

export function initEvidence() {
  const dialog = byId('evidence');
  byId('evidence-close').addEventListener('click', () => dialog.close());

  // A browser gives the focus back to the button, unless its row was replaced meanwhile.
  dialog.addEventListener('close', () => {
    if (document.activeElement === document.body) {
      document.querySelector(`.evidence button[aria-label="Open event ${sequenceOf(asked)}"]`)?.focus();
    }
  });
}
