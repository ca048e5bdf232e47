"""How a role or command enters: a safe database, tables of this version, then Django."""

import gc
import time
from typing import Any, Final

import psycopg

from prewatt.cli.errors import UnableToStart
from prewatt.cli.postgres.guard import refuse_unsafe
from prewatt.config.boot import boot
from prewatt.config.environment import Process, environment
from prewatt.kernel.clock import monotonic_s

DATABASE_BACK_WITHIN_S: Final = 15.0
_TRY_EVERY_S: Final = 0.1
UPGRADE_LOCK: Final = 0x70726577
"""The advisory lock that an upgrade holds; roles ask for it at their start."""

GARBAGE_VALUES: Final = 20_000
"""How many values may come to be, beyond those that went, before the garbage collector looks."""


def enter(process: Process) -> None:
    """This function will make this process one of ours; it refuses an unsafe database and missing migrations.

    A role waits for a database that is on its way back; a command tells at once.
    """
    env = environment()
    wait_s = 0.0 if process is Process.COMMAND else DATABASE_BACK_WITHIN_S
    with _connected(env.database_url, wait_s=wait_s) as connection:
        refuse_unsafe(connection, allowed=env.allow_unsafe_database)
        if process is not Process.COMMAND:
            _refuse_during_upgrade(connection)
    boot(process)
    missing = missing_migrations()
    if missing:
        raise UnableToStart(
            f"The database lacks {len(missing)} migrations of this version (first: {missing[0]}).",
            hint="Run `prewatt migrate`.",
        )


def _refuse_during_upgrade(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        free = connection.execute("select pg_try_advisory_xact_lock_shared(%s)", (UPGRADE_LOCK,)).fetchone()
    if free != (True,):
        raise UnableToStart("This database is being upgraded.", hint="Wait until `prewatt upgrade` has ended.")


def keep_loaded() -> None:
    """This function will take what is loaded by now out of the garbage collector's rounds, and space those out.

    It stays for as long as the process does: walking it again and again costs a role a tenth of its time. A batch of
    readings makes some ten thousand values at once, and hardly one of them is part of a circle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_VALUES)


def _connected(url: str, *, wait_s: float) -> psycopg.Connection[Any]:
    """This function will connect, trying again for ``wait_s`` while the database is away."""
    until_s = monotonic_s() + wait_s
    while True:
        try:
            return psycopg.connect(url, connect_timeout=5)
        except psycopg.OperationalError as error:
            if monotonic_s() < until_s:
                time.sleep(_TRY_EVERY_S)
                continue
            raise UnableToStart(
                f"The database does not answer: {str(error).strip()}",
                hint="Look whether it runs, and at PREWATT_DATABASE_URL.",
            ) from error


def missing_migrations() -> list[str]:
    """This function will list the migrations that the database does not have yet; Django must be set up."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
