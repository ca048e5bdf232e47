"""Readings recorded, validated, rated and accrued in live batches of 676, one commit a batch.

Three runs in turn, on copies of one prepared database with everything durable:

* product: the use case, whole, with the review of every account's supply at its end;
* statements: the very statements that the product sent, with values computed beforehand, sent again by a bare cursor;
* copy: one binary COPY of the rows into (installation int, read_at timestamptz, total bigint, primary key of the two).

Printed: readings a second of each, and the product's share of the other two; gates 0.35 and 0.02.
"""

import argparse
import importlib
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import django
import psycopg

from prewatt.cli.account import identity_of, unprivileged_account
from prewatt.cli.postgres.binaries import find_binaries, reachable
from prewatt.cli.postgres.cluster import SUPERUSER, Cluster

GATE_STATEMENTS: Final = 0.35
GATE_COPY: Final = 0.02


@dataclass(frozen=True, slots=True)
class Figure:
    """What a run of this benchmark found: medians, and (product, statements, copy) in readings a second per round."""

    product_per_s: float
    of_statements: float
    of_copy: float
    rounds: tuple[tuple[float, float, float], ...]

    @property
    def has_passed(self) -> bool:
        """This property will tell whether both gates were reached."""
        return self.of_statements >= GATE_STATEMENTS and self.of_copy >= GATE_COPY


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL, reached as its superuser."""

    url: Callable[[str], str]

    def connect(self, database: str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """This method will connect to one of its databases."""
        return psycopg.connect(self.url(database), autocommit=autocommit)


def run(*, rounds: int = 5, batches: int = 24) -> Figure:
    """This function will run the benchmark on a PostgreSQL of its own and print what it found."""
    with _server() as server:
        os.environ["PREWATT_DATABASE_URL"] = server.url("base")
        os.environ.setdefault("PREWATT_SECRET_KEY", "bench" * 10)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.config.settings")
        django.setup()
        trials = importlib.import_module("bench.ingest_rounds")  # imports models: only after the settings are known
        trials.prepare(server)
        found = [trials.round_of(server, number, batches) for number in range(rounds)]
    figure = Figure(
        statistics.median(one[0] for one in found),
        statistics.median(one[0] / one[1] for one in found),
        statistics.median(one[0] / one[2] for one in found),
        tuple(found),
    )
    _print(figure)
    return figure


@contextmanager
def _server() -> Iterator[Server]:
    """Start a PostgreSQL that keeps what it confirms, in a folder of its own, and take it away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="prewatt-bench-"))
    folder.chmod(0o755)
    account = unprivileged_account()
    cluster = Cluster(reachable(find_binaries(), store=folder, account=account), folder / "postgres", account)
    cluster.create()
    with cluster.log.open("ab") as log:
        process = subprocess.Popen(
            cluster.command(),
            cwd="/",
            env=cluster.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **identity_of(account),
        )
    try:
        cluster.wait_ready(process, timeout_s=60)
        cluster.prepare(database="base")
        yield Server(lambda database: cluster.url(SUPERUSER, database=database))
    finally:
        cluster.stop_process(process)
        shutil.rmtree(folder, ignore_errors=True)


def _print(figure: Figure) -> None:
    bare = [one[0] / one[1] for one in figure.rounds]
    copy = [one[0] / one[2] for one in figure.rounds]
    print(
        f"ingest: {figure.product_per_s:,.0f} readings/s\n"
        f"  of the same statements with values computed beforehand: {figure.of_statements:.2f} "
        f"({min(bare):.2f}..{max(bare):.2f}), gate {GATE_STATEMENTS}\n"
        f"  of a binary COPY of the rows: {figure.of_copy:.3f} ({min(copy):.3f}..{max(copy):.3f}), gate {GATE_COPY}"
    )


def main() -> int:
    """This function will run the benchmark from the command line; 1 when a gate was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=24)
    arguments = parser.parse_args()
    return 0 if run(rounds=arguments.rounds, batches=arguments.batches).has_passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
