// Shortcuts are printed on the control they press: data-key="T" on a link, button or input. Off while a text field has focus, "/" and Esc apart.
import { showKeys } from "./palette.js";

const typing = (node) => node && node.matches("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox]):not([type=button])");

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(document.activeElement) && !document.querySelector("dialog[open]")) {
      document.activeElement.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (typing(document.activeElement)) return;
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    const target = find(event.key);
    if (!target) return;
    event.preventDefault();
    press(target);
  });
}

function find(key) {
  const wanted = key.length === 1 ? key.toUpperCase() : key;
  return [...document.querySelectorAll("[data-key]")].find((node) => node.dataset.key === wanted && node.offsetParent !== null);
}

function press(target) {
  if (target.matches("input[type=search], input[type=text], input:not([type])")) {
    target.focus();
    target.select();
  } else {
    target.focus({ preventScroll: true });
    target.click();
  }
}
