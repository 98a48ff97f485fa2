// Fetches the page again every few seconds and puts its new content in place of the old, so that the
// table does not flicker and keeps its scroll position. Without this file a meta refresh does the same.
"use strict";

const shown = document.querySelector("[data-refresh]");
const seconds = Number(shown.dataset.refresh);

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (answer.redirected) {
        location.reload(); // the session has ended
        return;
      }
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        shown.replaceChildren(...page.querySelector("[data-refresh]").childNodes);
        document.title = page.title;
      }
    } catch {
      // The server is away for a moment: ask again next time.
    }
  }
  setTimeout(refresh, seconds * 1000);
}

setTimeout(refresh, seconds * 1000);
