// The clock in the bar shows estate time, which may run faster than the machine's; the page says from where and how fast.
export function startClock() {
  const clock = document.querySelector("[data-clock]");
  if (!clock) return;
  const anchor = Number(clock.dataset.estateMs);
  const speed = Number(clock.dataset.speed);
  const began = performance.now();
  const form = new Intl.DateTimeFormat("en-GB", { timeZone: clock.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const tick = () => {
    clock.textContent = form.format(new Date(anchor + (performance.now() - began) * speed));
  };
  tick();
  window.setInterval(tick, 1000);
}
