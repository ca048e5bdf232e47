"""Every page of the console and the portal, on a desk and on a phone, in both languages.

Nothing spills or complains, and axe-core finds no barrier of WCAG 2.2 AA on it, in either theme.

With ``PREWATT_SHOTS=folder`` a picture of every page is kept there, light and dark.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from tests.axe import barriers
from tests.e2e.conftest import DESK, Desk, SignIn
from tests.e2e.running import RunningEstate
from tests.e2e.small_estate import TENANT

from prewatt.cli.demo.logins import PASSWORD

PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
PAGES: Final = {
    "shift": "/",
    "rooms": "/rooms",
    "till": "/till",
    "till-found": "/till?q=101",
    "search": "/search?q=101",
    "comms": "/comms",
    "commands": "/commands",
    "readings": "/readings",
    "reports": "/reports",
    "report": "/reports/energy?period=week&per=band",
    "takings": "/reports/takings",
    "months": "/months",
    "papers": "/papers",
    "payments": "/payments",
    "statements": "/payments/statements",
    "suspense": "/payments/suspense",
    "refunds": "/payments/refunds",
    "channels": "/payments/channels",
    "letters": "/letters",
    "outbox": "/outbox",
    "users": "/users",
    "roles": "/roles",
    "role": "/roles/new",
    "audit": "/audit",
    "me": "/me",
    "settings": "/settings",
    "estate": "/settings/estate",
    "webhooks": "/settings/webhooks",
    "webhook": "/settings/webhooks/add",
}
PORTAL_PAGES_MAX: Final = 20
TABS_MAX: Final = 8
SETTLES_WITHIN_MS: Final = 3_000
ROOM: Final = "1#-102"
"""A shop with money: nothing cuts it while the pages are walked."""
MISSING: Final = "/nothing-here"
"""A browser says of a missing page that it is missing; that is no complaint."""

_SPILL = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const right = (node) => Math.round(node.getBoundingClientRect().right);
    return [...document.querySelectorAll("body *")]
        .filter((node) => right(node) > width + 1 && getComputedStyle(node).position !== "fixed")
        .slice(0, 5).map((node) => `${node.tagName}.${node.className} to ${right(node)}`);
}"""

_SENTENCE = re.compile(r"\b[A-Za-z]{2,}(?:['’]?[ ,]+[A-Za-z]{2,}){2,}")
"""Three English words in a row. Names of tenants and the operator's own words are taken away before."""

_CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
"""A code of the database, which no page says in any language."""

_TEXTS = """() => {
    const skip = "[lang=en], .pw-paper, .pw-letter-body, pre, code, svg, script, style, template, option";
    const said = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!node.closest(skip)) said.push(walker.currentNode.textContent.trim());
    }
    for (const node of document.querySelectorAll("[title], [placeholder], [aria-label]")) {
        for (const name of ["title", "placeholder", "aria-label"]) said.push(node.getAttribute(name) || "");
    }
    return [document.title, ...said].filter((words) => /[A-Za-z]/.test(words));
}"""

KNOWN_ENGLISH: Final = (
    "Haitang Hot Pot", "Lanting Books", "Nanhe Noodles", "Yongjia Tiandi", "Commercial time-of-use", "Office flat",
    "Operator's own use", "The small estate begins live", "Moves out next week",
)  # fmt: skip

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("language", ["简体中文", "English"], ids=["zh", "en"])
def test_every_page_fits_and_speaks(sign_in: SignIn, language: str) -> None:
    """Each page is loaded once; desk and phone are put on it there. A theme changes colours and no place."""
    desk = sign_in("admin", language=language)
    faults: list[str] = []
    page = desk.open("/rooms")
    prefer(page, "dark")
    prefer(page, "light")
    code = "en" if language == "English" else "zh"
    for name, path in (PAGES | found_pages(desk, page)).items():
        page.set_viewport_size(DESK)
        page.goto(f"{desk.origin}{path}")
        faults += [f"{name} {code} says: {said}" for said in found_words(page, foreign=code != "en")]
        if code == "en":  # neither names nor colours are others in another language
            faults += [f"{name} keeps people out: {one}" for one in barriers(page, "dark", "light")]
        for viewport in (DESK, PHONE):
            page.set_viewport_size(viewport)
            where = f"{name}-{viewport['width']}-{code}"
            faults += [f"{where} spills: {spill}" for spill in spilled(page)]
            keep(page, where)
    assert not faults, "\n".join(faults)
    assert [one for one in desk.complaints if MISSING not in one] == []


def test_the_portal_keeps_nobody_out(browser: Browser, running_estate: RunningEstate) -> None:
    """Every page that a tenant reaches by following links, once of each kind."""
    context = browser.new_context(viewport=PHONE, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{running_estate.origin}/my/sign-in?way=password")
    faults = [f"sign-in: {one}" for one in barriers(page)]
    page.fill("input[name=contact]", TENANT)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/my/(?!sign-in)"))
    waiting, walked = [page.url.removeprefix(running_estate.origin)], set[str]()
    while waiting and len(walked) < PORTAL_PAGES_MAX:
        path = waiting.pop(0).partition("#")[0]
        kind = re.sub(r"[0-9a-f-]{36}", "", path.partition("?")[0])
        if kind in walked:
            continue
        walked.add(kind)
        page.goto(f"{running_estate.origin}{path}")
        faults += [f"{path}: {one}" for one in barriers(page)]
        faults += [f"{path} spills: {one}" for one in spilled(page)]
        links: list[str] = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
        waiting += [link for link in links if link.startswith("/my/") and "/papers/" not in link]
    context.close()
    assert len(walked) >= 8
    assert not faults, "\n".join(faults)


def prefer(page: Page, theme: str) -> None:
    """Choose the theme as a person does, in the menu at the rail's foot."""
    page.locator(".pw-menu summary").click()
    page.locator(f".pw-menu button[name=theme][value={theme}]").click()
    page.wait_for_selector(f"html[data-bs-theme={theme}]", state="attached")


def found_pages(desk: Desk, page: Page) -> dict[str, str]:
    """The pages that a person reaches by following links: an account with its tabs, a bus, the dialogs as pages."""
    page.goto(f"{desk.origin}/search?q={ROOM.replace('#', '%23')}")
    page.wait_for_url("**/accounts/**")  # the only one that is found is opened
    account = page.url.removeprefix(desk.origin).partition("?")[0]
    tabs = [str(link.get_attribute("href")) for link in page.locator("[data-tab]").all()[:TABS_MAX]]
    cut = page.locator("a[href*='/supply/disconnect']").first.get_attribute("href")
    page.goto(f"{desk.origin}/comms")
    bus = page.locator("a[href^='?bus=']").first.get_attribute("href")
    found = {
        "account": account,
        "till-account": f"/till?account={account.rpartition('/')[2]}",
        "portal-access": f"{account}/portal",
        "refund": f"{account}/refund",
        "clear": f"{account}/clear",
        "cut": str(cut),
        "bus": f"/comms{bus}",
        "stop-cuts": "/cuts/stop",
        "mode": "/settings/mode?mode=shadow",
        "missing": MISSING,
    }
    return found | {f"account-tab-{at}": f"{account}{tab.partition('#')[0]}" for at, tab in enumerate(tabs)}


def found_words(page: Page, *, foreign: bool) -> list[str]:
    """Codes of the database; and what reads like an English sentence on a page that should have none."""
    found: set[str] = set()
    for words in page.evaluate(_TEXTS):
        text = str(words)
        for known in KNOWN_ENGLISH:
            text = text.replace(known, "")
        found |= set(_CODE.findall(text))
        if foreign:
            found |= set(_SENTENCE.findall(text))
    return sorted(found)


def spilled(page: Page) -> list[str]:
    """What is wider than the screen. A chart follows a new width a moment later: it is given that moment."""
    with contextlib.suppress(PlaywrightTimeout):
        page.wait_for_function(f"() => ({_SPILL})().length === 0", timeout=SETTLES_WITHIN_MS)
    found: list[str] = page.evaluate(_SPILL)
    return found


def keep(page: Page, name: str) -> None:
    """Keep pictures, where somebody asked for pictures."""
    folder = os.environ.get("PREWATT_SHOTS")
    for theme in ("dark", "light") if folder else ():
        Path(str(folder)).mkdir(parents=True, exist_ok=True)
        page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
        page.screenshot(path=Path(str(folder)) / f"{name}-{theme}.png")
