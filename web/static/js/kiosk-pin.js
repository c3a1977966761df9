// The PIN: ten keys on the screen or a plugged-in pad, four dots.  The digits live here, in this
// one array, until they are sent or forgotten; they never become attributes or text.

const LENGTH = 4;
let digits = [];
let belongsTo = "";
let dots = null;
let message = null;
let tell = () => {};

// Whose digits these are: another visit or another try begins with none.
function owner(frame) {
  const { step, visit } = frame.dataset;
  const tries = frame.querySelector(".tries, .warning-title")?.textContent ?? "";
  return step === "pin" ? `${visit} ${tries}` : "";
}

export function start(frame) {
  const present = owner(frame);
  if (present !== belongsTo) {
    forget();
    belongsTo = present;
  }
  // the browser looks at the field before we fill it in
  frame.querySelector("form.pin")?.setAttribute("novalidate", "");
  dots = frame.querySelector("#pin-dots");
  message = frame.querySelector("#pin-message");
  draw();
}

export function onDigit(listener) {
  tell = listener;
}

export function forget() {
  digits.fill("");
  digits = [];
  const field = document.getElementById("pin");
  if (field) {
    field.value = "";
  }
  draw();
}

function draw() {
  if (!dots) {
    return;
  }
  [...dots.children].forEach((dot, index) => {
    dot.classList.toggle("pin-dot-filled", index < digits.length);
  });
  dots.setAttribute("aria-label", dots.dataset.words.replace("{count}", digits.length));
}

function say(text) {
  if (message && message.textContent !== text) {
    message.textContent = text;
  }
}

function add(digit) {
  if (digits.length < LENGTH) {
    digits.push(digit);
  }
  changed();
}

function remove() {
  digits.pop();
  changed();
}

function changed() {
  say("");
  draw();
  tell();
}

// Put the digits into the form that is being sent; false, and say so, where some are missing.
export function fill(form) {
  if (digits.length < LENGTH) {
    say(message.dataset.words.replace("{count}", LENGTH - digits.length));
    return false;
  }
  form.elements.pin.value = digits.join("");
  return true;
}

document.addEventListener("click", (event) => {
  const key = event.target.closest?.(".pin-key[type='button']");
  if (key?.dataset.digit) {
    add(key.dataset.digit);
  } else if (key) {
    remove();
  }
});

// Pressing a key on the screen must not take the focus: Enter on a pad means "these four".
document.addEventListener("pointerdown", (event) => {
  if (event.target.closest?.(".pin-key")) {
    event.preventDefault();
  }
});

document.addEventListener("keydown", (event) => {
  const form = document.querySelector("form.pin");
  if (!form || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) {
    return;
  }
  if (/^[0-9]$/.test(event.key)) {
    event.preventDefault();
    if (!event.repeat) {
      add(event.key);
    }
  } else if (event.key === "Backspace" || event.key === "Delete") {
    event.preventDefault();
    remove();
  } else if (event.key === "Enter" && !event.target.closest?.("button, a")) {
    event.preventDefault();
    if (!event.repeat) {
      form.requestSubmit();
    }
  }
});
