// The amount keys fill in the amount; the button says what is paid; a second press while it is under way does nothing.
export function startTopUp() {
  const form = document.querySelector("[data-top-up]");
  if (!form) return;
  const amount = form.elements.amount;
  const other = form.querySelector("[data-other]");
  const button = form.querySelector("[data-pay]");
  const symbol = (form.querySelector("[data-says]")?.dataset.says || "").replace(/[\d.,\s]+/g, "");
  const show = () => {
    const chosen = form.querySelector("input[name=preset]:checked");
    const typed = !chosen || chosen.value === "";
    other.hidden = !typed;
    if (!typed) amount.value = chosen.value;
    const says = typed ? (amount.value ? symbol + amount.value : "") : chosen.dataset.says;
    button.textContent = `${button.dataset.pay} ${says}`.trim();
  };
  form.addEventListener("change", (event) => {
    show();
    if (event.target.name === "preset" && event.target.value === "") {
      amount.value = "";
      amount.focus();
      show();
    }
  });
  amount.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    button.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => delete form.dataset.sent);
  show();
}
