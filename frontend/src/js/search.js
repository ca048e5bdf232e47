// Arrows walk the found rooms, Enter opens the first, Esc closes; the answer itself is the server's.
export function startSearch() {
  for (const field of document.querySelectorAll("[data-search]")) {
    const list = document.getElementById(field.getAttribute("aria-controls"));
    field.addEventListener("keydown", (event) => {
      const links = [...list.querySelectorAll("a")];
      if (event.key === "ArrowDown" && links.length) {
        event.preventDefault();
        links[0].focus();
      } else if (event.key === "Enter" && links.length) {
        event.preventDefault();
        links[0].click();
      } else if (event.key === "Escape" && !field.dataset.stay) {
        list.replaceChildren();
      }
    });
    list.addEventListener("keydown", (event) => {
      const links = [...list.querySelectorAll("a")];
      const at = links.indexOf(document.activeElement);
      if (event.key === "ArrowDown") links[Math.min(at + 1, links.length - 1)]?.focus();
      else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : field).focus();
      else if (event.key === "Escape") field.focus();
      else return;
      event.preventDefault();
    });
    if (!field.dataset.stay) {
      document.addEventListener("click", (event) => {
        if (!event.target.closest(".pw-search")) list.replaceChildren();
      });
    }
  }
}
