// Bundles what the pages load into src/prewatt/static/dist: theme.js, app.js, charts.js, app.css, icons.svg for the
// console, theme.js, portal.js, portal.css, icons.svg for the portal.
// Third-party code comes from node_modules (npm ci) and is never committed. PREWATT_DIST names another target folder.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.PREWATT_DIST || join(here, "../src/prewatt/static/dist");

async function sprite() {
  // One symbol an icon, addressed as icons.svg#name; a page loads the file once for all its icons.
  const names = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
  const symbols = [];
  for (const name of [...names.outline].sort()) symbols.push(await symbol("outline", name, name));
  for (const name of [...names.filled].sort()) symbols.push(await symbol("filled", name, `${name}-filled`));
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

async function symbol(style, name, id) {
  const file = join(here, "node_modules/@tabler/icons/icons", style, `${name}.svg`);
  const svg = await readFile(file, "utf8");
  const inner = svg
    .slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"))
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "")
    .replace(/\s+/g, " ")
    .trim();
  const paint =
    style === "filled"
      ? 'fill="currentColor"'
      : 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${id}" viewBox="0 0 24 24" ${paint}>${inner}</symbol>`;
}

const common = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: "linked",
  target: ["es2020", "chrome109", "firefox115", "safari15.4"],
  legalComments: "linked",
  logLevel: "warning",
};

// Tenants come with what their phone's chat program brings along.
const olderPhones = { target: ["es2018", "chrome78", "firefox78", "safari12.1"] };

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await Promise.all([
  build({ ...common, entryPoints: { theme: "src/theme.js", app: "src/app.js", charts: "src/charts.js" }, format: "iife" }),
  build({ ...common, entryPoints: { app: "src/app.css" } }),
  build({ ...common, ...olderPhones, entryPoints: { portal: "src/portal.js" }, format: "iife" }),
  build({ ...common, ...olderPhones, entryPoints: { portal: "src/portal.css" } }),
  sprite().then((svg) => writeFile(join(out, "icons.svg"), svg)),
]);
