// Today's list: live, searched by typing, walked by arrow keys.

import { adopt, follow, refresher } from "./live.js";
import { toLogin } from "./staff.js";

const MINUTE_MS = 30000;
const search = document.getElementById("search");
const offline = document.getElementById("offline");
const none = document.getElementById("none-found");
let shownAt = day().dataset.at;

function day() {
  return document.getElementById("day");
}

/** One form for all ways to write a name: width, case, hiragana and spaces do not matter. */
function plain(words) {
  return words
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u3041-\u3096]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60))
    .replace(/[\s・-]/g, "");
}

function links() {
  return [...day().querySelectorAll("tr[data-visit]:not([hidden]) a.row-link")];
}

function filter() {
  const wanted = plain(search.value);
  let found = 0;
  for (const row of day().querySelectorAll("tr[data-visit]")) {
    row.hidden = wanted !== "" && !plain(row.dataset.find).includes(wanted);
    if (!row.hidden) found += 1;
  }
  for (const group of day().querySelectorAll("tbody")) {
    group.hidden = wanted !== "" && !group.querySelector("tr[data-visit]:not([hidden])");
  }
  none.hidden = wanted === "" || found > 0;
}

function show(other) {
  const chosen = document.activeElement?.closest("tr[data-visit]")?.dataset.visit;
  adopt(other, "desk-state");
  if (!adopt(other, "day")) return;
  shownAt = day().dataset.at;
  filter();
  if (chosen) day().querySelector(`tr[data-visit="${CSS.escape(chosen)}"] a.row-link`)?.focus();
  setConnected(true);
}

function setConnected(here) {
  document.body.toggleAttribute("data-offline", !here);
  offline.hidden = here;
  if (!here) {
    const title = offline.querySelector(".banner-title");
    title.textContent = offline.dataset.words.replace("{time}", shownAt);
  }
}

const refresh = refresher("/staff/today/rows", show, (status) => {
  if (status === 401) toLogin();
  else if (status === 0 || status >= 500) setConnected(false);
});

function walk(by) {
  const all = links();
  const place = all.indexOf(document.activeElement);
  if (place < 0) all[by > 0 ? 0 : all.length - 1]?.focus();
  else if (place + by < 0) search.focus();
  else all[place + by]?.focus();
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const writing = document.activeElement?.closest("input, textarea, select, button");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    walk(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape") {
    search.value = "";
    filter();
    search.focus();
  } else if (event.key === "Enter" && document.activeElement === search) {
    event.preventDefault();
    if (search.value !== "") links()[0]?.click();
  } else if (event.key.length === 1 && event.key !== " " && !writing) {
    search.focus();
  }
});

search.addEventListener("input", filter);
search.form.addEventListener("submit", (event) => event.preventDefault());
search.focus({ preventScroll: true });
filter();
follow("/staff/live", day().dataset.position, {
  changed: (topic) => {
    if (topic !== "bulk") refresh();
  },
  ended: toLogin,
  connected: (here) => {
    if (here) refresh();
    else setConnected(false);
  },
});
setInterval(() => {
  if (!document.hidden) refresh();
}, MINUTE_MS);
