"""How a role or command enters: a safe database, tables of this version, then Django."""

import psycopg

from prewatt.cli.errors import UnableToStart
from prewatt.cli.postgres.guard import refuse_unsafe
from prewatt.config.boot import boot
from prewatt.config.environment import Process, environment


def enter(process: Process) -> None:
    """This function will make this process one of ours; it refuses an unsafe database and missing migrations."""
    env = environment()
    try:
        with psycopg.connect(env.database_url, connect_timeout=5) as connection:
            refuse_unsafe(connection, allowed=env.allow_unsafe_database)
    except psycopg.OperationalError as error:
        raise UnableToStart(
            f"The database does not answer: {str(error).strip()}",
            hint="Look whether it runs, and at PREWATT_DATABASE_URL.",
        ) from error
    boot(process)
    missing = missing_migrations()
    if missing:
        raise UnableToStart(
            f"The database lacks {len(missing)} migrations of this version (first: {missing[0]}).",
            hint="Run `prewatt migrate`.",
        )


def missing_migrations() -> list[str]:
    """This function will list the migrations that the database does not have yet; Django must be set up."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
