// Charts on a canvas: nothing in them needs a style attribute or evaluated code. The table behind a chart is its data's source.
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { fan } from "./js/chart-fan.js";
import { report } from "./js/chart-report.js";
import { usage } from "./js/chart-usage.js";

use([BarChart, CustomChart, LineChart, AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

const kinds = { usage, fan, report };
const drawn = new Map();

function tokens() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function draw(box) {
  const source = document.getElementById(box.dataset.source);
  if (!source) return;
  const chart = drawn.get(box) || init(box, null, { renderer: "canvas" });
  drawn.set(box, chart);
  chart.setOption(kinds[box.dataset.chart](JSON.parse(source.textContent), tokens()), { notMerge: true });
}

function drawAll() {
  for (const box of [...drawn.keys()]) if (!document.contains(box)) { drawn.get(box).dispose(); drawn.delete(box); }
  for (const box of document.querySelectorAll("[data-chart]")) draw(box);
}

document.addEventListener("DOMContentLoaded", drawAll);
document.addEventListener("pw:theme", drawAll);
document.body?.addEventListener("htmx:afterSettle", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
window.addEventListener("resize", () => { for (const chart of drawn.values()) chart.resize(); });
