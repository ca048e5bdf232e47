"""One small estate that runs for all tests of this folder, and a browser that notes what its pages complain of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize
from tests.chromium import launched, required_chromium
from tests.clusters import own_cluster
from tests.e2e.running import RunningEstate

from prewatt.cli.demo.logins import PASSWORD

LEFT_BEHIND: Final = ("htmx:afterRequest", "htmx:sendAbort")
"""What htmx says of a request that a page had under way when it was left; one that fails says ``sendError``, too."""

DESK: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture(scope="package")
def estate_folder(postgres_url: str, django_db_modify_db_settings: None) -> Iterator[RunningEstate]:
    """The estate's folder for all files of this folder; ``running_estate`` sees to it that it runs.

    Its database has its tables already: to make them takes a third of a minute, and other tests see to that.
    """
    required_chromium()
    estate = RunningEstate()
    template = connections["default"].settings_dict["TEST"]["TEMPLATE"]
    with own_cluster(postgres_url, template, folder=estate.data):
        yield estate
        estate.close()


@pytest.fixture
def running_estate(estate_folder: RunningEstate) -> RunningEstate:
    """The small estate, running."""
    estate_folder.start()
    return estate_folder


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for this folder."""
    with launched() as browser:
        yield browser


@dataclass
class Desk:
    """A signed-in person's browser: its pages, and everything that they complained of."""

    context: BrowserContext
    origin: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """A new page at an address."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.goto(f"{self.origin}{path}")
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.text.startswith(LEFT_BEHIND):
            return
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.location.get('url')}: {message.text}")


SignIn = Callable[..., Desk]


@pytest.fixture
def sign_in(browser: Browser, running_estate: RunningEstate) -> Iterator[SignIn]:
    """Sign in as a login, in a language; every call is another person at another machine."""
    desks: list[Desk] = []

    def sign_in_as(username: str, *, language: str = "English", viewport: ViewportSize = DESK) -> Desk:
        context = browser.new_context(
            viewport=viewport, locale="en-GB", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        context.set_default_timeout(60_000)
        desk = Desk(context, running_estate.origin)
        desks.append(desk)
        page = desk.open("/sign-in")
        page.get_by_role("button", name=language, exact=True).click()
        page.wait_for_selector(f"[aria-pressed=true]:text-is('{language}')")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".pw-rail")
        page.close()
        return desk

    yield sign_in_as
    for desk in desks:
        desk.context.close()
