"""The installed Chromium. Its headless shell (a package of its own in Debian) takes half of the processor's time."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
MISSING: Final = "no Chromium: install Debian's package chromium (apt-get install chromium), or put one on the PATH"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")


def required_chromium() -> str:
    """The path of an installed Chromium; without one the test is skipped, or fails where it is required."""
    path = next((found for found in map(shutil.which, NAMES) if found), None)
    if path is not None:
        return path
    if os.environ.get("PREWATT_TEST_BROWSER") == "required":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser. While Playwright is there, no other event loop can run in this thread."""
    path = required_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
