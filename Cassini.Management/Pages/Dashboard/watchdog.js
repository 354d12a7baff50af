/**
 * Follows a stream that has no end, and cuts it off when it is silent: `follow` gets the signal for its request, and `expect`, which it
 * calls with the milliseconds in which something must come from then on.
 */
export async function watched(follow) {
  const cut = new AbortController();
  let timer;
  const expect = milliseconds => {
    clearTimeout(timer);
    timer = setTimeout(() => cut.abort(new Error(`nothing arrived for ${Math.round(milliseconds / 1_000)} s`)), milliseconds);
  };
  try {
    await follow(cut.signal, expect);
  } catch (error) {
    throw cut.signal.aborted ? cut.signal.reason : error;
  } finally {
    clearTimeout(timer);
    cut.abort();
  }
}
