// The page of the payer simulator: shows its fault and its requests, and sends orders.
const word = document.body.dataset;
const at = (id) => document.getElementById(id);
const labels = new Map(
  [...at("fault").kind.options].map((option) => [option.value, option.textContent]),
);

async function send(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.problem);
  return content;
}

function complain(words) {
  at("problem").textContent = words;
  at("problem").hidden = !words;
}

function row(request) {
  const line = document.createElement("tr");
  const time = new Date(request.at).toLocaleTimeString(document.documentElement.lang);
  for (const text of [
    time,
    request.institution,
    `${request.method} ${request.path}`,
    request.status,
    request.outcome,
    labels.get(request.fault) ?? request.fault,
    request.milliseconds.toFixed(1),
    request.question,
  ]) {
    line.insertCell().textContent = text;
  }
  if (request.status >= 400 || request.fault) line.className = "odd";
  return line;
}

let shown = "";

async function look() {
  try {
    const [fault, log] = await Promise.all([send("GET", "faults"), send("GET", "requests")]);
    let now = fault.kind ? labels.get(fault.kind) : word.none;
    if (fault.times) now += ` (${word.left} ${fault.times})`;
    at("now").textContent = now;
    const newest = JSON.stringify([log.total, log.requests[0]]);
    if (newest !== shown) {
      shown = newest;
      at("total").textContent = log.total;
      at("empty").hidden = log.requests.length > 0;
      const table = document.querySelector("table");
      table.hidden = log.requests.length === 0;
      table.tBodies[0].replaceChildren(...log.requests.map(row));
    }
    if (at("problem").textContent === word.lost) complain("");
  } catch {
    complain(word.lost);
  }
}

async function order(...request) {
  at("done").textContent = "";
  try {
    complain("");
    const content = await send(...request);
    await look();
    return content;
  } catch (error) {
    complain(error.message);
    return null;
  }
}

at("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const { kind, seconds, times, path } = event.target;
  order("PUT", "faults", {
    kind: kind.value,
    seconds: Number(seconds.value),
    times: times.value === "" ? null : Number(times.value),
    path: path.value,
  });
});
at("limit").addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = event.target.requests_per_second;
  order("PUT", "limit", { requests_per_second: value === "" ? null : Number(value) });
});
at("clear").addEventListener("click", () => order("DELETE", "faults"));
at("delete").addEventListener("click", () => order("DELETE", "requests"));
at("forget").addEventListener("click", async () => {
  if (await order("POST", "forget")) at("done").textContent = word.forgotten;
});

// A card visit at the national reader; there is a form only where drop folders are served.
const visit = at("visit");
visit?.fault.addEventListener("change", () => {
  at("ago").hidden = visit.fault.value !== "late";
});
visit?.addEventListener("submit", async (event) => {
  event.preventDefault();
  at("sent").textContent = "";
  const told = await order("POST", "visits", {
    person: visit.other.value.trim() || visit.person.value,
    institution: visit.institution.value,
    consents: [...visit.querySelectorAll("[name=consents]:checked")].map((box) => box.value),
    fault: visit.fault.value || null,
    seconds: visit.fault.value === "late" ? Number(visit.seconds.value) : 0,
  });
  if (told) at("sent").textContent = `${word.sent} ${told.told_as.join(" ")}`;
});

at("limit").requests_per_second.value = (await send("GET", "limit")).requests_per_second ?? "";
await look();
setInterval(look, 1000);
