// The payer's lists: how far each got is fetched again whenever work in the background went on.

import { adopt, refresher } from "./live.js";
import { toLogin } from "./staff.js";

const TOPICS = ["bulk", "reload", "look"];

const refresh = refresher("/staff/lists", (other) => adopt(other, "lists"), (status) => {
  if (status === 401) toLogin();
});

document.addEventListener("live", (event) => {
  if (TOPICS.includes(event.detail)) refresh();
});
