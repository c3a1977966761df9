// What every page for staff does: it tells the server that a person is here, and shows nothing
// from the browser's memory after the way back.

const SEEN_MS = 60000;
let seen = Date.now();

export const token = document.querySelector('meta[name="csrf-token"]').content;

export function toLogin() {
  location.assign("/staff/login");
}

function note() {
  if (Date.now() - seen < SEEN_MS) return;
  seen = Date.now();
  fetch("/staff/seen", { method: "POST", headers: { "X-CSRF-Token": token } }).then((answer) => {
    if (answer.status === 401) toLogin();
  }, () => {});
}

for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, note, { passive: true });

// Disaster mode ends by the clock: its banner goes with it.
const disaster = document.querySelector(".desk-disaster[data-until]");
if (disaster) {
  const look = () => {
    const left = Date.parse(disaster.dataset.until) - Date.now();
    if (left <= 0) disaster.remove();
    else setTimeout(look, Math.min(left, SEEN_MS));
  };
  look();
}

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
