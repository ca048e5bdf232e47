"""C11: a database that may lose or mix up money. Each thing that is wrong with it, alone, keeps roles from starting."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.test_postgres import running, without_checksums
from tests.clusters import DATABASE, OwnCluster, connected_to
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound

from prewatt.cli import entering
from prewatt.cli.entering import enter
from prewatt.cli.errors import UnableToStart
from prewatt.cli.postgres.cluster import OWNER, SUPERUSER, Cluster
from prewatt.config.environment import Process, environment

ROOT = Path(__file__).parents[2]
OLDER = """
CREATE SCHEMA older;
CREATE FUNCTION older.current_setting(name text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE name WHEN 'server_version_num' THEN '140012' WHEN 'server_version' THEN '14.12'
                     ELSE pg_catalog.current_setting(name) END $$;
GRANT USAGE ON SCHEMA older TO PUBLIC;
ALTER DATABASE prewatt SET search_path = older, pg_catalog, public"""
"""A server that says of itself what one of version 14 says."""

OF_TODAY = "ALTER DATABASE prewatt RESET search_path; DROP SCHEMA older CASCADE"
ANOTHER_ORDER = "UPDATE pg_database SET datcollversion = '0.9' WHERE datname = 'prewatt'"
OLD_ORDER = "ALTER DATABASE prewatt REFRESH COLLATION VERSION"
ASCII = "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"


def change(cluster: Cluster, *statements: str, database: str = DATABASE) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, database=database), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def as_process(url: str, folder: Path) -> str:
    """Start ``prewatt worker`` and return why it did not start."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    told = {"PREWATT_DATABASE_URL": url, "PREWATT_DATA": str(folder), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "prewatt.cli.main", "worker"]
    done = subprocess.run(command, env=bare | told, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 1, done
    return done.stderr


@contextmanager
def told_of(url: str, *, allowed: bool = False) -> Iterator[None]:
    """Let this process's environment name the database, as a role's does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREWATT_DATABASE_URL", url)
        patch.setenv("PREWATT_ALLOW_UNSAFE_DATABASE", str(allowed).lower())
        environment.cache_clear()
        yield
    environment.cache_clear()


def in_here(url: str, _folder: Path) -> str:
    """Enter as the worker does, and return why it is refused."""
    with told_of(url), pytest.raises(UnableToStart) as refused:
        enter(Process.WORKER)
    return refused.value.message


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.faults("C11")
def test_c11_each_thing_that_is_wrong_with_a_database_keeps_roles_from_starting(
    own_clusters: Callable[..., OwnCluster], tmp_path: Path, django_db_blocker: Any, faults: Faults
) -> None:
    own = own_clusters(durable=True)
    cluster, start = own.cluster, as_process if faults.full else in_here

    def is_refused_for(words: str, *, database: str = DATABASE) -> None:
        said = start(cluster.url(OWNER, database=database), tmp_path)
        assert words in said, said
        assert said.count("\n- ") == 1 or database != DATABASE, f"for one reason alone: {said}"
        faults.hit()

    with running(cluster, "-c", "fsync=off"):
        is_refused_for("fsync is off")
    with running(cluster):
        change(cluster, ASCII, database="postgres")
        is_refused_for("encoding is SQL_ASCII, not UTF8", database="ascii")
        change(cluster, ANOTHER_ORDER)
        is_refused_for("The order of text has changed")
        change(cluster, OLD_ORDER)
        change(cluster, *OLDER.split(";\n"))
        is_refused_for("PostgreSQL is 14.12")
        change(cluster, *OF_TODAY.split("; "))
    without_checksums(cluster)
    with running(cluster):
        is_refused_for("Data checksums are off")
        with connected_to(own.url, django_db_blocker):
            assert_sound(seals=True)


@pytest.mark.slow
@pytest.mark.faults("C11", control=True)
def test_c11_without_the_guard_the_worker_would_start(
    own_clusters: Callable[..., OwnCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entering goes on to the boot of Django, on which this process depends itself: there it is stopped."""
    own, booted = own_clusters(), []

    def boot(process: Process) -> None:
        booted.append(process)
        raise InterruptedError

    monkeypatch.setattr(entering, "boot", boot)
    with own.running(), told_of(own.url):
        with pytest.raises(UnableToStart, match="fsync is off"):
            enter(Process.WORKER)
        assert not booted
        monkeypatch.setattr(entering, "refuse_unsafe", lambda *_, **__: [])
        with pytest.raises(InterruptedError):
            enter(Process.WORKER)
    assert booted == [Process.WORKER]
