// Presses the one button of a page that only passes something on. Without this file a person presses it.
"use strict";

document.querySelector("form[data-go]").requestSubmit();
