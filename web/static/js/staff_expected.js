// The list of who is expected: while their check goes on, how far it got is fetched again, and the
// rows where somebody was found of whom staff must know.

import { adopt, follow, refresher } from "./live.js";
import { toLogin } from "./staff.js";

const ROWS_MS = 5000;
const check = document.getElementById("check");
const offline = document.getElementById("offline");
const day = encodeURIComponent(document.getElementById("expected").dataset.day);
let rowsAt = Date.now();
let late = 0;

function progress() {
  return document.getElementById("progress");
}

function setConnected(here) {
  document.body.toggleAttribute("data-offline", !here);
  offline.hidden = here;
  if (!here) {
    const title = offline.querySelector(".banner-title");
    title.textContent = offline.dataset.words.replace("{time}", check.dataset.at);
  }
}

function failed(status) {
  if (status === 401) toLogin();
  else if (status === 0 || status >= 500) setConnected(false);
}

const page = document.getElementById("expected").dataset.page;
const rows = refresher(
  `/staff/appointments/rows?day=${day}&page=${encodeURIComponent(page)}`,
  (other) => {
    rowsAt = Date.now();
    for (const part of ["progress", "acts", "expected"]) adopt(other, part);
    setConnected(true);
  },
  failed,
);

function soon() {
  clearTimeout(late);
  late = setTimeout(rows, Math.max(0, rowsAt + ROWS_MS - Date.now()));
}

const refresh = refresher(
  `/staff/appointments/progress?day=${day}`,
  (other) => {
    const { state, told } = progress().dataset;
    adopt(other, "progress");
    setConnected(true);
    const now = progress().dataset;
    if (now.state !== state) {
      // what was done last is past, and the buttons are others
      document.getElementById("done")?.remove();
      rows();
    } else if (now.told !== told) soon();
  },
  failed,
);

if (check) {
  follow("/staff/live", check.dataset.position, {
    changed: (topic) => {
      if (topic !== "visit" && topic !== "device") refresh();
    },
    ended: toLogin,
    connected: (here) => {
      if (here) refresh();
      else setConnected(false);
    },
  });
}
