"""A report of 1,000,000 rows as Excel and as CSV, against the bare tools on the same rows in the same run.

``Excel``: ``write_report_workbook`` of the top-up records, from the query to the finished file, against xlsxwriter
alone (constant memory, ``write_row``) on the same rows, as values that a workbook takes, read one by one from a file.
``CSV``: ``write_report_csv`` against psycopg's COPY TO STDOUT (FORMAT csv) of the same query, in the site's zone.
Each side is a process of its own, in turn; memory is how much its peak grew over what it held before its first row.
Gates: Excel 1.5 times the bare writer and 100 MB; CSV 2 times COPY.
"""

import argparse
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

ROWS = 1_000_000
EXCEL_GATE = 1.5
MEMORY_GATE_MB = 100.0
CSV_GATE = 2.0
FIRST = date(2026, 1, 1)
DAYS = 300
SIDES = ("excel", "bare-excel", "csv", "bare-csv")


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--side", choices=SIDES, help="measure one side in the database of the environment")
    options.add_argument("--rows-file", type=Path)
    given = options.parse_args(arguments)
    if given.side is not None:
        print(json.dumps(_one_side(given.side, given.rows_file)))
        return True
    from bench.papers import _database

    with _database(), tempfile.TemporaryDirectory() as folder:
        _fill(given.rows)
        rows_file = Path(folder) / "rows"
        _keep_rows(rows_file)
        return _measure(rows_file, rows=given.rows, rounds=given.rounds)


def _fill(rows: int) -> None:
    """Make an estate of 676 accounts and write payments by SQL; nothing else of the house would be read."""
    from datetime import UTC, datetime

    from django.db import connection

    from bench.ingest_estate import build_estate
    from prewatt.access.audit import Actor
    from prewatt.access.services import create_login, ensure_roles, grant
    from prewatt.estate.models import Site
    from prewatt.usecases.work import unit_of_work

    build_estate(meters=676, begins=datetime(2026, 1, 1, tzinfo=UTC), tariff_from=FIRST)
    site = Site.objects.select_related("scope").get()
    with unit_of_work(actor=Actor(process="bench"), verb="bench"):
        ensure_roles()
        user = create_login(username="bench", password="correct horse battery", name="Bench")
        grant(user=user, role_code="administrator", scope=site.scope)
    with connection.cursor() as cursor:
        cursor.execute(_ENTRY, {"code": site.code})
        cursor.execute(_PAYMENTS, {"rows": rows, "site": site.pk, "user": user.pk, "first": FIRST, "days": DAYS})


_ENTRY = """
INSERT INTO ledger_journalentry (book_id, kind, cause_key, input_hash, occurred_at, booking_date, memo)
SELECT id, 'top_up', 'bench', '', now(), '2026-01-01', '{}' FROM ledger_book WHERE code = %(code)s
"""
_PAYMENTS = """
WITH payers AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM tenancy_account WHERE site_id = %(site)s),
     entry AS (SELECT id FROM ledger_journalentry WHERE cause_key = 'bench')
INSERT INTO payments_payment (public_id, site_id, account_id, kind, channel, merchant, trade_no, amount, currency,
    received_at, till, taken_by_id, entry_id, refunded, input_hash)
SELECT gen_random_uuid(), %(site)s, payers.id, 'top_up', (ARRAY['cash', 'card', 'alipay', 'wechat'])[1 + n %% 4], '',
    'bench-' || n, 1000 + n * 37 %% 90000, 'CNY', %(first)s::timestamptz + n * (%(days)s * interval '1 day' / %(rows)s),
    'T' || n %% 5, %(user)s, entry.id, 0, ''
  FROM generate_series(1, %(rows)s) n CROSS JOIN entry
  JOIN payers ON payers.place = n %% (SELECT count(*) FROM payers)
"""


def _asked() -> dict[str, Any]:
    from datetime import timedelta

    from prewatt.access.models import User
    from prewatt.estate.models import Site
    from prewatt.reports.tables.registry import get_report
    from prewatt.reports.tables.report import Wanted
    from prewatt.usecases.see_site import get_site

    wanted = Wanted(FIRST, FIRST + timedelta(days=DAYS + 2), options={"channel": "all"})
    return {
        "user": User.objects.get(username="bench"), "site": get_site(site_id=Site.objects.get().pk),
        "report": get_report("top-ups"), "wanted": wanted,
    }  # fmt: skip


def _keep_rows(file: Path) -> None:
    """Write the report's rows down as values that a workbook takes as they are."""
    from prewatt.usecases.see_report import iterate_report

    asked = _asked()
    zone = asked["site"].zone
    with file.open("wb") as out:
        for at, *texts, amount, refunded, reversed_at in iterate_report(**asked):
            local = at.astimezone(zone).replace(tzinfo=None)
            pickle.dump([local, *texts, amount / 100, refunded / 100, reversed_at], out)


def _rows(file: Path) -> Iterator[list[Any]]:
    with file.open("rb") as kept:
        while True:
            try:
                yield pickle.load(kept)
            except EOFError:
                return


def _one_side(side: str, rows_file: Path) -> dict[str, float]:
    from prewatt.config.boot import boot
    from prewatt.config.environment import Process

    boot(Process.COMMAND)
    asked = _asked()
    run: dict[str, Callable[[Any], None]] = {
        "excel": lambda out: _excel(asked, out),
        "bare-excel": lambda out: _bare_excel(rows_file, out),
        "csv": lambda out: _csv(asked, out),
        "bare-csv": lambda out: _bare_csv(asked, out),
    }
    with tempfile.TemporaryFile() as out:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        before_kb = _memory_kb("VmRSS")
        began = time.perf_counter()
        run[side](out)
        seconds = time.perf_counter() - began
        after_kb = _memory_kb("VmHWM")
        return {
            "seconds": seconds, "grew_mb": (after_kb - before_kb) / 1024, "peak_mb": after_kb / 1024,
            "file_mb": out.seek(0, 2) / 1e6,
        }  # fmt: skip


def _memory_kb(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(f"{name}:")))


def _excel(asked: dict[str, Any], out: Any) -> None:
    from prewatt.usecases.see_report import write_report_workbook

    with write_report_workbook(**asked) as file:
        while block := file.read(1 << 18):
            out.write(block)


def _bare_excel(rows_file: Path, out: Any) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(_rows(rows_file)):
            sheet.write_row(number, 0, row)


def _csv(asked: dict[str, Any], out: Any) -> None:
    from prewatt.usecases.see_report import write_report_csv

    write_report_csv(**asked, file=out)


def _bare_csv(asked: dict[str, Any], out: Any) -> None:
    import psycopg
    from django.db import connection

    from prewatt.reports.tables.sql import rows_sql
    from prewatt.usecases.see_report import parameters_of

    parameters = parameters_of(**asked)
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password, cursor_factory=psycopg.ClientCursor) as bare:
        bare.execute(f"SET TIME ZONE '{asked['site'].zone.key}'")
        statement = f"COPY ({rows_sql(asked['report'], asked['wanted'])}) TO STDOUT (FORMAT csv, HEADER)"
        with bare.cursor().copy(statement, parameters) as copy:
            for block in copy:
                out.write(block)


def _measure(rows_file: Path, *, rows: int, rounds: int) -> bool:
    taken: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _round in range(rounds):
        for side in SIDES:
            done = subprocess.run(
                [sys.executable, "-m", "bench.reports", "--side", side, "--rows-file", str(rows_file)],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            one = json.loads(done.stdout.splitlines()[-1])
            taken[side].append(one)
            print(
                f"  {side}: {one['seconds']:.1f} s, grew {one['grew_mb']:.0f} MB to {one['peak_mb']:.0f} MB, "
                f"file {one['file_mb']:.0f} MB",
                flush=True,
            )
    ratios = {
        side: statistics.median(
            ours["seconds"] / bare["seconds"] for ours, bare in zip(taken[side], taken[f"bare-{side}"], strict=True)
        )
        for side in ("excel", "csv")
    }
    memory_mb = max(one["grew_mb"] for one in taken["excel"])
    print(f"reports: {rows:,} top-ups, {rounds} rounds")
    print(f"  Excel of the bare writer: {ratios['excel']:.2f}, gate {EXCEL_GATE}")
    print(f"  memory that it needs: {memory_mb:.0f} MB, gate {MEMORY_GATE_MB:.0f}")
    print(f"  CSV of COPY: {ratios['csv']:.2f}, gate {CSV_GATE}")
    return ratios["excel"] <= EXCEL_GATE and memory_mb <= MEMORY_GATE_MB and ratios["csv"] <= CSV_GATE


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
