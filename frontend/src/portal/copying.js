// Copies a field's text and says so on the button.
export function startCopying() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    const said = () => { button.querySelector("span").textContent = button.dataset.done; };
    if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(field.value).then(said, () => {});
    else if (document.execCommand("copy")) said();
  });
}
