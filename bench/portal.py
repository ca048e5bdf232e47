"""The tenant's first page in a database of 100,000 accounts, and what a phone has to load for it.

``limit``: the portal's empty page on the same server, as a login with whom nothing is shared sees it: session, rights
and frame, nothing else. ``product``: the home of one account with two weeks of hourly readings. Both are asked in turn
over HTTP, signed in. Gates: the same number of queries with 676 accounts and with 100,000; median at most 8 times the
limit; that ratio at most 1.3 times what it is with 676; in Chromium on 1.6 Mbit/s with 150 ms and a quarter of the
processor, nothing cached: something to read within 1.8 s, at most 250 kB over the wire. A page without login and
database is measured beside it, for comparison.
"""

import argparse
import contextlib
import http.client
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bench.portal_crowd import add_accounts, analyze
from bench.site import ZONE, BenchSite, bench_site, role, wait_for
from prewatt.kernel.clock import estate_now
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, local_date

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EMPTY_MAX = 8.0
GROWTH_MAX = 1.3
PAINT_MAX_S = 1.8
WEIGHT_MAX_KB = 250
DAYS = 15
PORT = 21_440
PASSWORD = "bench bench bench"
EMPTY = "/my/"
BARE = "/my/offline"
FEW = 676
PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
CPU_SHARE = 4
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
WARM = 15


@dataclass(frozen=True)
class Stage:
    """What was measured with so many accounts. Times are medians."""

    accounts: int
    queries: int
    page_s: float
    empty_s: float
    bare_s: float

    @property
    def ratio(self) -> float:
        return self.page_s / self.empty_s


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--accounts", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=80)
    options.add_argument("--loads", type=int, default=5)
    given = options.parse_args(arguments)
    began = time.monotonic()
    with bench_site(days=DAYS + 1) as site:
        address = one_tenant(site)
        analyze()
        with _browser() as browser:
            stages = []
            for accounts in (FEW, given.accounts):
                add_accounts(accounts - count_accounts())
                analyze()
                stages.append(_stage(site, browser, address, accounts=count_accounts(), rounds=given.rounds))
            paints, weights = _first_loads(site, browser, address, given.loads)
    few, many = stages
    print(f"portal home, {many.accounts:,} accounts, {time.monotonic() - began:.0f} s for all of this")
    for one in stages:
        print(
            f"  {one.accounts:,} accounts: page {one.page_s * 1000:.1f} ms, empty page {one.empty_s * 1000:.1f} ms,"
            f" ratio {one.ratio:.2f}, {one.queries} queries; without login and database {one.bare_s * 1000:.1f} ms"
        )
    growth, paint_s, weight_kb = many.ratio / few.ratio, statistics.median(paints), max(weights) / 1000
    print(f"  of an empty page {many.ratio:.2f}, gate {EMPTY_MAX}   of itself {growth:.2f}, gate {GROWTH_MAX}")
    print(
        f"  first paint on a phone {paint_s:.2f} s ({min(paints):.2f}..{max(paints):.2f}), gate {PAINT_MAX_S}"
        f"   loaded {weight_kb:.0f} kB, gate {WEIGHT_MAX_KB}"
    )
    return (
        few.queries == many.queries
        and many.ratio <= EMPTY_MAX
        and growth <= GROWTH_MAX
        and paint_s <= PAINT_MAX_S
        and weight_kb <= WEIGHT_MAX_KB
    )


def one_tenant(site: BenchSite) -> str:
    """Give an account of one room a login, two weeks of hourly readings and a few payments; return its home."""
    from prewatt.access.services import create_login
    from prewatt.estate.models import MeterInstallation
    from prewatt.metering.values import ReadingIn
    from prewatt.tenancy.models import Account, Tenancy
    from prewatt.tenancy.services import share_account
    from prewatt.usecases.record_readings import record_readings
    from prewatt.usecases.take_payment import take_payment
    from prewatt.usecases.work import unit_of_work

    prepaid = Account.objects.filter(payment_mode="prepaid").order_by("pk")
    account = next(one for one in prepaid if one.tenancies.count() == 1)
    point_id = Tenancy.objects.get(account=account).metering_point_id
    meter = MeterInstallation.objects.get(metering_point=point_id)
    now = estate_now()
    first = day_start(local_date(now, ZONE) - timedelta(days=DAYS), ZONE)
    shares = [wh // max(1, len(meter.opening_rates_wh)) for wh in [500] * len(meter.opening_rates_wh)]
    readings = []
    for hour in range(1, int((now - first).total_seconds()) // 3600):
        rates = [opened + hour * more for opened, more in zip(meter.opening_rates_wh, shares, strict=True)]
        total = meter.opening_total_wh + hour * (sum(shares) or 500)
        at = first + timedelta(hours=hour)
        readings.append(
            ReadingIn(installation_id=meter.pk, kind=1, read_at=at, total_wh=total, rates_wh=tuple(rates), epoch=0)
        )
    record_readings(actor=site.actor(), site_id=site.site_id, readings=readings)
    for number in range(3):
        take_payment(
            actor=site.actor(), account_id=account.pk, amount=Money(20_000, "CNY"), channel="cash", till="T1",
            token=f"bench-{number}",
        )  # fmt: skip
    with unit_of_work(actor=site.actor(), verb="bench"):
        user = create_login(username="tenant", password=PASSWORD, name="Tenant")
        create_login(username="stranger", password=PASSWORD, name="Stranger")
        share_account(account_id=account.pk, user=user, role="owner")
    return f"/my/{account.public_id}/"


def count_accounts() -> int:
    from prewatt.tenancy.models import Account

    return Account.objects.count()


@contextlib.contextmanager
def _browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    path = next((found for found in map(shutil.which, CHROMIUM) if found), None)
    if path is None:
        raise RuntimeError("no Chromium: apt-get install chromium")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _stage(site: BenchSite, browser: "Browser", address: str, *, accounts: int, rounds: int) -> Stage:
    with role("web", "--port", str(PORT), log=site.folder):
        wait_for(PORT)
        cookie, stranger = (cookie_of(_sign_in(browser, name)) for name in ("tenant", "stranger"))
        line = http.client.HTTPConnection("127.0.0.1", PORT)
        asked = ((address, cookie), (EMPTY, stranger), (BARE, ""))
        took = [[get_page(line, *one) for one in asked] for _ in range(WARM + rounds)][WARM:]
        line.close()
    page_s, empty_s, bare_s = map(statistics.median, zip(*took, strict=True))
    return Stage(accounts, _queries(address), page_s, empty_s, bare_s)


def cookie_of(state: Any) -> str:
    return "; ".join(f"{one['name']}={one['value']}" for one in state["cookies"])


def get_page(line: http.client.HTTPConnection, address: str, cookie: str) -> float:
    began = time.perf_counter()
    line.request("GET", address, headers={"Cookie": cookie})
    answer = line.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{address}: {answer.status}")
    return time.perf_counter() - began


def _queries(address: str) -> int:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from prewatt.access.models import User

    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(username="tenant"))
    with CaptureQueriesContext(connection) as queries:
        if client.get(address).status_code != 200:
            raise RuntimeError(f"{address} does not open")
    return len(queries)


def _sign_in(browser: "Browser", name: str = "tenant") -> Any:
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{PORT}/my/sign-in?way=password")
    page.fill("[name=contact]", name)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    state = context.storage_state()
    context.close()
    return state


def _first_loads(site: BenchSite, browser: "Browser", address: str, loads: int) -> tuple[list[float], list[int]]:
    """Open the page as a phone that was never here: seconds to the first paint of content, bytes over the wire."""
    paints, weights = [], []
    with role("web", "--port", str(PORT), log=site.folder):
        wait_for(PORT)
        state = _sign_in(browser)
        for _ in range(loads):
            context = browser.new_context(
                storage_state=state, viewport={"width": 390, "height": 844}, is_mobile=True, service_workers="block"
            )
            page = context.new_page()
            line = context.new_cdp_session(page)
            got: list[int] = []
            line.on("Network.loadingFinished", lambda told, got=got: got.append(int(told["encodedDataLength"])))
            line.send("Network.enable")
            line.send("Network.emulateNetworkConditions", PHONE)
            line.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SHARE})
            page.goto(f"http://127.0.0.1:{PORT}{address}", wait_until="load")
            page.wait_for_timeout(500)
            paint_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            paints.append(float(paint_ms) / 1000)
            weights.append(sum(got))
            context.close()
    return paints, weights


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
