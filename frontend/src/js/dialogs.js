// A form that needs a reason opens in <dialog id="pw-dialog">: htmx puts it into the body, this opens and closes it.
// The same address works as a page of its own where scripts are off.
export function startDialogs() {
  const dialog = document.getElementById("pw-dialog");
  if (!dialog) return;
  let opener = null;
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === dialog && !dialog.contains(event.detail.elt)) opener = event.detail.elt;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== dialog) return;
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector("[aria-invalid=true], [autofocus], input:not([type=hidden]), textarea, select");
    if (first) first.focus();
  });
  // What is refused, gone or busy is said in the dialog itself; elsewhere the part keeps its shape.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const said = [403, 404, 409, 503].includes(event.detail.xhr.status) && event.detail.target === dialog;
    if (said) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.body.addEventListener("htmx:responseError", (event) => notice(event.detail.xhr.status));
  document.body.addEventListener("htmx:sendError", () => notice(0));
  document.body.addEventListener("htmx:timeout", () => notice(0));
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-back]") && !dialog.contains(event.target)) window.history.back();
  });
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    if (opener && document.contains(opener)) opener.focus();
  });
}

// What the server could not answer is said in words from the page, never in a box of the browser.
function notice(status) {
  const box = document.getElementById("pw-toasts");
  const name = status === 403 ? "pw-say-forbidden" : status === 401 ? "pw-say-expired" : "pw-say-failed";
  const template = document.getElementById(name);
  if (!box || !template) return;
  box.replaceChildren(template.content.cloneNode(true));
}
