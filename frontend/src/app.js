import htmx from "htmx.org";
import { startBoard } from "./js/board.js";
import { startClock } from "./js/clock.js";
import { startDialogs } from "./js/dialogs.js";
import { startKeys } from "./js/keys.js";
import { startPalette } from "./js/palette.js";
import { startLive } from "./js/live.js";
import { startSearch } from "./js/search.js";
import { startTill } from "./js/till.js";
import { startCopying } from "./portal/copying.js";

// No style and no evaluated code in the page: both are refused by the content security policy.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // pages with money on them are not kept in the browser's storage
htmx.config.timeout = 15000;
// A refused form comes back with 422 and its errors: swap it like any answer.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "422", swap: true },
  { code: "[45]..", swap: false, error: true },
];
window.htmx = htmx;

document.addEventListener("DOMContentLoaded", () => {
  startClock();
  startKeys();
  startDialogs();
  startSearch();
  startPalette();
  startBoard();
  startTill();
  startCopying();
  startLive();
  for (const box of document.querySelectorAll("[data-print-now]")) if (box) window.setTimeout(() => window.print(), 250);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
});
