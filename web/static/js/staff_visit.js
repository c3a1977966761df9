// One visit: fetched again when it changes, unless somebody is just filling in its form.

import { adopt, follow, refresher } from "./live.js";
import { toLogin } from "./staff.js";

const changed = document.getElementById("changed");

function body() {
  return document.getElementById("visit");
}

function isBusy() {
  const form = document.activeElement?.closest("form");
  return Boolean(form && body().contains(form) && form.querySelector("input[type=radio]"));
}

function show(other) {
  if (isBusy()) {
    changed.hidden = false;
    return;
  }
  adopt(other, "visit");
}

const refresh = refresher(location.pathname, show, (status) => {
  if (status === 401) toLogin();
});

follow("/staff/live", body().dataset.position, {
  changed: (topic, id) => {
    if (topic === "reload" || topic === "look" || id === body().dataset.visit) refresh();
  },
  ended: toLogin,
  connected: (here) => document.body.toggleAttribute("data-offline", !here),
});
