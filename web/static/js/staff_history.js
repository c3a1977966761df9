// History leaves the screen when its consent ends, and never stays in the browser's memory.

import { follow } from "./live.js";
import { toLogin } from "./staff.js";

const page = document.getElementById("history");
const over = document.getElementById("history-over");

const opened = Date.now();

function hasRecords() {
  return page.querySelector("[data-records]") !== null;
}

function blank() {
  page.querySelector("[data-records]")?.remove();
}

function checkEnd() {
  const seconds = page.dataset.seconds;
  if (!seconds || !hasRecords() || Date.now() - opened < Number(seconds) * 1000) return;
  blank();
  over.hidden = false;
}

setInterval(checkEnd, 1000);
addEventListener("pagehide", blank);
follow("/staff/live", page.dataset.position, {
  changed: (topic, id) => {
    checkEnd();
    const ours = id === page.dataset.visit || topic === "reload";
    if (ours || (topic === "look" && over.hidden && !hasRecords())) location.reload();
  },
  ended: () => {
    blank();
    toLogin();
  },
  connected: () => {},
});
