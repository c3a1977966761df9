// Trembling hands: a press counts when the finger leaves (a click), and a second one within 400 ms
// does not count.  The keys of the PIN differ: two different ones may follow each other fast, since a
// digit that is swallowed makes a wrong PIN; only the same key twice is taken for a tremor.

const SETTLE_MS = 400;
let lastAt = -Infinity;
let lastKey = null;

// A new screen must not take the second half of a double press for an answer.
export function settle() {
  lastAt = performance.now();
  lastKey = null;
}

function isTremor(event) {
  const soon = event.timeStamp - lastAt < SETTLE_MS;
  const key = event.target.closest?.(".pin-key") ?? null;
  const tremor = soon && (key === null || lastKey === null || key === lastKey);
  if (!tremor) {
    lastAt = event.timeStamp;
    lastKey = key;
  }
  return tremor;
}

export function watchTouches() {
  document.addEventListener(
    "click",
    (event) => {
      // detail is 0 for a click made by a key: Enter and Space do not tremble
      if (event.detail > 0 && isTremor(event)) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    { capture: true },
  );
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  document.addEventListener("dragstart", (event) => event.preventDefault());
}
