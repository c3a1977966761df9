// "Still there?": counts down what the terminal said is left, asks in its last seconds, and takes
// any touch or key for a yes.  The terminal alone ends the step.

const TELL_EVERY_MS = 5_000;
let timer = 0;
let endsAt = Infinity;
let extend = () => {};
let lastTold = -Infinity;

function dialog() {
  return document.getElementById("still-there");
}

export function onExtend(send) {
  extend = send;
}

export function start(frame) {
  clearInterval(timer);
  const left = Number.parseFloat(frame.dataset.secondsLeft);
  const warn = Number.parseFloat(frame.dataset.warnSeconds);
  endsAt = performance.now() + left * 1000;
  if (!dialog() || Number.isNaN(left) || Number.isNaN(warn)) {
    return;
  }
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    if (seconds >= warn) {
      close();
    } else {
      ask(seconds);
    }
  };
  timer = setInterval(tick, 500);
  tick();
}

function ask(seconds) {
  const lead = document.getElementById("still-there-lead");
  const words = lead.dataset.words.replace("{seconds}", seconds);
  if (lead.textContent !== words) {
    lead.textContent = words;
  }
  if (!dialog().open && !document.getElementById("offline").open) {
    dialog().showModal();
  }
}

function close() {
  if (dialog()?.open) {
    dialog().close();
  }
}

function goOn() {
  const form = dialog()?.querySelector("form");
  if (form) {
    lastTold = performance.now();
    endsAt = Infinity; // until the terminal says how long it is now
    extend(form);
  }
}

// Typing a PIN is a sign of life that the terminal cannot see by itself.
export function alive() {
  if (performance.now() - lastTold > TELL_EVERY_MS) {
    goOn();
  }
}

function answered(event) {
  if (!dialog()?.open) {
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  goOn();
  close();
}

document.addEventListener("click", answered, { capture: true });
document.addEventListener("keydown", answered, { capture: true });
