// The desk by keyboard: j/k move, a approves, e edits, r rejects, s puts aside, x ticks, o opens, u undoes, / searches, ? helps.
// A form that is typed into (data-typed) is left alone: no key records a meeting.
// Without this file everything is where it is, for fingers and for Tab.
"use strict";

const PLACE = "nurture.place";
const items = () => [...document.querySelectorAll("main .cards > li, main .rows > li")];
let at = -1;

function stand(index) {
  const all = items();
  if (!all.length) return;
  at = Math.max(0, Math.min(index, all.length - 1));
  const item = all[at];
  item.tabIndex = -1;
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

// The item that the keys act on: where one stands; else the page as a whole.
function here() {
  const inside = document.activeElement?.closest("main .cards > li, main .rows > li");
  return inside ?? items()[at] ?? document.querySelector("main");
}

function press(selector, where = here()) {
  const found = where.querySelector(selector);
  if (!found) return false;
  try {
    sessionStorage.setItem(PLACE, `${location.pathname} ${at}`);
  } catch {
    // Storage is switched off: the next page begins at its top.
  }
  found.click();
  return true;
}

function go(part) {
  const link = here().querySelector('.subject a[href^="/messages/"], a.row[href^="/messages/"]');
  if (link) location.assign(link.getAttribute("href") + part);
  return Boolean(link);
}

function reject() {
  const reason = document.querySelector("main details.grave textarea");
  if (!reason) return go("#reject");
  reason.closest("details").open = true;
  reason.focus();
  return true;
}

// Opens what is offered and stands on the first of it: Enter takes it, Tab goes on.
function later() {
  const fold = here().querySelector("details.later");
  if (!fold) return false;
  fold.open = true;
  fold.querySelector("button").focus();
  return true;
}

function help() {
  document.getElementById("keys")?.showModal();
  return true;
}

// The field of this page, else that of the people's.
function search() {
  const field = document.querySelector('input[type="search"]');
  if (field) field.focus();
  else location.assign("/people#q");
  return true;
}

const KEYS = {
  j: () => (stand(at + 1), true),
  k: () => (stand(at - 1), true),
  a: () => press("form:not([data-typed]) button.yes"),
  e: () => press('a[href$="/edit"]') || go("/edit"),
  r: reject,
  s: later,
  x: () => press('input[type="checkbox"]:not([data-typed] *)'),
  o: () => press(".subject a, a.row, .who a"),
  u: () => press(".said form button", document),
  "/": search,
  "?": help,
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && "aru".includes(event.key)) return;
  const act = KEYS[event.key];
  if (act && act()) event.preventDefault();
});

document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const button of document.querySelectorAll("[data-help]")) {
  button.hidden = false;
  button.addEventListener("click", help);
}

document.querySelector("[data-close]")?.addEventListener("click", () => document.getElementById("keys").close());

try {
  const [path, index] = (sessionStorage.getItem(PLACE) ?? "").split(" ");
  sessionStorage.removeItem(PLACE);
  if (path === location.pathname) stand(Number(index));
} catch {
  // As above.
}

if (location.hash === "#reject") reject();
if (location.hash === "#q") search();
