// A key presses the button or follows the link that names it; not while one types, nor with Ctrl, Alt or Cmd.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  // By its place, so that it works with the Hangul layout switched on too.
  const key = event.code.replace(/^Key/, "").toLowerCase();
  const chosen = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!chosen) return;
  event.preventDefault();
  chosen.click();
});
