// The phone keeps style, script and icons (portal/worker.js says which); a browser that cannot do that goes without.
export function startApp() {
  const address = document.body.dataset.worker;
  if (address && "serviceWorker" in navigator && window.isSecureContext) {
    navigator.serviceWorker.register(address).catch(() => {});
  }
}
