// Today stays fresh while it is open. The server says that something changed (an event stream, /fresh); the page is
// fetched again, the title counts what waits, and a line offers what is new. Nothing moves under a finger: the list is
// put in place only while nobody looks at it. One window of a browser holds the stream and tells the others, for a
// browser opens few connections to one server. Without this file the page is as fresh as it was loaded.
"use strict";

const line = document.querySelector("[data-fresh]");
const channel = "BroadcastChannel" in window ? new BroadcastChannel("nurture.fresh") : null;
if (line) document.body.append(line); // beside the list, which may be put in place of another
const keys = (root) => new Set([...root.querySelectorAll("main li[data-key]")].map((item) => item.dataset.key));

function untouched() {
  const main = document.getElementById("main");
  return document.hidden && !main.querySelector("details[open]") && !main.contains(document.activeElement);
}

async function look() {
  let page;
  try {
    const answer = await fetch("/", { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // The server is away for a moment: the next event brings it.
  }
  document.title = page.title;
  const here = keys(document), there = keys(page);
  const more = [...there].filter((key) => !here.has(key)).length;
  const gone = [...here].filter((key) => !there.has(key)).length;
  if (!more && !gone) {
    line.hidden = true;
  } else if (untouched()) {
    page.querySelector("[data-fresh]")?.remove();
    document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
    line.hidden = true;
  } else {
    line.firstElementChild.textContent = more ? line.dataset.more.replace("{count}", more) : line.dataset.other;
    line.hidden = false;
  }
}

// Several changes at once, and several windows, ask once each, not all in the same moment.
let due = 0;
function soon() {
  due ||= setTimeout(() => {
    due = 0;
    look();
  }, 200 + Math.random() * 800);
}

function listen() {
  const source = new EventSource("/fresh");
  let opened = 0;
  source.addEventListener("open", () => opened++ && soon()); // what came while the line was down
  source.addEventListener("today", () => {
    channel?.postMessage("today");
    soon();
  });
  return new Promise((ended) => {
    source.addEventListener("error", () => source.readyState === EventSource.CLOSED && ended());
  });
}

channel?.addEventListener("message", soon);
if (line) navigator.locks ? navigator.locks.request("nurture.fresh", listen) : listen();
