// A part of a page that is open asks for itself again, while somebody looks and until it says that it is over. No stream: a
// phone that sleeps loses nothing, and thousands of tenants hold no connection.
export function startParts() {
  const part = document.getElementById("pw-part");
  if (!part) return;
  const every = Number(part.dataset.every) * 1000;
  let busy = false;
  const look = async () => {
    if (busy || document.hidden || part.querySelector("[data-over]")) return;
    busy = true;
    try {
      const answer = await fetch(part.dataset.part, { headers: { "X-Part": "true" }, credentials: "same-origin" });
      if (answer.status === 401) window.location.reload();
      if (answer.ok) {
        const text = await answer.text();
        if (text !== part.dataset.shown && !part.contains(document.activeElement)) part.innerHTML = text;
        part.dataset.shown = text;
      }
    } catch {
      // No network: what is shown stays, and the next look tries again.
    } finally {
      busy = false;
    }
  };
  window.setInterval(look, every);
  document.addEventListener("visibilitychange", look);
}
