// A menu closes by a tap beside it or by Esc, and gives the focus back.
export function startMenus() {
  const close = (menu) => { menu.open = false; };
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.pw-switch[open]")) if (!menu.contains(event.target)) close(menu);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.pw-switch[open]")) { close(menu); menu.querySelector("summary").focus(); }
  });
}
