// Requests to the broker that served this page, with the token if one was given. It is kept here and nowhere else.

let token = null;

/** The server wants to know who asks. */
export class Denied extends Error {}

/** The server refused, and said why. */
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

export function setToken(value) {
  token = value;
}

export async function request(path, { method = 'GET', headers = {}, signal } = {}) {
  const response = await fetch(path, {
    method,
    signal,
    cache: 'no-store',
    credentials: 'same-origin',
    headers: token === null ? headers : { ...headers, Authorization: `Bearer ${token}` },
  });
  if (response.ok) {
    return response;
  }

  const sentence = (await response.text()).trim() || `${response.status} ${response.statusText}`;
  throw response.status === 401 ? new Denied(sentence) : new Refused(response.status, sentence);
}

export async function getJson(path, options = {}) {
  const response = await request(path, { ...options, headers: { Accept: 'application/json' } });
  return response.json();
}
