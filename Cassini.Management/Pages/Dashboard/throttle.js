/** Does it at once, then no more often than this; asked for while it runs, once more afterwards. Never twice at a time. */
export function throttled(milliseconds, act) {
  let isBusy = false;
  let isDue = false;
  return async function run() {
    if (isBusy) {
      isDue = true;
      return;
    }

    isBusy = true;
    try {
      await act();
    } finally {
      setTimeout(() => {
        isBusy = false;
        if (isDue) {
          isDue = false;
          run();
        }
      }, milliseconds);
    }
  };
}
