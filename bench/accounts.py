"""The console in a database of 100,000 accounts: an account's page, the search, the readings, the room board.

``limit``: a page of the console with nothing on it but a form, on the same server with the same login: session, rights
and frame. ``product``: the page. All are asked in turn over HTTP. Gates, for each page: the same number of queries with
676 accounts and with 100,000; median at most 8 times the limit; that ratio at most 1.3 times what it is with 676.

A board is that of one site, and draws each room of it: the crowd stands on a second site, which the login sees as well.
"""

import argparse
import http.client
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.portal import count_accounts, get_page, one_tenant
from bench.portal_crowd import Elsewhere, add_accounts, analyze
from bench.site import BenchSite, bench_site, role, wait_for

EMPTY_MAX = 8.0
GROWTH_MAX = 1.3
FEW = 676
DAYS = 15
PORT = 21_460
WARM = 10
EMPTY = "/settings/estate"
LOGIN = "bench"


@dataclass(frozen=True)
class Stage:
    """What was measured with so many accounts: of each page its queries and its median over that of an empty one."""

    accounts: int
    empty_s: float
    ratios: Mapping[str, float]
    queries: Mapping[str, int]


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--accounts", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=60)
    given = options.parse_args(arguments)
    with bench_site(days=DAYS + 1) as site:
        one_tenant(site)
        pages, elsewhere = _pages(site), _second_site(site)
        stages = []
        for accounts in (FEW, given.accounts):
            add_accounts(accounts - count_accounts(), elsewhere)
            analyze()
            stages.append(_stage(site, pages, rounds=given.rounds))
    return _say(pages, *stages)


def _say(pages: Mapping[str, str], few: Stage, many: Stage) -> bool:
    empty_ms = f"{few.empty_s * 1000:.1f} and {many.empty_s * 1000:.1f} ms"
    print(f"console, {few.accounts:,} and {many.accounts:,} accounts; an empty page {empty_ms}")
    is_good = True
    for name in pages:
        ratio, growth = many.ratios[name], many.ratios[name] / few.ratios[name]
        print(
            f"  {name:8} of an empty page {ratio:.2f}, gate {EMPTY_MAX}   of itself {growth:.2f}, gate {GROWTH_MAX}"
            f"   queries {few.queries[name]} and {many.queries[name]}"
        )
        is_good &= few.queries[name] == many.queries[name] and ratio <= EMPTY_MAX and growth <= GROWTH_MAX
    return is_good


def _pages(site: BenchSite) -> dict[str, str]:
    from prewatt.cli.demo.plan import OPERATOR
    from prewatt.tenancy.models import AccountShare
    from prewatt.usecases.create_login import create_login

    create_login(
        actor=site.actor(), username=LOGIN, password="bench bench bench", name="Bench", role_code="administrator",
        organisation=OPERATOR,
    )  # fmt: skip
    account = AccountShare.objects.select_related("account").earliest("pk").account
    return {
        "account": f"/accounts/{account.public_id}",
        "search": f"/search?q={account.number[:-1]}",
        "readings": "/readings",
        "rooms": "/rooms",
    }


def _second_site(site: BenchSite) -> Elsewhere:
    """A site of the same operator with one room and one line, where the crowd is put."""
    from prewatt.estate.models import Site
    from prewatt.estate.services.lines import keep_lines
    from prewatt.estate.services.places import keep_places
    from prewatt.estate.services.sites import ensure_site
    from prewatt.estate.values import BusSpec, SiteSpec, UnitSpec
    from prewatt.usecases.work import unit_of_work

    first = Site.objects.select_related("scope__parent").get(pk=site.site_id)
    spec = SiteSpec(
        code="ZZ", name="Second", time_zone=first.time_zone, currency=first.currency,
        operator_name=first.operator_name, first_day=first.first_day,
    )  # fmt: skip
    with unit_of_work(actor=site.actor(), verb="bench"):
        second, _ = ensure_site(organisation=first.scope.parent or first.scope, spec=spec)
        places = keep_places(site=second, units=[UnitSpec("9#", "1F", "1", "", None)]).by_path
        gateway = BusSpec("GW-ZZ", "192.0.2.99", 8001, 9600, "E", "", ("9#", "1F"))
        (bus,) = keep_lines(site=second, buses=[gateway], places=places)[0].values()
    return {
        "tenancy_account": {"site_id": second.pk},
        "estate_meteringpoint": {
            "site_id": second.pk, "place_id": places["9#", "1F", "1"].pk, "building_id": places[("9#",)].pk
        },
        "estate_meterinstallation": {"bus_id": bus.pk},
    }  # fmt: skip


def _stage(site: BenchSite, pages: Mapping[str, str], *, rounds: int) -> Stage:
    cookie = _cookie()
    with role("web", "--port", str(PORT), log=site.folder):
        wait_for(PORT)
        line = http.client.HTTPConnection("127.0.0.1", PORT)
        asked = (EMPTY, *pages.values())
        took = [[get_page(line, one, cookie) for one in asked] for _ in range(WARM + rounds)][WARM:]
        line.close()
    empty_s, *medians = map(statistics.median, zip(*took, strict=True))
    ratios = {name: one / empty_s for name, one in zip(pages, medians, strict=True)}
    return Stage(count_accounts(), empty_s, ratios, {name: _queries(one) for name, one in pages.items()})


def _cookie() -> str:
    """A session of the login, as the browser would send it."""
    from django.test import Client

    from prewatt.access.models import User

    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(username=LOGIN))
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _queries(address: str) -> int:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from prewatt.access.models import User

    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(username=LOGIN))
    with CaptureQueriesContext(connection) as queries:
        if client.get(address).status_code != 200:
            raise RuntimeError(f"{address} does not open")
    return len(queries)


if __name__ == "__main__":
    began = time.monotonic()
    is_reached = main(sys.argv[1:])
    print(f"  {time.monotonic() - began:.0f} s for all of this")
    sys.exit(not is_reached)
