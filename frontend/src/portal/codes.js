// Six digits typed or filled in by the phone send themselves; another code can be asked for after a while.
export function startCodes() {
  for (const field of document.querySelectorAll("[data-code]")) {
    let sent = false;
    field.addEventListener("input", () => {
      const digits = field.value.replace(/\D/g, "");
      if (sent || digits.length !== Number(field.dataset.code)) return;
      sent = true;
      field.value = digits;
      field.form.submit();
    });
  }
  for (const button of document.querySelectorAll("[data-wait]")) countDown(button, Number(button.dataset.wait));
}

function countDown(button, seconds) {
  const words = button.textContent;
  button.disabled = true;
  const tick = () => {
    if (seconds <= 0) { button.disabled = false; button.textContent = words; return; }
    button.textContent = `${words} (${seconds})`;
    seconds -= 1;
    window.setTimeout(tick, 1000);
  };
  tick();
}
