// Ctrl+K opens the palette: type, walk with the arrows, Enter goes. What is offered is the server's. "?" lists the keys of the page.
const ACCOUNT = /\/accounts\/([0-9a-f-]{36})/;

export function startPalette() {
  const box = document.getElementById("pw-palette");
  if (!box) return;
  const field = document.getElementById("pw-palette-words");
  const list = document.getElementById("pw-palette-list");
  const options = () => [...list.querySelectorAll("a[role=option]")];

  const point = (at) => {
    const all = options();
    all.forEach((one, index) => one.setAttribute("aria-selected", String(index === at)));
    if (all[at]) {
      field.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  };
  const here = () => options().findIndex((one) => one.getAttribute("aria-selected") === "true");
  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    field.value = "";
    document.getElementById("pw-palette-account").value = ACCOUNT.exec(window.location.pathname)?.[1] || "";
    box.showModal();
    field.focus();
    window.htmx.trigger(field, "pw:open");
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  for (const button of document.querySelectorAll("[data-palette]")) button.addEventListener("click", open);
  list.addEventListener("htmx:afterSwap", () => point(0));
  list.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  field.form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("keydown", (event) => {
    const all = options();
    if (event.key === "ArrowDown") point(Math.min(here() + 1, all.length - 1));
    else if (event.key === "ArrowUp") point(Math.max(here() - 1, 0));
    else if (event.key === "Home" && event.ctrlKey) point(0);
    else if (event.key === "End" && event.ctrlKey) point(all.length - 1);
    else if (event.key === "Enter" && !event.isComposing) all[Math.max(here(), 0)]?.click();
    else return;
    event.preventDefault();
  });
}

export function showKeys() {
  const dialog = document.getElementById("pw-dialog");
  const template = document.getElementById("pw-say-keys");
  if (!template || document.querySelector("dialog[open]")) return;
  const said = template.content.cloneNode(true);
  const rows = said.querySelector("dl");
  for (const node of [...document.querySelectorAll("[data-key]")].filter((one) => one.offsetParent !== null)) {
    const row = document.createElement("div");
    const key = document.createElement("dt");
    const name = document.createElement("dd");
    const cap = document.createElement("kbd");
    cap.className = "pw-key";
    cap.textContent = node.dataset.key;
    key.append(cap);
    name.textContent = node.getAttribute("aria-label") || [...node.childNodes].filter((one) => !one.classList?.contains("pw-key")).map((one) => one.textContent).join(" ").trim();
    row.append(key, name);
    rows.append(row);
  }
  dialog.replaceChildren(said);
  dialog.showModal();
}
