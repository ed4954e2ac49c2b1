// The sandbox's page: asks the control API once a second and changes only what is different, so that focus stays.

const SECOND = 1000;
const SHOWN_CALLS = 200;
const byId = (id) => document.getElementById(id);

async function control(method, path, body) {
  const answer = await fetch(`/control${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const value = await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error(value?.error ?? `HTTP ${answer.status}`), { status: answer.status });
  return value;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Keeps one element for each item of a list, in the list's order; `make` builds a new one, `change` brings it up to date.
function keep(list, items, name, make, change) {
  const present = new Map([...list.children].map((element) => [element.dataset.key, element]));
  let before = list.firstElementChild;
  for (const item of items) {
    const key = String(name(item));
    let element = present.get(key);
    if (element === undefined) {
      element = make(item);
      element.dataset.key = key;
    }
    present.delete(key);
    if (element === before) before = before.nextElementSibling;
    else list.insertBefore(element, before);
    change(element, item);
  }
  for (const element of present.values()) element.remove();
}

const copyOf = (template) => byId(template).content.firstElementChild.cloneNode(true);
const clock = (seconds) => new Date(seconds * SECOND).toLocaleTimeString([], { hour12: false });
const minutes = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

// Players

const KINDS = { track: "Track", ad: "Ad", local: "Local file", episode: "Episode" };

function makePlayer(player) {
  const card = copyOf("player-template");
  const person = encodeURIComponent(player.user);
  card.querySelector(".buttons").setAttribute("aria-label", `Player of ${player.display_name}`);
  card.querySelector(".menu").setAttribute("aria-label", `Account of ${player.display_name}`);
  for (const button of card.querySelectorAll("[data-act]")) {
    button.addEventListener("click", () => act(control("POST", `/spotify/players/${person}/${button.dataset.act}`)));
  }
  for (const button of card.querySelectorAll("[data-deed]")) {
    button.addEventListener("click", () => act(control("POST", `/spotify/users/${person}/${button.dataset.deed}`)));
  }
  const bar = card.querySelector("input");
  bar.setAttribute("aria-label", `Position in the track of ${player.display_name}`);
  bar.addEventListener("input", () => (card.dataset.seeking = "yes"));
  bar.addEventListener("change", () => {
    const sought = control("POST", `/spotify/players/${person}/seek`, { position_ms: Number(bar.value) });
    act(sought).finally(() => delete card.dataset.seeking);
  });
  return card;
}

function changePlayer(card, player) {
  card.player = { ...player, seenAt: performance.now() };
  const nothing = player.kind === "nothing";
  say(card.querySelector("h3"), player.display_name);
  say(card.querySelector(".title"), nothing ? "Nothing plays" : player.kind === "ad" ? "Advertisement" : player.title);
  say(card.querySelector(".artist"), nothing || player.kind === "ad" ? "" : player.artists.join(", "));
  const state = player.private ? "private" : nothing ? "silent" : player.playing ? player.kind : "paused";
  const words = { ...KINDS, private: "Private session", silent: "Silent", paused: "Paused", track: "Playing" };
  const badge = card.querySelector(".badge");
  say(badge, words[state]);
  badge.dataset.is = state;
  const main = card.querySelector(".main");
  main.dataset.act = player.playing ? "pause" : "play";
  main.setAttribute("aria-label", player.playing ? "Pause" : "Play");
  main.firstElementChild.className = `icon ${main.dataset.act}`;
  const session = card.querySelector(".session");
  session.dataset.act = player.private ? "public" : "private";
  session.setAttribute("aria-pressed", String(player.private));
  say(card.querySelector(".linked"), player.connected ? "Connected to Backline" : "Not connected");
  card.querySelector(".menu").hidden = !player.connected;
  const allowed = card.querySelector(".allowed");
  allowed.dataset.deed = player.allowed ? "forbid" : "allow";
  allowed.setAttribute("aria-pressed", String(!player.allowed));
  showProgress(card);
}

function showProgress(card) {
  const { duration_ms: length, playing, progress_ms: progress, seenAt } = card.player;
  const bar = card.querySelector("input");
  bar.disabled = !length;
  bar.max = String(length ?? 1);
  const gone = (progress ?? 0) + (playing ? performance.now() - seenAt : 0);
  const past = card.dataset.seeking ? Number(bar.value) : Math.min(gone, length ?? 0);
  if (!card.dataset.seeking) bar.value = String(past);
  bar.style.setProperty("--past", `${length ? (100 * past) / length : 0}%`);
  bar.setAttribute("aria-valuetext", `${minutes(past)} of ${minutes(length ?? 0)}`);
  say(card.querySelector(".past"), length ? minutes(past) : "");
  say(card.querySelector(".length"), length ? minutes(length) : "");
}

let players = true;

async function showPlayers() {
  if (!players) return;
  const found = await control("GET", "/spotify/players").catch((fault) => {
    if (fault.status !== 404) throw fault;
    players = false;
    return { players: [] };
  });
  byId("players").hidden = !players;
  byId("no-players").hidden = found.players.length > 0;
  keep(byId("player-list"), found.players, (player) => player.user, makePlayer, changePlayer);
}

// Decks

function makeDeck(deck) {
  const card = copyOf("deck-template");
  const person = encodeURIComponent(deck.user);
  const form = card.querySelector("form");
  card.querySelector(".buttons").setAttribute("aria-label", `Let ${deck.display_name} play`);
  form.setAttribute("aria-label", `What ${deck.display_name} plays`);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const deed = event.submitter?.value ?? "play";
    const { title, artist } = form.elements;
    // `elements.length` is how many there are.
    const length = form.elements.namedItem("length");
    const track = { title: title.value.trim(), artist: artist.value.trim() || null, length: Number(length.value) };
    const done = control("POST", `/serato/users/${person}/${deed}`, deed === "set" ? { tracks: [track] } : track);
    const problem = card.querySelector(".problem");
    done.then(() => say(problem, ""), (fault) => say(problem, fault.message));
    act(done);
  });
  return card;
}

function changeDeck(card, deck) {
  say(card.querySelector("h3"), deck.display_name);
  const badge = card.querySelector(".badge");
  say(badge, deck.connected ? "Connected" : "Not connected");
  badge.dataset.is = deck.connected ? "track" : "silent";
  card.querySelector(".empty").hidden = deck.plays.length > 0;
  const plays = [...deck.plays].reverse();
  keep(card.querySelector(".played"), plays, (play) => play.id, () => document.createElement("li"), (item, play) => {
    const began = clock(Date.parse(play.started_at) / SECOND);
    say(item, `${began} ${[play.artist, play.title].filter(Boolean).join(" - ")}, deck ${play.deck}${play.ended_at ? "" : ", on now"}`);
  });
}

async function showDecks() {
  const found = await control("GET", "/serato/decks").catch((fault) => {
    if (fault.status !== 404) throw fault;
    return { decks: [] };
  });
  byId("decks").hidden = found.decks.length === 0;
  keep(byId("deck-list"), found.decks, (deck) => deck.user, makeDeck, changeDeck);
}

// Inbox

let heard = null;

function makeMessage(message) {
  const item = copyOf("message-template");
  say(item.querySelector(".badge"), message.kind === "sms" ? "SMS" : "Mail");
  say(item.querySelector(".to"), message.to);
  say(item.querySelector("time"), clock(message.received_at));
  say(item.querySelector(".subject"), message.subject ?? "");
  say(item.querySelector(".text"), message.text);
  const code = item.querySelector(".code");
  code.hidden = !message.code;
  say(code.querySelector("code"), message.code ?? "");
  const button = code.querySelector("button");
  button.setAttribute("aria-label", `Copy the code ${message.code} of ${message.to}`);
  button.addEventListener("click", async () => {
    // Where the browser does not let us, the code is selected, for people to copy it themselves.
    const copied = await navigator.clipboard.writeText(message.code).then(() => true, () => false);
    if (!copied) getSelection().selectAllChildren(code.querySelector("code"));
    say(button, copied ? "Copied" : "Selected");
    setTimeout(() => say(button, "Copy"), 1.5 * SECOND);
  });
  if (heard !== null) item.classList.add("new");
  return item;
}

async function showInbox() {
  const { messages } = await control("GET", "/inbox");
  messages.reverse();
  byId("no-messages").hidden = messages.length > 0;
  say(byId("inbox-count"), messages.length ? String(messages.length) : "");
  keep(byId("message-list"), messages, (message) => message.id, makeMessage, () => {});
  const newest = messages[0];
  if (heard !== null && newest && newest.id !== heard) {
    say(byId("heard"), newest.code ? `Code for ${newest.to}: ${newest.code}` : `A message for ${newest.to}`);
  }
  heard = newest?.id ?? "";
}

// Faults

function makeFault(rule) {
  const item = copyOf("fault-template");
  const button = item.querySelector("button");
  button.addEventListener("click", () => act(control("DELETE", `/faults/${encodeURIComponent(rule.id)}`)));
  return item;
}

function changeFault(item, rule) {
  const words = [
    [...byId("fault-form").elements.kind.options].find((option) => option.value === rule.kind)?.text ?? rule.kind,
    rule.kind === "delay" ? `by ${rule.seconds} s` : rule.status ? `${rule.status}` : "",
    `at ${rule.host ?? "every vendor"}${rule.path ?? ""}`,
    rule.method ?? "",
    rule.probability < 1 ? `${Math.round(rule.probability * 100)} % of the time` : "",
    rule.times === null ? "" : `${rule.times} more ${rule.times === 1 ? "time" : "times"}`,
  ];
  const text = words.filter(Boolean).join(", ");
  say(item.querySelector(".what"), text);
  item.querySelector("button").setAttribute("aria-label", `Switch off: ${text}`);
}

async function showFaults() {
  const { faults } = await control("GET", "/faults");
  byId("no-faults").hidden = faults.length > 0;
  byId("clear-faults").hidden = faults.length === 0;
  say(byId("fault-count"), faults.length ? String(faults.length) : "");
  keep(byId("fault-list"), faults, (rule) => rule.id, makeFault, changeFault);
}

function prepareFaultForm() {
  const form = byId("fault-form");
  const fit = () => {
    for (const label of form.querySelectorAll("[data-for]")) {
      label.hidden = !label.dataset.for.split(" ").includes(form.elements.kind.value);
    }
    form.elements.status.value = ["html", "empty"].includes(form.elements.kind.value) ? "200" : "503";
  };
  form.elements.kind.addEventListener("change", fit);
  fit();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const rule = { kind: form.elements.kind.value, host: form.elements.host.value.trim() || null };
    if (form.elements.times.value) rule.times = Number(form.elements.times.value);
    for (const name of ["seconds", "status"]) {
      if (!form.elements[name].closest("label").hidden) rule[name] = Number(form.elements[name].value);
    }
    const done = control("POST", "/faults", rule);
    done.then(() => say(byId("fault-error"), ""), (fault) => say(byId("fault-error"), fault.message));
    act(done);
  });
}

// Calls

const calls = new Map();
let lastCall = 0;

async function showCalls() {
  const open = [...calls.values()].filter((call) => call.seconds === null).map((call) => call.id - 1);
  const since = Math.min(lastCall, ...open);
  const found = await control("GET", `/calls?since=${since}&limit=${SHOWN_CALLS}`);
  lastCall = found.last;
  for (const call of found.calls) calls.set(call.id, call);
  for (const id of [...calls.keys()].sort((a, b) => a - b).slice(0, -SHOWN_CALLS)) calls.delete(id);
  const chosen = byId("call-host");
  const hosts = [...new Set([...calls.values()].map((call) => call.host))].sort();
  for (const host of hosts) {
    if (![...chosen.options].some((option) => option.value === host)) chosen.add(new Option(host, host));
  }
  const shown = [...calls.values()].filter((call) => !chosen.value || call.host === chosen.value).sort((a, b) => b.id - a.id);
  byId("no-calls").hidden = shown.length > 0;
  keep(byId("call-list"), shown, (call) => call.id, () => copyOf("call-template"), changeCall);
}

function changeCall(item, call) {
  if (item.call === call) return;
  item.call = call;
  say(item.querySelector("time"), clock(call.at));
  const status = item.querySelector(".status");
  say(status, `${call.seconds === null ? "waiting" : call.status ?? "no answer"}${call.fault ? " ⚡" : ""}`);
  status.dataset.is = call.status === null ? "warn" : call.status < 400 ? "good" : call.status < 500 ? "warn" : "bad";
  if (call.fault) status.title = `Fault: ${call.fault}`;
  say(item.querySelector(".method"), call.method);
  say(item.querySelector(".host"), call.host);
  say(item.querySelector(".path"), call.path);
  say(item.querySelector(".who"), call.who ?? "");
  say(item.querySelector(".took"), call.seconds === null ? "" : `${Math.round(call.seconds * SECOND)} ms`);
  const facts = { Query: call.query, Authorization: call.authorization, Body: call.body, Fault: call.fault, Answer: call.answer };
  const rows = Object.entries(facts).filter(([, text]) => text);
  item.querySelector("dl").replaceChildren(
    ...rows.flatMap(([name, text]) => [Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: text })]),
  );
}

// The round

let round = 0;
let waiting = 0;

async function look() {
  const mine = ++round;
  clearTimeout(waiting);
  const state = byId("state");
  try {
    await Promise.all([showPlayers(), showDecks(), showInbox(), showFaults(), showCalls()]);
    state.dataset.is = "on";
    say(state, "Live");
  } catch {
    state.dataset.is = "off";
    say(state, "The sandbox does not answer");
  }
  if (mine === round && !document.hidden) waiting = setTimeout(look, SECOND);
}

// After a deed everything is looked at again at once.
function act(deed) {
  return deed.catch(() => {}).then(look);
}

byId("clear-inbox").addEventListener("click", () => act(control("DELETE", "/inbox")));
byId("clear-faults").addEventListener("click", () => act(control("DELETE", "/faults")));
byId("call-host").addEventListener("change", () => act(Promise.resolve()));
byId("reset").addEventListener("click", () => {
  if (!confirm("Forget every account, message, call and fault of the sandbox?")) return;
  calls.clear();
  act(control("POST", "/reset"));
});
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(() => document.querySelectorAll(".card").forEach((card) => card.player && showProgress(card)), SECOND / 4);
prepareFaultForm();
look();
