// Shows which card lies on the reader, puts and takes cards.  The server is the only truth.

const POLL_MS = 700;
const aside = document.querySelector("aside");
const now = document.querySelector(".now");
const nowTries = document.querySelector(".now-tries");
const said = document.querySelector("#said");
const trace = document.querySelector(".trace");
const tray = document.querySelector(".tray");
const details = document.querySelector("details");
const camera = document.querySelector(".camera");
const tiles = new Map([...document.querySelectorAll(".card")].map((tile) => [tile.dataset.slug, tile]));
let onReader = null;
let turn = 0;

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function show(state) {
  onReader = state.on_reader;
  const visitor = camera?.querySelector(`[value="${state.before_camera}"]`);
  if (visitor) visitor.checked = true;
  for (const card of state.cards) {
    const tile = tiles.get(card.slug);
    if (!tile) return location.reload();
    tile.classList.toggle("here", card.slug === onReader);
    if (tile.querySelector(".tries")) showTries(tile, card.pin_tries_left);
  }
  const tile = tiles.get(onReader);
  aside.classList.toggle("occupied", Boolean(tile));
  aside.classList.toggle("connected", Boolean(tile) && state.reader_connected);
  if (tile) document.querySelector(".laid b").textContent = tile.dataset.name;
  setText(now, !tile ? now.dataset.empty : state.reader_connected ? tile.dataset.name : now.dataset.waiting);
  const tries = tile?.querySelector(".tries-text")?.textContent;
  nowTries.hidden = !tries;
  setText(nowTries, tries ? `${nowTries.dataset.label} ${tries}` : "");
  document.querySelector("#take").hidden = !tile;
  document.querySelector("#reset").hidden = !tile || !tile.querySelector(".tries");
}

function showTries(tile, left) {
  tile.classList.toggle("low", left === 1);
  tile.classList.toggle("none", left === 0);
  tile.querySelectorAll(".dots i").forEach((dot, index) => dot.classList.toggle("left", index < left));
  const text = left === 0 ? tray.dataset.blocked : tray.dataset.left.replace("{n}", left);
  setText(tile.querySelector(".tries-text"), text);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

async function showTrace() {
  if (!details.open) return;
  const exchanges = onReader ? (await ask(`/trace?card=${onReader}`))[onReader].slice(-30).reverse() : [];
  const none = document.createElement("li");
  none.textContent = trace.dataset.none;
  const lines = exchanges.map((exchange) => {
    const line = document.createElement("li");
    const command = document.createElement("span");
    const answer = document.createElement("b");
    command.textContent = exchange.command;
    command.title = exchange.target;
    answer.textContent = exchange.sw === null ? trace.dataset.mute : exchange.sw.toString(16).toUpperCase();
    line.append(command, answer);
    return line;
  });
  trace.replaceChildren(...(lines.length ? lines : [none]));
}

async function act(path, slug, words) {
  turn += 1;
  const mine = turn;
  const name = tiles.get(slug ?? onReader)?.dataset.name ?? "";
  try {
    const state = await ask(path, slug === null ? {} : { card: slug });
    if (mine === turn) show(state);
    said.textContent = `${name} ${words}`;
  } catch {
    now.textContent = now.dataset.lost;
  }
}

async function poll() {
  if (!document.hidden) {
    const mine = turn;
    try {
      const state = await ask("/state");
      if (mine === turn) show(state);
      await showTrace();
    } catch {
      now.textContent = now.dataset.lost;
    }
  }
  setTimeout(poll, POLL_MS);
}

for (const [slug, tile] of tiles) {
  tile.querySelector(".act").addEventListener("click", () => {
    if (slug === onReader) act("/remove", null, said.dataset.taken);
    else act("/insert", slug, said.dataset.put);
  });
}
document.querySelector("#take").addEventListener("click", async () => {
  const button = tiles.get(onReader)?.querySelector(".act");
  await act("/remove", null, said.dataset.taken);
  button?.focus({ preventScroll: true }); // this button goes away; the keyboard stays by the card
});
document.querySelector("#reset").addEventListener("click", () => act("/reset", onReader, said.dataset.reset));
camera?.addEventListener("change", async (event) => {
  turn += 1;
  const mine = turn;
  try {
    const state = await ask("/before-camera", { who: event.target.value });
    if (mine === turn) show(state);
    said.textContent = `${camera.dataset.said} ${event.target.closest("label").textContent.trim()}`;
  } catch {
    now.textContent = now.dataset.lost;
  }
});
details.addEventListener("toggle", () => showTrace().catch(() => {}));
poll();
