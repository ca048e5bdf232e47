"""What axe-core finds on a page: each fault of WCAG 2.2 up to AA, in both themes, with the first places of it."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

_AXE: Final = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RUN: Final = """async (theme) => {
    const still = new CSSStyleSheet();  // a colour on its way from one theme to the other is no colour of either
    still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
    document.adoptedStyleSheets = [still];
    document.documentElement.setAttribute("data-bs-theme", theme);
    const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const found = await axe.run(document, { runOnly, resultTypes: ["violations"] });
    return found.violations.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]);
}"""


@cache
def _axe() -> str:
    return _AXE.read_text(encoding="utf-8")


def barriers(page: Page, *themes: str) -> list[str]:
    """What keeps people out of this page, as it stands; the page keeps its last theme."""
    page.evaluate(_axe())
    found: list[Any] = []
    for theme in themes or ("light", "dark"):
        found += [f"{theme} {rule}: {place}" for rule, places in page.evaluate(_RUN, theme) for place in places]
    return found
