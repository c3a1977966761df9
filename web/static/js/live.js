// Follows a stream of ids and fetches pages again.  The server's events hold no data: whoever
// hears one asks for what changed with its own rights.

const POLL_MS = 5000;
const PATIENCE_MS = 2500;
const LONGEST_PRESS_MS = 3000;

let followed = false;

/** Whether this page follows a stream by now. */
export function isFollowing() {
  return followed;
}

/**
 * Follow the stream at `url` from the position `since` ("boot:sequence").
 * `changed(topic, id)` is called for each event, with "reload" where events were lost, and with
 * "look" when nothing is known and it is time to look;
 * `ended()` when the log-in is over; `connected(bool)` when the stream is lost and found again.
 * The stream is closed while the page is hidden: a browser has six connections a host.
 */
export function follow(url, since, { changed, ended, connected }) {
  followed = true;
  const tell = (topic, id) => {
    changed(topic, id);
    // whoever else on the page wants to know
    document.dispatchEvent(new CustomEvent("live", { detail: topic }));
  };
  let source = null;
  let position = since;
  let lost = 0;
  let poll = 0;

  const found = () => {
    clearTimeout(lost);
    lost = 0;
    connected(true);
  };
  const hear = (event) => {
    position = event.lastEventId || position;
    tell(event.type, event.data);
  };
  const open = () => {
    clearInterval(poll);
    source?.close();
    source = new EventSource(`${url}?since=${encodeURIComponent(position)}`);
    source.addEventListener("open", found);
    const topics = ["visit", "kiosk", "device", "bulk", "consent", "disaster", "reload"];
    for (const topic of topics) source.addEventListener(topic, hear);
    source.addEventListener("ended", () => {
      source.close();
      ended();
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) {
        // no place for another stream (204), or the way in is shut: look from time to time
        clearInterval(poll);
        poll = setInterval(() => tell("look", ""), POLL_MS);
      } else if (!lost) {
        lost = setTimeout(() => connected(false), PATIENCE_MS);
      }
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      clearInterval(poll);
    } else {
      open();
      tell("look", "");
    }
  });
  addEventListener("pagehide", () => source?.close());
  open();
}

let pressed = false;
let longest = 0;
const postponed = [];

function released() {
  clearTimeout(longest);
  pressed = false;
  for (const change of postponed.splice(0)) change();
}

addEventListener("pointerdown", () => {
  clearTimeout(longest);
  pressed = true;
  longest = setTimeout(released, LONGEST_PRESS_MS);
}, true);
// the click comes after the release
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(released), true);

/** Let nothing change under a finger or a mouse that is down: its click would be lost. */
function whenReleased(change) {
  if (pressed) postponed.push(change);
  else change();
}

/**
 * Return a function that fetches `url` and hands the parsed document to `show`; calls while one
 * is under way are answered by one more afterwards.  `failed(status)`: 0 where nobody answered.
 */
export function refresher(url, show, failed) {
  let busy = false;
  let again = false;
  return function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.setRequestHeader("X-Refresh", "1");
    request.timeout = 10000;
    request.addEventListener("loadend", () => {
      busy = false;
      if (request.status === 200 && request.response) whenReleased(() => show(request.response));
      else failed(request.status);
      if (again) {
        again = false;
        refresh();
      }
    });
    request.send();
  };
}

/** Whether another control is the same one told anew: its words, and where it leads. */
function like(one) {
  const signs = (each) => [each.textContent, each.ariaLabel, each.href, each.closest("form")?.action].join();
  return (other) => signs(other) === signs(one);
}

/**
 * Put the element `id` of another document in the place of ours.  What somebody unfolded stays so;
 * who is just about to press a button by keyboard finds it again.
 */
export function adopt(other, id) {
  const fresh = other.getElementById(id);
  const stale = document.getElementById(id);
  if (!fresh || !stale) return null;
  const held = stale.contains(document.activeElement) ? document.activeElement : null;
  const unfolded = [...stale.querySelectorAll("details[open] > summary")];
  stale.replaceWith(document.adoptNode(fresh));
  for (const summary of fresh.querySelectorAll("summary")) {
    if (unfolded.some(like(summary))) summary.parentElement.open = true;
  }
  if (held) [...fresh.querySelectorAll("a, button, summary")].find(like(held))?.focus({ preventScroll: true });
  return fresh;
}
