// A card that lies there is reminded of by a soft tone, again and again for some minutes; what the
// eye is to see is in the style sheet.  The terminal says whether, and after how many seconds.

const EVERY_MS = 10_000;
const FOR_MS = 180_000;
const LATE_MS = 1_000;
const NOTES = [
  { hertz: 784, at: 0 },
  { hertz: 587, at: 0.28 },
];
const NOTE_SECONDS = 0.7;
const LOUDNESS = 0.12;

let about = "";
let timer = 0;
let audio = null;

export function start(frame) {
  const { screen, toneAfter } = frame.dataset;
  const present = toneAfter ? screen : "";
  if (present === about) {
    return; // the same screen told anew: the next tone comes when it was due
  }
  about = present;
  clearTimeout(timer);
  if (present) {
    const first = Number.parseFloat(toneAfter) * 1000;
    const until = performance.now() + first + FOR_MS;
    timer = setTimeout(() => again(until), first);
  }
}

function again(until) {
  chime();
  if (performance.now() + EVERY_MS < until) {
    timer = setTimeout(() => again(until), EVERY_MS);
  }
}

// A browser that may not sound before it was touched keeps us waiting: then a tone that comes too
// late is none.
function chime() {
  audio ??= new AudioContext();
  const asked = performance.now();
  audio.resume().then(() => {
    if (performance.now() - asked < LATE_MS) {
      NOTES.forEach(play);
    }
  });
}

function play({ hertz, at }) {
  const from = audio.currentTime + at;
  const note = new OscillatorNode(audio, { type: "sine", frequency: hertz });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(LOUDNESS, from + 0.03);
  volume.gain.exponentialRampToValueAtTime(0.0001, from + NOTE_SECONDS);
  note.connect(volume).connect(audio.destination);
  note.start(from);
  note.stop(from + NOTE_SECONDS);
}
