// History leaves the screen when its consent ends, and never stays in the browser's memory.

import { adopt, follow } from "./live.js";
import { toLogin } from "./staff.js";

const TYPING_MS = 120;

const page = document.getElementById("history");
const over = document.getElementById("history-over");
const filter = document.querySelector(".history-filter");

const opened = Date.now();

function hasRecords() {
  return page.querySelector("[data-records]") !== null;
}

function blank() {
  for (const one of page.querySelectorAll("[data-records], [data-emergency]")) one.remove();
}

function checkEnd() {
  const seconds = page.dataset.seconds;
  if (!seconds || !hasRecords() || Date.now() - opened < Number(seconds) * 1000) return;
  blank();
  over.hidden = false;
}

setInterval(checkEnd, 1000);
addEventListener("pagehide", blank);
// what a browser kept of a page that was left is never what may be seen now
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  blank();
  location.reload();
});
let request = null;
let leaving = false;

/** Fetch the rows for what the form says now; the page itself tells what is the case if none come. */
function search() {
  request?.abort();
  request = new XMLHttpRequest();
  request.open("GET", `${filter.dataset.rows}?${new URLSearchParams(new FormData(filter))}`);
  request.responseType = "document";
  request.addEventListener("load", () => {
    if (!hasRecords()) return;
    if (request.status !== 200 || !request.response) location.reload();
    else for (const id of ["drug-picture", "drug-rows"]) adopt(request.response, id);
  });
  request.send();
}

follow("/staff/live", page.dataset.position, {
  changed: (topic, id) => {
    checkEnd();
    if (topic === "consent") {
      // it ended: nothing stays on the screen while the page asks why
      if (id === page.dataset.visit && hasRecords()) {
        blank();
        over.hidden = false;
      }
      return;
    }
    if (topic === "disaster") {
      // what it opened without consent may have ended with it; what is closed may be opened now
      if (hasRecords() && !page.querySelector("[data-emergency]")) return;
      blank();
      if (!leaving) location.reload();
      return;
    }
    const ours = id === page.dataset.visit || topic === "reload";
    if (ours && filter && hasRecords()) search(); // what somebody types stays
    else if (leaving) return; // what was just sent leads on
    else if (ours || (topic === "look" && over.hidden && !hasRecords())) location.reload();
  },
  ended: () => {
    blank();
    toLogin();
  },
  connected: () => {},
});

document.addEventListener("submit", (event) => {
  leaving = !event.defaultPrevented;
});

if (filter) {
  let waiting = 0;
  filter.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, TYPING_MS);
  });
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    search();
  });
}
