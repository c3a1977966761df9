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

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
