// The room board: legend and block filter, figure in the tile, search, arrows, selection, the pop-up, and tiles that change by themselves.
const BATCH = 60;
const PAUSE_MS = 400; // a sweep changes many rooms: they are gathered, and asked for in one go

export function startBoard() {
  const board = document.getElementById("pw-board");
  if (!board) return;
  const view = { state: "", block: "", words: "", figure: board.dataset.figure || "days" };
  const tiles = () => [...board.querySelectorAll(".pw-t")];

  const show = () => {
    for (const tile of tiles()) {
      const hit = matches(tile, view);
      tile.classList.toggle("pw-dim", !hit);
    }
    for (const block of board.querySelectorAll("[data-block]")) block.hidden = Boolean(view.block) && block.dataset.block !== view.block;
  };
  choose("[data-state]", (value) => { view.state = value; show(); }, { toggle: true });
  choose("[data-show-block]", (value) => { view.block = value; show(); });
  choose("[data-figure-of]", (value) => { view.figure = value; for (const tile of tiles()) figure(tile, value); });
  const field = document.getElementById("pw-board-search");
  field?.addEventListener("input", () => { view.words = field.value.trim().toLowerCase(); show(); });

  walk(board);
  select(board);
  peek(board);
  keepLive(board, (tile) => { figure(tile, view.figure); tile.classList.toggle("pw-dim", !matches(tile, view)); });
}

function matches(tile, view) {
  if (view.state === "protected" ? !tile.classList.contains("pw-t-shield") : view.state && tile.dataset.s !== view.state) return false;
  return !view.words || view.words.split(/\s+/).every((word) => tile.dataset.q.includes(word));
}

function figure(tile, name) {
  const value = tile.dataset[name];
  const text = tile.querySelector("[data-f]");
  if (!text || value === undefined) return;
  text.textContent = value;
  tile.dataset.said ??= tile.getAttribute("aria-label");
  tile.setAttribute("aria-label", name === "days" ? tile.dataset.said : `${tile.dataset.said}, ${value}`); // what is written is in the name
}

function choose(selector, then, { toggle = false } = {}) {
  const buttons = [...document.querySelectorAll(selector)];
  const key = selector.slice(6, -1).replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const on = toggle ? button.getAttribute("aria-pressed") !== "true" : true;
      for (const other of buttons) other.setAttribute("aria-pressed", String(on && other === button));
      then(on ? button.dataset[key] : "");
    });
  }
}

// Arrows go to the tile at the nearest place on the screen, so they follow the building as it is drawn.
function walk(board) {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  board.addEventListener("keydown", (event) => {
    const way = step[event.key];
    const from = document.activeElement;
    if (!way || !from.classList.contains("pw-t")) return;
    event.preventDefault();
    const here = middle(from);
    let best = null;
    let least = Infinity;
    for (const tile of board.querySelectorAll(".pw-t")) {
      if (tile === from || !tile.offsetParent) continue;
      const there = middle(tile);
      const along = (there.x - here.x) * way[0] + (there.y - here.y) * way[1];
      const aside = Math.abs((there.x - here.x) * way[1]) + Math.abs((there.y - here.y) * way[0]);
      const cost = along + aside * 3;
      if (along > 4 && cost < least) { best = tile; least = cost; }
    }
    best?.focus();
  });
}

function middle(tile) {
  const box = tile.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

// Space (or Shift and a click) selects; the bar at the foot then offers what can be done with the rooms.
function select(board) {
  const bar = document.getElementById("pw-selbar");
  if (!bar) return;
  const chosen = new Set();
  const refresh = () => {
    bar.hidden = chosen.size === 0;
    bar.querySelector("[data-count]").textContent = String(chosen.size);
    bar.querySelector("[data-names]").textContent = [...chosen].map((id) => document.getElementById(id)?.dataset.name).join(", ");
    bar.querySelector("[data-ids]").value = [...chosen].map((id) => id.slice(2)).join(",");
  };
  const toggle = (tile) => {
    const on = !chosen.has(tile.id);
    if (on) chosen.add(tile.id);
    else chosen.delete(tile.id);
    tile.setAttribute("aria-selected", String(on));
    refresh();
  };
  board.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.classList.contains("pw-t")) return;
    event.preventDefault();
    toggle(event.target);
  });
  board.addEventListener("click", (event) => {
    const tile = event.target.closest(".pw-t");
    if (!tile || !event.shiftKey) return;
    event.preventDefault();
    toggle(tile);
  });
  bar.querySelector("[data-clear]").addEventListener("click", () => {
    for (const id of chosen) document.getElementById(id)?.setAttribute("aria-selected", "false");
    chosen.clear();
    refresh();
  });
}

// The pop-up with the three truths: after a short rest of the pointer, or at once for the keyboard.
function peek(board) {
  const box = document.getElementById("pw-peek");
  let timer = 0;
  let wanted = "";
  const close = () => { window.clearTimeout(timer); wanted = ""; box.hidden = true; };
  const open = async (tile) => {
    wanted = tile.id;
    const answer = await fetch(`${board.dataset.peek}${tile.id.slice(2)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || wanted !== tile.id) return;
    box.innerHTML = await answer.text();
    box.hidden = false;
    place(box, tile.getBoundingClientRect());
  };
  board.addEventListener("pointerover", (event) => {
    const tile = event.target.closest(".pw-t");
    if (!tile || tile.id === wanted || event.pointerType === "touch") return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => open(tile), 220);
  });
  board.addEventListener("pointerleave", close);
  board.addEventListener("focusin", (event) => {
    if (event.target.matches(".pw-t:focus-visible")) open(event.target);
    mark(board, event.target);
  });
  board.addEventListener("focusout", close);
  board.addEventListener("pointerover", (event) => mark(board, event.target.closest(".pw-t")));
}

function place(box, tile) {
  const gap = 8;
  const left = Math.min(Math.max(gap, tile.left - 20), window.innerWidth - box.offsetWidth - gap);
  const below = tile.bottom + gap + box.offsetHeight < window.innerHeight;
  box.style.left = `${left}px`;
  box.style.top = `${below ? tile.bottom + gap : Math.max(gap, tile.top - gap - box.offsetHeight)}px`;
}

// Crosshair: the room's number on the ruler and its floor stand out.
function mark(board, tile) {
  if (!tile?.classList.contains("pw-t")) return;
  for (const old of board.querySelectorAll(".pw-here")) old.classList.remove("pw-here");
  tile.closest(".pw-floor")?.querySelector(".pw-floor-name")?.classList.add("pw-here");
  const ruler = document.querySelectorAll("[data-ruler] > *");
  ruler.forEach((cell, index) => { cell.classList.toggle("pw-strong", String(index + 1) === tile.dataset.col); });
}

// Changed rooms are fetched as tiles, in batches, and put in place by id; focus and selection stay.
function keepLive(board, dress) {
  const wanted = new Set();
  let timer = 0;
  const ask = (ids) => {
    for (const id of ids) wanted.add(id);
    if (timer || !wanted.size) return;
    timer = window.setTimeout(async () => {
      const now = [...wanted];
      wanted.clear();
      await refresh(now);
      timer = 0;
      ask([]);
    }, PAUSE_MS);
  };
  const refresh = async (ids) => {
    for (let at = 0; at < ids.length; at += BATCH) {
      const part = ids.slice(at, at + BATCH).join(",");
      const answer = await fetch(`${board.dataset.tiles}?ids=${part}`, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (!answer?.ok) return;
      const fresh = document.createElement("template");
      fresh.innerHTML = await answer.text();
      for (const tile of [...fresh.content.querySelectorAll(".pw-t")]) swap(tile, dress);
    }
    count(board);
  };
  document.addEventListener("pw:changed", (event) => {
    const all = event.detail.includes("all");
    const topics = new Set(event.detail.filter((topic) => /^[ra]-/.test(topic)));
    if (!all && !topics.size) return;
    ask([...board.querySelectorAll(".pw-t")].filter((tile) => all || tile.dataset.topic.split(" ").some((topic) => topics.has(topic))).map((tile) => tile.id.slice(2)));
  });
}

function swap(tile, dress) {
  const old = document.getElementById(tile.id);
  if (!old) return;
  if (old.getAttribute("aria-selected") === "true") tile.setAttribute("aria-selected", "true");
  const focused = document.activeElement === old;
  tile.dataset.col = old.dataset.col; // a tile drawn alone does not know its neighbours, hence not its column
  if (old.dataset.col !== "0") tile.classList.add(`pw-c${old.dataset.col}`);
  dress(tile);
  if (old.className !== tile.className || old.textContent !== tile.textContent) tile.classList.add("pw-changed");
  const said = old.dataset.s !== tile.dataset.s ? tile.getAttribute("aria-label") : "";
  old.replaceWith(tile);
  if (focused) tile.focus({ preventScroll: true });
  if (said) document.getElementById("pw-said").textContent = said;
}

function count(board) {
  const tally = {};
  for (const tile of board.querySelectorAll(".pw-t")) {
    tally[tile.dataset.s] = (tally[tile.dataset.s] || 0) + 1;
    if (tile.classList.contains("pw-t-shield")) tally.protected = (tally.protected || 0) + 1;
  }
  for (const button of document.querySelectorAll("[data-state]")) button.querySelector("b").textContent = String(tally[button.dataset.state] || 0);
}
