// One stream a page says *what* changed (an opaque name of a room, an account, a list), never how it looks: every part that named that topic asks for
// itself again. So the stream knows no language, no permission and no template.
const STALE_MS = 30000;
const GATHER_MS = 250;

export function startLive() {
  const address = document.body.dataset.live;
  if (!address || !window.EventSource) return;
  const bar = document.getElementById("pw-stale");
  const pending = new Set();
  let heard = performance.now();
  let timer = 0;

  const flush = () => {
    timer = 0;
    const topics = [...pending];
    pending.clear();
    document.dispatchEvent(new CustomEvent("pw:changed", { detail: topics }));
    for (const part of document.querySelectorAll("[data-topics]")) {
      if (topics.includes("all") || part.dataset.topics.split(" ").some((topic) => topics.includes(topic))) window.htmx.trigger(part, "pw:refresh");
    }
  };
  const stream = new EventSource(address);
  stream.addEventListener("changed", (event) => {
    heard = performance.now();
    for (const topic of event.data.split(" ")) pending.add(topic);
    if (!timer) timer = window.setTimeout(flush, GATHER_MS);
  });
  stream.addEventListener("beat", () => {
    heard = performance.now();
  });
  stream.addEventListener("open", () => {
    if (performance.now() - heard > STALE_MS) {
      // What happened meanwhile is unknown: every part asks once.
      pending.add("all");
      flush();
    }
    heard = performance.now();
  });
  window.setInterval(() => {
    const silent_s = Math.floor((performance.now() - heard) / 1000);
    const stale = silent_s * 1000 >= STALE_MS;
    bar.hidden = !stale;
    if (stale) bar.querySelector("[data-seconds]").textContent = String(silent_s);
  }, 1000);
  window.addEventListener("pagehide", () => stream.close());
}
