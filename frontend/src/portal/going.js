// From a form that was sent the order's page goes on to the provider by itself, once; whoever comes back stays.
export function startGoing() {
  const target = document.querySelector("[data-go]");
  if (!target || !new URLSearchParams(window.location.search).has("go")) return;
  window.history.replaceState(null, "", window.location.pathname);
  window.location.assign(target.dataset.go);
}
