// Shows what is typed as it will look, a moment after each change. Without this file a button does.
"use strict";

const form = document.querySelector("form.editor");
let waits = 0;
let asked = 0;

async function preview() {
  const number = ++asked;
  const said = new FormData(form);
  said.set("do", "preview");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(said), credentials: "same-origin" });
    if (!answer.ok || number !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("preview").replaceWith(document.adoptNode(page.getElementById("preview")));
  } catch {
    // The line is cut: what is typed stays where it is.
  }
}

form.addEventListener("input", () => {
  clearTimeout(waits);
  waits = setTimeout(preview, 500);
});
