import { startApp } from "./portal/app.js";
import { startMenus } from "./portal/menus.js";

document.addEventListener("DOMContentLoaded", () => {
  startApp();
  startMenus();
});
