"""The room board of 676 units: the whole page against rendering the same tiles from a list in memory.

``limit``: the same template with the same rows, already in memory. ``product``: the request, with session, rights, the
board's query and everything around the board. Gates: median at most 1.5 times the limit, at most 12 queries.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.site import BenchSite, bench_site
from prewatt.config.environment import environment

GATE = 1.5
QUERIES_MAX = 12


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=40)
    given = options.parse_args(arguments)
    with bench_site() as site:
        return _measure(site, given.rounds)


def _measure(site: BenchSite, rounds: int) -> bool:
    from django.db import connection
    from django.template import Context, loader
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, setup_test_environment, teardown_test_environment

    from prewatt.access.models import User
    from prewatt.cli.demo.plan import OPERATOR
    from prewatt.cli.web import settle
    from prewatt.console.board import blocks, legend
    from prewatt.kernel.clock import estate_now
    from prewatt.supply.room_board import list_room_tiles
    from prewatt.usecases.create_login import create_login

    setup_test_environment()
    create_login(
        actor=site.actor(), username="bench", password="bench bench bench", name="Bench", role_code="administrator",
        organisation=OPERATOR,
    )  # fmt: skip
    user = User.objects.get(username="bench")
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        answer: Any = client.get("/rooms")
        count = len(queries)
    teardown_test_environment()  # it was there to keep the context; from here on both sides render as in life
    context = {name: value for part in answer.context for name, value in part.flatten().items()}
    rows = list_room_tiles(user=user, site_id=site.site_id, now=estate_now())
    template = loader.get_template("console/rooms.html").template  # type: ignore[attr-defined]  # Django's own backend

    def from_memory() -> None:
        template.render(Context({**context, "blocks": blocks(rows), "legend": legend(rows)}))

    def page() -> None:
        assert client.get("/rooms").status_code == 200

    settle()  # as the web process does before it serves
    _gather_statistics()
    ratios, took = [], []
    for _ in range(rounds):
        limit_s, page_s = _time(from_memory), _time(page)
        ratios.append(page_s / limit_s)
        took.append(page_s)
    median = statistics.median(ratios)
    print(f"room board, {len(rows)} units, {rounds} rounds")
    print(
        f"  of rendering the tiles from memory: median {median:.2f} ({min(ratios):.2f}..{max(ratios):.2f}), gate {GATE}"
    )
    print(f"  page {statistics.median(took) * 1000:.0f} ms   queries {count}, gate {QUERIES_MAX}")
    return median <= GATE and count <= QUERIES_MAX


def _gather_statistics() -> None:
    """What PostgreSQL does by itself within a minute of the import: the board is opened on all other minutes."""
    import psycopg

    with psycopg.connect(str(environment().owner_database_url), autocommit=True) as owner:
        owner.execute("ANALYZE")


def _time(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
