"""An installed Chromium, and the web role as it is served: its own process, its own headers, live pages."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import override_settings
from playwright.sync_api import Browser, Page
from tests.chromium import launched
from tests.console.conftest import build_town, make_user
from tests.usecases_billing.town import Town

STARTS_WITHIN_S = 40


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests. Playwright keeps an event loop in this thread: hence the variable."""
    with pytest.MonkeyPatch.context() as patch, launched() as browser:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield browser


@pytest.fixture
def town(module_database: str) -> Town:
    """A town of the test's own, beside those of the others; its administrator sees nothing else."""
    return build_town(rooms=4)


def _url() -> str:
    described = connection.settings_dict
    who = f"{quote(described['USER'])}:{quote(described['PASSWORD'])}" if described["USER"] else ""
    host = described["HOST"] or ""
    if host.startswith("/"):
        return f"postgresql://{who}@/{described['NAME']}?host={quote(host)}&port={described['PORT'] or 5432}"
    return f"postgresql://{who}@{host}:{described['PORT'] or 5432}/{described['NAME']}"


@pytest.fixture(scope="module")
def origin(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web process of our own, one for a file of tests, ended by its id."""
    folder = tmp_path_factory.mktemp("web")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    environment |= {
        "PREWATT_DATABASE_URL": _url(),
        "PREWATT_DATA": str(folder),
        "PREWATT_ALLOW_UNSAFE_DATABASE": "true",
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
    }
    command = [sys.executable, "-m", "prewatt.cli.main", "web", "--port", str(port)]
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", process, folder / "web.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def page(chromium: Browser, origin: str, town: Town) -> Iterator[Page]:
    """A signed-in administrator of the town. Whatever the page logs as an error fails the test."""
    with override_settings(PASSWORD_HASHERS=["prewatt.config.hashers.FrugalArgon2"]):  # the web process knows no other
        make_user(town, "administrator", username=f"admin.{town.site.code}")
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{origin}/sign-in")
    page.fill("[name=username]", f"admin.{town.site.code}")
    page.fill("[name=password]", "correct horse")
    page.click("form.pw-card button")
    page.wait_for_url(f"{origin}/")
    yield page
    context.close()
    refused = [text for text in wrong if "422" not in text]  # a form with an error answers 422, on purpose
    assert not refused, refused
