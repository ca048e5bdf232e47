import { startApp } from "./portal/app.js";
import { startCodes } from "./portal/codes.js";
import { startCopying } from "./portal/copying.js";
import { startGoing } from "./portal/going.js";
import { startMenus } from "./portal/menus.js";
import { startParts } from "./portal/parts.js";
import { startTopUp } from "./portal/top-up.js";

document.addEventListener("DOMContentLoaded", () => {
  startApp();
  startCodes();
  startCopying();
  startGoing();
  startMenus();
  startParts();
  startTopUp();
});
