"""The rounds of the ingest benchmark; imported when Django knows its database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.core.management import call_command
from django.db import connection

from bench.ingest import Server
from bench.ingest_estate import build_estate, readings_of
from prewatt.access.audit import Actor
from prewatt.cli.entering import keep_loaded
from prewatt.kernel import clock
from prewatt.usecases.record_readings import record_readings

METERS: Final = 676
FIRST_AT: Final = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
SWEEP: Final = timedelta(minutes=15)
REFERENCE: Final = """
CREATE TABLE reference (installation int, read_at timestamptz, total bigint, PRIMARY KEY (installation, read_at))
"""

Statement = tuple[str, Any]


def prepare(server: Server) -> None:
    """This function will migrate the base database and build an estate in it: 676 points, a payer with money each."""
    call_command("migrate", verbosity=0, interactive=False)
    build_estate(meters=METERS, begins=FIRST_AT - 2 * SWEEP, tariff_from=date(2026, 1, 1))
    _record_sweep(0)
    keep_loaded()  # as the collector does before it begins
    _leave()
    with server.connect("base", autocommit=True) as control:
        control.execute(REFERENCE)
        control.execute("VACUUM ANALYZE")


def round_of(server: Server, number: int, batches: int) -> tuple[float, float, float]:
    """This function will return readings a second of product, statements and copy, run in a turning order."""
    statements = _capture(server, batches)
    readings = METERS * batches
    runs: list[tuple[str, Callable[[], float]]] = [
        ("product", lambda: _time_product(server, batches)),
        ("statements", lambda: _time_statements(server, statements)),
        ("copy", lambda: _time_copy(server, batches)),
    ]
    turn = number % len(runs)
    seconds = {name: one() for name, one in runs[turn:] + runs[:turn]}
    product, bare, copy = (readings / seconds[name] for name, _ in runs)
    print(f"  round {number + 1}: product {product:,.0f}/s, statements {bare:,.0f}/s, copy {copy:,.0f}/s", flush=True)
    return product, bare, copy


@contextmanager
def _copy_of_base(server: Server) -> Iterator[str]:
    """Make a fresh copy of the prepared database, and point Django at it."""

    name = "trial"
    with server.connect("postgres", autocommit=True) as control:
        control.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        control.execute(f"CREATE DATABASE {name} TEMPLATE base STRATEGY file_copy")
        control.execute("CHECKPOINT")
    connection.settings_dict["NAME"] = name
    try:
        yield name
    finally:
        _leave()


def _leave() -> None:

    connection.close()


def _record_sweep(sweep: int) -> None:

    at = FIRST_AT + sweep * SWEEP
    clock.install(clock.EstateClock(clock.machine_now(), at + timedelta(minutes=1)))
    site_id, readings = readings_of(sweep=sweep, at=at)
    result = record_readings(actor=Actor(process="collector:bench"), site_id=site_id, readings=readings)
    if result.inserted != METERS or result.held:
        raise RuntimeError(f"a sweep was not accepted: {result}")


def _time_product(server: Server, batches: int) -> float:
    with _copy_of_base(server):
        _record_sweep(1)
        keep_loaded()  # as the collector does
        begin = time.perf_counter()
        for sweep in range(2, batches + 2):
            _record_sweep(sweep)
        return time.perf_counter() - begin


def _capture(server: Server, batches: int) -> list[list[Statement]]:
    """Let the product work once and write down what it sends, batch by batch."""

    sent: list[list[Statement]] = []

    def note(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            sent[-1].append((sql, params))
        return execute(sql, params, *rest)

    with _copy_of_base(server):
        connection.ensure_connection()
        with connection.execute_wrapper(note):
            for sweep in range(1, batches + 2):
                sent.append([])
                _record_sweep(sweep)
    return sent


def _time_statements(server: Server, statements: list[list[Statement]]) -> float:
    with _copy_of_base(server) as name, server.connect(name) as trial:
        trial.execute("SET TIME ZONE 'UTC'")
        trial.commit()
        begin = time.perf_counter()
        for place, batch in enumerate(statements):
            if place == 1:
                begin = time.perf_counter()  # the first batch warms caches, as it does for the product
            with trial.cursor() as cursor:
                for sql, params in batch:
                    cursor.execute(sql, params)
                    if cursor.description is not None:
                        cursor.fetchall()
            trial.commit()
        return time.perf_counter() - begin


def _time_copy(server: Server, batches: int) -> float:

    with _copy_of_base(server) as name:
        rows = [
            (one.installation_id, one.read_at, one.total_wh)
            for sweep in range(2, batches + 2)
            for one in readings_of(sweep=sweep, at=FIRST_AT + sweep * SWEEP)[1]
        ]
        _leave()
        with server.connect(name) as trial, trial.cursor() as cursor:
            begin = time.perf_counter()
            with cursor.copy("COPY reference (installation, read_at, total) FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int4", "timestamptz", "int8"])
                for row in rows:
                    copy.write_row(row)
            trial.commit()
            return time.perf_counter() - begin
