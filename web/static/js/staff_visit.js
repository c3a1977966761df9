// One visit: fetched again when it changes, unless somebody is just filling in its form.

import { adopt, follow, refresher } from "./live.js";
import { toLogin } from "./staff.js";

const changed = document.getElementById("changed");
const said = document.getElementById("said");

function body() {
  return document.getElementById("visit");
}

function isTouched(input) {
  if (input.options) {
    const chosen = [...input.options].find((option) => option.defaultSelected) ?? input.options[0];
    return input.value !== chosen?.value;
  }
  return input.value !== input.defaultValue || input.checked !== input.defaultChecked;
}

function isBusy() {
  const form = document.activeElement?.closest("form");
  const fields = [...body().querySelectorAll("form input:not([type=hidden]), form select")];
  return fields.some((input) => input.form === form || isTouched(input));
}

function words() {
  return body().querySelector("[data-say]")?.dataset.say ?? "";
}

function show(other) {
  if (isBusy()) {
    changed.hidden = false;
    return;
  }
  const before = words();
  adopt(other, "visit");
  if (words() !== before) said.textContent = words();
}

// back from the card's form: what came of it may be known already
if (location.hash === "#on-card") said.textContent = words();

// not the page's own address, which after a refused form is the form's
const refresh = refresher(`/staff/visits/${body().dataset.visit}`, show, (status) => {
  if (status === 401) toLogin();
});

follow("/staff/live", body().dataset.position, {
  changed: (topic, id) => {
    if (topic === "reload" || topic === "look" || topic === "disaster" || id === body().dataset.visit) refresh();
  },
  ended: toLogin,
  connected: (here) => document.body.toggleAttribute("data-offline", !here),
});
