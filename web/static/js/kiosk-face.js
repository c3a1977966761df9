// What the camera sees, one picture after the other, while its screen is shown and seen.  Each is
// decoded before it takes the place of the last; none is kept.

const EVERY_MS = 100;
const AGAIN_MS = 500; // where there is none just now

let place = null; // the element that holds the picture
let address = "";
let number = 0;
let timer = 0;

export function start(frame) {
  clearTimeout(timer);
  place = frame.querySelector(".face-seen");
  if (place) {
    address = place.getAttribute("src");
    goOn(0);
  }
}

function goOn(wait) {
  clearTimeout(timer);
  if (place?.isConnected && !document.hidden) {
    timer = setTimeout(next, wait);
  }
}

async function next() {
  const began = performance.now();
  const old = place;
  const picture = new Image();
  picture.className = old.className;
  picture.alt = "";
  number += 1;
  picture.src = `${address}&number=${number}`;
  let wait = EVERY_MS;
  try {
    await picture.decode();
  } catch {
    wait = AGAIN_MS; // none: the last one stays until the terminal says what to do
  }
  if (place !== old) {
    return; // another screen, or this one begun again
  }
  if (wait === EVERY_MS) {
    old.replaceWith(picture);
    place = picture;
  }
  goOn(Math.max(0, wait - (performance.now() - began)));
}

document.addEventListener("visibilitychange", () => goOn(0));
