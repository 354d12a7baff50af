// Asks before something is done that cannot be undone, and shows what came of it.

import { sentenceOf } from './api.js';
import { byId, setText } from './dom.js';

let asked = null;

/** `act` does it after a yes; `done` or `failed` is said at the table, which is read again. */
export function askFor(question) {
  asked = question;
  setText(byId('confirm-title'), question.title);
  setText(byId('confirm-said'), question.said);
  setText(byId('confirm-yes'), question.yes);
  byId('confirm').showModal();
}

export function initConfirm() {
  byId('confirm-no').addEventListener('click', () => byId('confirm').close());
  byId('confirm-yes').addEventListener('click', answer);
}

async function answer() {
  const { act, done, failed, table } = asked;
  byId('confirm').close();
  try {
    await act();
    table.say(done);
  } catch (error) {
    table.say(`${failed}: ${sentenceOf(error)}`);
  }

  table.refresh();
}
