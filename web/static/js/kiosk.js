// The kiosk's page: shows the step that the desk is at, and sends what the patient answers.
// The terminal decides everything; this only fetches, swaps and speaks.  Everything works by
// plain forms without it.

import * as face from "./kiosk-face.js";
import * as pin from "./kiosk-pin.js";
import * as reminder from "./kiosk-reminder.js";
import * as silence from "./kiosk-silence.js";
import { settle, watchTouches } from "./kiosk-touch.js";

const POLL_LIVE_MS = 15_000; // the stream tells of changes; this catches what it may lose
const POLL_ALONE_MS = 2_000;
const LOST_AFTER_MS = 4_000;
const LANGUAGE_BACK_MS = 60_000;
const LOADED_BY_MS = 5_000; // a picture or font that hangs keeps nobody waiting

const address = { page: "/kiosk/", step: "/kiosk/step", live: "/kiosk/live" };
const announce = document.getElementById("announce");
const offline = document.getElementById("offline");

let stream = null;
let poll = 0;
let languageBack = 0;
let asked = 0; // number of the newest request: an older answer that comes later is dropped
let pollDue = Infinity;
let failingSince = null;
let shown = ""; // the markup of the present step as it came
let shownAround = null; // the same without the parts that change often
let sending = 0; // answers of the patient that are on their way
let lookAgain = false;
let staying = false; // the page will not load itself anew any more

function frame() {
  return document.getElementById("kiosk");
}

// Documents come parsed by XMLHttpRequest: no string ever becomes markup here.
function request(method, url, form, onAnswer, onEnd = () => {}) {
  const mine = ++asked;
  const began = performance.now();
  const exchange = new XMLHttpRequest();
  exchange.open(method, url);
  exchange.responseType = "document";
  exchange.timeout = 8_000;
  exchange.onload = () => {
    failingSince = null;
    if (mine === asked) {
      onAnswer(exchange.response);
    }
  };
  exchange.onerror = exchange.ontimeout = () => {
    failingSince ??= began;
  };
  exchange.onloadend = () => {
    pollDue = Infinity;
    showConnection();
    onEnd();
    schedule();
  };
  exchange.send(form);
}

// While an answer is on its way a look would tell of the time before it, and put it off.
function load() {
  if (sending || !staying) {
    lookAgain = true;
    return;
  }
  request("GET", address.step, null, show);
}

function send(form, submitter) {
  const fields = submitter ? new FormData(form, submitter) : new FormData(form);
  sending += 1;
  request("POST", form.action, fields, show, () => {
    sending -= 1;
    lookOnceMore();
  });
}

function lookOnceMore() {
  if (lookAgain && !sending && staying) {
    lookAgain = false;
    load();
  }
}

// What came that is no step (revoked, an error page) is shown by loading the page itself.
function show(answer) {
  const next = answer?.getElementById("kiosk");
  if (!next) {
    location.replace(address.page);
    return;
  }
  const now = frame();
  const came = markup(next);
  if (came === shown) {
    // a control that is replaced while a finger lies on it loses the press
    Object.assign(now.dataset, next.dataset);
    silence.start(now);
    reminder.start(now);
    return;
  }
  const another = next.dataset.screen !== now.dataset.screen;
  const frameOfParts = around(next);
  const onlyParts = !another && frameOfParts !== null && frameOfParts === shownAround;
  shown = came;
  shownAround = frameOfParts;
  if (onlyParts) {
    exchangeParts(now, next);
    return;
  }
  const focus = another ? null : place(document.activeElement);
  now.replaceWith(document.adoptNode(next));
  document.documentElement.lang = next.lang;
  document.title = next.dataset.title;
  begin(another, focus);
}

function markup(element) {
  const parts = element.querySelectorAll(":scope > :not(dialog)");
  return [element.lang, ...[...parts].map((part) => part.outerHTML)].join("");
}

// What stands around the parts that change often; null where there are none.
function around(element) {
  const copy = document.implementation.createHTMLDocument().importNode(element, true);
  const parts = copy.querySelectorAll("[data-part]");
  parts.forEach((part) => part.replaceChildren());
  return parts.length ? markup(copy) : null;
}

// Everything around them stays, so that a finger that lies on a button does not lose it.
function exchangeParts(now, next) {
  Object.assign(now.dataset, next.dataset);
  document.title = next.dataset.title;
  const focused = document.activeElement;
  const fresh = next.querySelectorAll("[data-part]");
  now.querySelectorAll("[data-part]").forEach((part, index) => {
    if (part.innerHTML !== fresh[index].innerHTML) {
      part.replaceChildren(...[...fresh[index].childNodes].map((node) => document.adoptNode(node)));
    }
  });
  if (!focused.isConnected) {
    document.getElementById("screen-title").focus({ preventScroll: true });
  }
  say(now);
  silence.start(now);
}

// How to find again, on the same screen told anew, the control that had the focus.
function place(element) {
  const button = element?.closest("button");
  if (!button || !frame().contains(button)) {
    return null;
  }
  const all = [...frame().querySelectorAll("button")];
  return { number: all.indexOf(button), words: button.textContent };
}

function begin(another, focus = null) {
  const present = frame();
  const title = document.getElementById("screen-title");
  if (another) {
    settle();
    announce.textContent = "";
    title.focus({ preventScroll: true });
  } else {
    const again = focus && present.querySelectorAll("button")[focus.number];
    (again?.textContent === focus?.words ? again ?? title : title).focus({ preventScroll: true });
    say(present);
  }
  face.start(present);
  pin.start(present);
  silence.start(present);
  reminder.start(present);
  watchLanguage();
}

// The same screen told anew is read aloud, once for each change of words.
function say(present) {
  const told = present.querySelectorAll("#screen-title, .lead, .tries, .warning-title");
  const words = [...told].map((element) => element.textContent.trim()).join(" ");
  if (announce.textContent !== words) {
    announce.textContent = words;
  }
}

// The stream tries again each second: that must not put off the next look for ever.
function schedule() {
  const live = stream?.readyState === EventSource.OPEN && failingSince === null;
  const due = performance.now() + (live ? POLL_LIVE_MS : POLL_ALONE_MS);
  if (due < pollDue) {
    clearTimeout(poll);
    pollDue = due;
    poll = setTimeout(load, due - performance.now());
  }
}

function showConnection() {
  const lost = failingSince !== null && performance.now() - failingSince > LOST_AFTER_MS;
  if (lost && !offline.open) {
    pin.forget();
    offline.showModal();
  } else if (!lost && offline.open) {
    offline.close();
  }
}

function listen() {
  stream?.close();
  stream = new EventSource(`${address.live}?since=${encodeURIComponent(frame().dataset.sequence)}`);
  stream.addEventListener("kiosk", load);
  stream.addEventListener("reload", load);
  stream.addEventListener("ended", () => location.replace(address.page));
  stream.onopen = schedule;
  stream.onerror = schedule;
}

// The page is sent with a Refresh, so that it comes to itself where no script came.  Stopping it
// stops all that is loading: it waits until the page is there, and nothing is asked before.
function stay() {
  if (staying) {
    return;
  }
  if (sending) {
    setTimeout(stay, 50);
    return;
  }
  window.stop();
  staying = true;
  listen();
  schedule();
  lookOnceMore();
}

// A language that was chosen and then left standing goes back to the house's own.
function watchLanguage() {
  clearTimeout(languageBack);
  const { step, firstLanguage } = frame().dataset;
  if (step === "idle" && frame().lang !== firstLanguage) {
    languageBack = setTimeout(() => {
      const button = frame().querySelector(`button[name="language"][lang="${firstLanguage}"]`);
      if (button) {
        send(button.form, button);
      }
    }, LANGUAGE_BACK_MS);
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.classList.contains("pin") && !pin.fill(event.target)) {
    return;
  }
  send(event.target, event.submitter);
  pin.forget();
});

// A page that the browser kept must show nothing of the person it was kept from.
window.addEventListener("pagehide", () => {
  pin.forget();
  stream?.close();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    frame().querySelector("main").replaceChildren();
    location.reload();
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && staying) {
    listen();
    load();
  }
});

offline.addEventListener("cancel", (event) => event.preventDefault());
document.documentElement.classList.add("scripted");
watchTouches();
shown = markup(frame());
shownAround = around(frame());
silence.onExtend((form) => send(form));
pin.onDigit(silence.alive);
begin(true);
if (document.readyState === "complete") {
  stay();
} else {
  window.addEventListener("load", stay);
  setTimeout(stay, LOADED_BY_MS);
}
