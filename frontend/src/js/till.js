// The till: keys choose an amount, the server says what that amount does. No money is reckoned here, except the change to hand back, in whole minor units.
export function startTill() {
  const form = document.getElementById("pw-till-form");
  if (!form) return;
  const amount = form.querySelector("[name=amount]");
  const other = document.getElementById("pw-other");
  const preview = () => window.htmx.trigger(form, "pw:preview");
  form.addEventListener("change", (event) => {
    const key = event.target;
    if (key.name === "preset") {
      const typed = key.value === "";
      other.hidden = !typed;
      if (typed) { amount.value = ""; amount.focus(); } else { amount.value = key.value; }
      preview();
    }
    if (key.name === "channel") preview();
  });
  let timer = 0;
  amount.addEventListener("input", () => { window.clearTimeout(timer); timer = window.setTimeout(preview, 300); });
  form.addEventListener("input", () => change(form));
  document.body.addEventListener("htmx:afterSwap", () => change(form));
  form.addEventListener("submit", () => { form.querySelector("button.pw-btn-main")?.setAttribute("aria-disabled", "true"); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input[type=radio]")) { event.preventDefault(); form.requestSubmit(); }
  });
}

function change(form) {
  const given = minor(form.querySelector("[name=handed]")?.value);
  const due = minor(form.querySelector("[name=amount]").value);
  const out = document.getElementById("pw-change");
  if (!out) return;
  out.textContent = given === null || due === null || given < due ? "—" : money(given - due, out.dataset.symbol);
}

function minor(text) {
  const parts = /^\s*(\d{1,9})(?:\.(\d{1,2}))?\s*$/.exec((text || "").replaceAll(",", ""));
  return parts ? Number(parts[1]) * 100 + Number((parts[2] || "").padEnd(2, "0")) : null;
}

function money(value, symbol) {
  return `${symbol}${Math.floor(value / 100).toLocaleString("en-US")}.${String(value % 100).padStart(2, "0")}`;
}
