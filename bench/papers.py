"""676 fee statements in one run, against bare typst on the same data with both cores.

``product``: a run as the desk asks for it, from the request to the last kept file: facts gathered, contents issued with
their numbers, laid out by two threads, stored. ``limit``: the same laid out data, compiled by two threads of a fresh
process, nothing stored. One round for each closed month, in turn. Gate: product at most 1.5 times the limit, median.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

GATE = 1.5
METERS = 676
ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 7, 1)
DAY_WH = 24_000


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--meters", type=int, default=METERS)
    options.add_argument("--bare", type=Path, help="compile the papers of this file and print the seconds")
    given = options.parse_args(arguments)
    if given.bare is not None:
        print(*_compile_all(given.bare))
        return True
    with _database() as folder:
        return _measure(folder, rounds=given.rounds, meters=given.meters)


@contextlib.contextmanager
def _database() -> Iterator[Path]:
    """A fresh database with everything durable, in a folder of its own."""
    from prewatt.cli.embedded import database
    from prewatt.config.boot import boot
    from prewatt.config.environment import Process, environment

    folder = Path(tempfile.mkdtemp(prefix="prewatt-bench-"))
    folder.chmod(0o755)
    os.environ["PREWATT_DATA"] = str(folder / "data")
    os.environ["PREWATT_PROCESS"] = "command"
    for name in ("PREWATT_DATABASE_URL", "PREWATT_OWNER_DATABASE_URL", "PREWATT_CLOCK"):
        os.environ.pop(name, None)
    environment.cache_clear()
    try:
        with database():
            migrate = [sys.executable, "-m", "prewatt.cli.main", "migrate"]
            subprocess.run(migrate, check=True, stdout=subprocess.DEVNULL)
            boot(Process.COMMAND)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, *, rounds: int, meters: int) -> bool:
    from prewatt.access.audit import Actor
    from prewatt.estate.models import Site
    from prewatt.usecases.ask_paper_run import ask_paper_run
    from prewatt.usecases.work_on_paper_runs import work_on_paper_runs

    actor = Actor(process="bench")
    months = _months(rounds)
    _live_through(meters, months)
    site = Site.objects.get()
    products, limits = [], []
    for month in months:
        began, cpu_began = time.perf_counter(), time.process_time()
        ask_paper_run(actor=actor, site_id=site.pk, kind="statement", month=month)
        made = work_on_paper_runs(actor=actor)
        products.append(time.perf_counter() - began)
        cpu_s = time.process_time() - cpu_began
        if made != meters:
            raise RuntimeError(f"{made} of {meters} statements were made")
        limit, limit_cpu_s = _bare(folder, month)
        limits.append(limit)
        print(
            f"  {month:%Y-%m}: run {products[-1]:.1f} s ({cpu_s:.1f} s of CPU), bare typst {limit:.1f} s "
            f"({limit_cpu_s:.1f} s of CPU)",
            flush=True,
        )
    ratios = [product / limit for product, limit in zip(products, limits, strict=True)]
    median = statistics.median(ratios)
    print(f"papers: {meters} statements in {statistics.median(products):.1f} s, {rounds} rounds")
    print(
        f"  of bare typst on the same data, two threads: median {median:.2f} "
        f"({min(ratios):.2f}..{max(ratios):.2f}), gate {GATE}"
    )
    return median <= GATE


def _months(count: int) -> list[date]:
    months = [FIRST]
    while len(months) < count:
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    return months


def _live_through(meters: int, months: Sequence[date]) -> None:
    """Let every meter be read at midnight, every account pay once a month, and every day close."""
    from bench.ingest_estate import build_estate
    from prewatt.access.audit import Actor
    from prewatt.estate.models import MeterInstallation, Site
    from prewatt.kernel import clock
    from prewatt.kernel.money import Money
    from prewatt.kernel.period import day_start
    from prewatt.metering.values import ReadingIn
    from prewatt.tenancy.models import Account
    from prewatt.usecases.close_day import close_day
    from prewatt.usecases.record_readings import record_readings
    from prewatt.usecases.take_payment import take_payment

    actor = Actor(process="bench")
    build_estate(meters=meters, begins=day_start(months[0], ZONE), tariff_from=months[0])
    site = Site.objects.get()
    installations = list(MeterInstallation.objects.order_by("pk").values_list("pk", flat=True))
    totals = dict.fromkeys(installations, 0)
    day, end = months[0], (months[-1] + timedelta(days=32)).replace(day=1)
    while day < end:
        midnight = day_start(day + timedelta(days=1), ZONE)
        clock.install(clock.EstateClock(clock.machine_now(), midnight + timedelta(hours=9)))
        if day.day == 3:
            for number, account_id in enumerate(Account.objects.order_by("pk").values_list("pk", flat=True)):
                take_payment(
                    actor=actor, account_id=account_id, amount=Money(30_000 + number, "CNY"), channel="cash",
                    till="T1", token=f"{day}-{account_id}",
                )  # fmt: skip
        for place, one in enumerate(installations):
            totals[one] += DAY_WH + (place * 37 + day.toordinal() * 7_919) % 9_973
        readings = [
            ReadingIn(installation_id=one, kind=2, read_at=midnight, total_wh=totals[one]) for one in installations
        ]
        record_readings(actor=actor, site_id=site.pk, readings=readings)
        close_day(actor=actor, site_id=site.pk, day=day)
        day += timedelta(days=1)


def _bare(folder: Path, month: date) -> tuple[float, float]:
    """Lay the same papers out again, and let a process of its own compile them."""
    from prewatt.ledger.queries import DocumentsWanted, get_document, search_documents
    from prewatt.reports.papers.printing import prepare
    from prewatt.usecases.print_document import marks_of

    lines, before = [], None
    wanted_month = f"{month:%Y-%m}"
    while page := search_documents(wanted=DocumentsWanted(kinds=("statement",), before_id=before), limit=500):
        before = page[-1].id
        lines += page
    documents = [get_document(public_id=line.public_id) for line in lines]
    papers = [
        prepare(kind=one.kind, content=one.content, form="a4", marks=marks_of(one))
        for one in documents
        if one.content["month"] == wanted_month
    ]
    file = folder / f"{wanted_month}.json"
    file.write_text(json.dumps(papers))
    done = subprocess.run(
        [sys.executable, "-m", "bench.papers", "--bare", str(file)], check=True, capture_output=True, text=True
    )
    wall_s, cpu_s = done.stdout.split()
    return float(wall_s), float(cpu_s)


def _compile_all(file: Path) -> tuple[float, float]:
    """Compile prepared papers in two threads and return the seconds that it took, by the wall and of the processors."""
    from prewatt.reports.papers.printing import compile_pdf

    papers = json.loads(file.read_text())

    def compile_some(some: list[tuple[str, str, int]]) -> None:
        for template, data, timestamp in some:
            compile_pdf(template, data, timestamp)

    threads = [threading.Thread(target=compile_some, args=(papers[place::2],)) for place in range(2)]
    began, cpu_began = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, time.process_time() - cpu_began


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
