// Recording a meeting: rows come and go in place, what is typed is saved as it is typed, and a lost connection loses
// nothing: until the server has it, a copy lies in this browser. Without this file every button does the same by a
// page of its own.
"use strict";

const SOON = 1500; // milliseconds without a key before something is saved
const AGAIN = 5000; // … before it is tried again
const KEPT = 30 * 24 * 3600 * 1000; // as long as the server keeps a draft
const PREFIX = "nurture.meeting.";

// --- Search as you type, on both pages -------------------------------------------------------------------

let asked = 0;
let searching;

async function search(input) {
  const mine = ++asked;
  const into = document.getElementById(input.dataset.into);
  if (!input.value.trim()) {
    into.replaceChildren();
    return;
  }
  try {
    const answer = await fetch(`${input.dataset.search}?q=${encodeURIComponent(input.value)}`, { credentials: "same-origin" });
    if (answer.ok && !answer.redirected && mine === asked) into.innerHTML = await answer.text();
  } catch {
    // No connection: whoever is known here already stands in the list below.
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-search]")) return;
  clearTimeout(searching);
  searching = setTimeout(search, 200, event.target);
});

// --- The form --------------------------------------------------------------------------------------------

const form = () => document.getElementById("meeting");
const said = (name) => form().dataset[`said${name}`];
const keyOf = (shown) => PREFIX + new URL(shown.action).pathname.split("/").pop();

let changes = 0; // counts what was typed
let saved = 0; // … up to where the server has it
let timer;
let busy = Promise.resolve();
let pending = null; // the button that waits for the connection
let lost = false; // somebody else has the form, or the session is over: nothing more is saved by itself

function say(text, flag = false) {
  const state = document.getElementById("state");
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle("flag", flag);
}

function body(extra = {}) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form())) fields.append(name, String(value));
  fields.delete("do");
  for (const [name, value] of Object.entries(extra)) fields.set(name, value);
  return fields;
}

// A copy of what the server does not have yet: without the token, and without what must be kept nowhere.
function copy() {
  const fields = body();
  fields.delete("csrf");
  for (const wrong of form().querySelectorAll("[data-held]")) fields.delete(wrong.dataset.wrong);
  try {
    localStorage.setItem(keyOf(form()), JSON.stringify({ at: Date.now(), body: fields.toString() }));
  } catch {
    // No room, or none allowed: the page itself still has it.
  }
}

function forget() {
  try {
    localStorage.removeItem(keyOf(form()));
  } catch {
    // There is none.
  }
}

function changed() {
  changes += 1;
  copy();
  clearTimeout(timer);
  timer = setTimeout(save, SOON);
}

function hold(fields) {
  for (const place of form().querySelectorAll("[data-held]")) {
    if (!(place.dataset.wrong in fields)) tell(place, "");
  }
  for (const [name, text] of Object.entries(fields)) {
    const place = form().querySelector(`[data-wrong="${CSS.escape(name)}"]`);
    if (place) tell(place, text);
  }
}

function tell(place, text) {
  place.textContent = text;
  place.hidden = !text;
  place.toggleAttribute("data-held", Boolean(text));
  const field = document.getElementById(place.dataset.wrong);
  if (field) field.toggleAttribute("aria-invalid", false);
  if (field && text) field.setAttribute("aria-invalid", "true");
}

function save() {
  busy = busy.then(saveNow, saveNow);
  return busy;
}

async function saveNow() {
  if (lost || changes === saved) return;
  const upTo = changes;
  say(said("Saving"));
  let answer;
  try {
    answer = await fetch(`${form().action}/draft`, { method: "POST", body: body(), credentials: "same-origin", redirect: "manual" });
  } catch {
    say(said(pending ? "Pending" : "Offline"), true);
    clearTimeout(timer);
    timer = setTimeout(retry, AGAIN);
    return;
  }
  if (answer.status === 401 || answer.status === 403) {
    lost = true;
    say(said("SignedOut"), true);
  } else if (answer.status === 409) {
    const told = await answer.json();
    lost = true;
    if (told.ended) location.assign(told.ended);
    else say(said("Elsewhere"), true);
  } else if (answer.ok) {
    const told = await answer.json();
    form().elements.version.value = told.version;
    saved = upTo;
    hold(told.held);
    say(told.says);
    if (changes === saved) forget();
  } else {
    say(said("Offline"), true);
    timer = setTimeout(retry, AGAIN);
  }
}

async function retry() {
  await save();
  if (pending && changes === saved) press(pending);
}

addEventListener("online", () => form() && retry());
addEventListener("pagehide", () => form() && changes !== saved && copy());
document.addEventListener("visibilitychange", () => form() && document.hidden && save());

document.addEventListener("input", (event) => {
  if (form()?.contains(event.target) && event.target.name && event.target.name !== "find") changed();
});

// A button that is sent: as the browser would, but the page stays as it is when there is no connection.
async function press(button) {
  clearTimeout(timer);
  await busy;
  let answer;
  try {
    answer = await fetch(form().action, { method: "POST", body: body({ do: button.value }), credentials: "same-origin" });
  } catch {
    copy();
    pending = button.value === "record" ? button : null;
    say(said(pending ? "Pending" : "Offline"), true);
    changes += 1; // so that it is tried again
    timer = setTimeout(retry, AGAIN);
    return;
  }
  pending = null;
  if (answer.status === 401 || answer.status === 403) {
    say(said("SignedOut"), true);
    return;
  }
  forget();
  saved = changes;
  if (answer.redirected && new URL(answer.url).pathname !== new URL(form().action).pathname) {
    location.assign(answer.url);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("main");
  if (!fresh) {
    location.reload();
    return;
  }
  document.getElementById("main").replaceChildren(...fresh.childNodes);
  document.title = page.title;
  lost = false;
  (document.getElementById("alert") ?? document.getElementById(button.dataset.focus ?? "") ?? document.body).focus();
}

document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  press(event.submitter);
});

// --- Rows ------------------------------------------------------------------------------------------------

function row(group, template = group, key = "") {
  const list = document.querySelector(`[data-rows="${group}"]`);
  const there = [...list.querySelectorAll("[data-row]")].map((it) => Number(it.id.split(".")[1]));
  const n = Math.max(-1, ...there) + 1;
  const text = document.getElementById(`row-${template}`).innerHTML.replaceAll("__n__", String(n));
  list.insertAdjacentHTML("beforeend", text);
  const made = list.lastElementChild;
  const hidden = made.querySelector(`[name="people.${n}.person"]`);
  if (hidden) hidden.value = key;
  return made;
}

function enter(made) {
  changed();
  (made.querySelector("input:not([type=hidden]), textarea") ?? made).focus();
}

function person(chip) {
  const there = document.querySelector(`[name$=".person"][value="${CSS.escape(chip.dataset.person)}"]`);
  if (there) {
    there.closest("[data-row]").focus();
    return;
  }
  const made = row("people", "asks" in chip.dataset ? "asked" : "known", chip.dataset.person);
  made.querySelector(`[name$=".person"]`).setAttribute("value", chip.dataset.person);
  for (const place of made.querySelectorAll("[data-fill]")) place.textContent = chip.dataset[place.dataset.fill] ?? "";
  made.querySelector("[data-fill-before]").hidden = !chip.dataset.before;
  made.querySelector("[data-remove]").ariaLabel += chip.dataset.name;
  made.querySelector("[role=radiogroup]").ariaLabel = chip.dataset.name;
  chip.remove();
  enter(made);
}

function again(chip) {
  const free = [...document.querySelectorAll(`[data-rows="concerns"] textarea`)].find((it) => !it.value.trim());
  const made = free ? free.closest("[data-row]") : row("concerns");
  made.querySelector("textarea").value = chip.dataset.text;
  made.querySelector("select").value = chip.dataset.topic;
  chip.remove();
  enter(made);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !form()?.contains(button)) return;
  if (button.dataset.copy) {
    settle(button.dataset.copy);
  } else if (button.dataset.add) {
    event.preventDefault();
    enter(row(button.dataset.add));
  } else if (button.dataset.person) {
    event.preventDefault();
    person(button);
  } else if ("again" in button.dataset) {
    event.preventDefault();
    again(button);
  } else if ("remove" in button.dataset) {
    event.preventDefault();
    const gone = button.closest("[data-row]");
    const next = gone.closest(".part").querySelector(".adds button");
    gone.remove();
    next.focus();
    changed();
  }
});

// --- What was typed without a connection, and the page was opened again ----------------------------------

function left() {
  try {
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith(PREFIX) && !(JSON.parse(localStorage.getItem(name)).at > Date.now() - KEPT)) localStorage.removeItem(name);
    }
    const kept = localStorage.getItem(keyOf(form()));
    return kept ? new URLSearchParams(JSON.parse(kept).body) : null;
  } catch {
    return null;
  }
}

async function bring(fields, mine = {}) {
  fields.set("csrf", form().elements.csrf.value);
  for (const [name, value] of Object.entries(mine)) fields.set(name, value);
  const answer = await fetch(`${form().action}/draft`, { method: "POST", body: fields, credentials: "same-origin", redirect: "manual" });
  if (answer.ok) {
    forget();
    sessionStorage.setItem(PREFIX + "back", "1");
    location.reload();
  }
  return answer.status;
}

async function settle(how) {
  const kept = left();
  document.getElementById("copy").hidden = true;
  if (how === "drop" || !kept) forget();
  else await bring(kept, { hand: form().elements.hand.value, version: form().elements.version.value });
}

async function restore() {
  const kept = left();
  if (sessionStorage.getItem(PREFIX + "back")) {
    sessionStorage.removeItem(PREFIX + "back");
    say(said("Back"));
  }
  if (!kept || document.getElementById("alert")) return;
  try {
    if ((await bring(kept)) === 409) document.getElementById("copy").hidden = false;
  } catch {
    // Still no connection: it stays where it is.
  }
}

if (form()) restore();
