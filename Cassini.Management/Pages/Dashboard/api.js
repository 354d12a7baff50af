// Requests to the broker that served this page, with the token if one was given. It is kept here and nowhere else.

// A connection can be half open: without a limit a request on it would never be repeated.
export const TIME_LIMIT = 10_000;

let token = null;
let denied = () => {};

/** The server asks for credentials. */
export class Denied extends Error {
  status = 401;
}

/** The server refused, and said why. */
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/** `act` runs whenever the server asks for credentials, whether something was read or done. */
export function onDenied(act) {
  denied = act;
}

export function setToken(value) {
  token = value;
}

/** A limit on how long the answer may take, its body included. Feeds have no end; they limit their silence instead. */
export const timeLimit = () => AbortSignal.timeout(TIME_LIMIT);

export async function request(path, { method = 'GET', headers = {}, body, signal = timeLimit() } = {}) {
  const response = await fetch(path, {
    method,
    body,
    signal,
    cache: 'no-store',
    credentials: 'same-origin',
    headers: token === null ? headers : { ...headers, Authorization: `Bearer ${token}` },
  });
  if (response.ok) {
    return response;
  }

  const sentence = (await response.text()).trim() || `${response.status} ${response.statusText}`;
  if (response.status === 401) {
    denied();
    throw new Denied(sentence);
  }

  throw new Refused(response.status, sentence);
}

/** What went wrong, for people. */
export function sentenceOf(error) {
  return error.name === 'TimeoutError' ? `no answer within ${TIME_LIMIT / 1_000} s`
    : error.name === 'TypeError' ? 'the broker cannot be reached'
    : error.message;
}

/** Sends a value as JSON, and gives the answer's. */
export async function postJson(path, value) {
  const response = await request(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });
  return response.json();
}

export async function getJson(path, options = {}) {
  const response = await request(path, { ...options, headers: { Accept: 'application/json' } });
  return response.json();
}
