// Runs before the first paint: without a choice of the person's, the page takes the system's light or dark.
const root = document.documentElement;
if (!root.dataset.bsTheme) {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    root.dataset.bsTheme = dark.matches ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("pw:theme"));
  };
  apply();
  dark.addEventListener("change", apply);
}
