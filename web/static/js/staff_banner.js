// The banner of disaster mode: it comes when the mode is switched on and goes when it ends, on a
// page that stands open, whatever page it is.

import { adopt, follow, isFollowing, refresher } from "./live.js";
import { toLogin } from "./staff.js";

const LOOK_MS = 60000;
const TOPICS = ["disaster", "reload", "look"];
let timer = 0;

function banner() {
  return document.querySelector(".desk-disaster[data-until]");
}

/** Mode ends by the clock: its banner goes with it, and whoever shows what it opened hears of it. */
function look() {
  clearTimeout(timer);
  const shown = banner();
  if (!shown) return;
  const left = Date.parse(shown.dataset.until) - Date.now();
  if (left > 0) timer = setTimeout(look, Math.min(left, LOOK_MS));
  else refresh();
}

const refresh = refresher("/staff/disaster/banner", (other) => {
  const now = other.querySelector(".desk-disaster")?.outerHTML ?? "";
  if (now !== (banner()?.outerHTML ?? "")) adopt(other, "disaster-banner");
  look();
}, (status) => {
  if (status === 401) toLogin();
});

document.addEventListener("live", (event) => {
  if (TOPICS.includes(event.detail)) refresh();
});

// the page's own script comes after this one, and may follow the stream by itself
addEventListener("DOMContentLoaded", () => {
  if (isFollowing()) return;
  follow("/staff/live", document.body.dataset.live, {
    changed: () => {},
    ended: toLogin,
    connected: () => {},
  });
});
look();
