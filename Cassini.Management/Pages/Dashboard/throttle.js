/** Runs the action at once, then at most once per interval; a call during a run causes one further run. Runs never overlap. */
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
