"""One PostgreSQL for all test runs of this user at once: started by the first test that needs it, stopped by the last.

Every pytest process (an xdist worker too) has a database of its own, copied from a migrated template whose name is the
hash of all migrations. ``PREWATT_TEST_DATABASE_URL`` names another server; ``PREWATT_TEST_DATA`` another folder.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from prewatt.cli.account import identity_of, unprivileged_account
from prewatt.cli.errors import UnableToRunPostgres
from prewatt.cli.postgres.binaries import find_binaries, reachable
from prewatt.cli.postgres.cluster import APP, OWNER, Cluster, create_extensions
from prewatt.config.environment import Environment

pytest_plugins = ["tests.fault_rows", "tests.scheduling"]

_STALE_DATABASES = "select datname from pg_database where datname ~ '^test_[0-9]+_'"
_OLD_TEMPLATES = "select datname from pg_database where datname ~ '^template_[0-9a-f]{16}$' order by oid desc offset 6"
_TABLES = """
select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
and not relispartition and relname <> 'django_migrations'"""


def _test_folder() -> Path:
    given = os.environ.get("PREWATT_TEST_DATA")
    return Path(given) if given else Path(tempfile.gettempdir()) / f"prewatt-test-pg-{os.getuid()}"


@contextlib.contextmanager
def _locked(path: Path, how: int) -> Iterator[IO[str]]:
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield file


def _start(cluster: Cluster) -> None:
    """Start the shared server detached from this process: it belongs to whoever still tests."""
    with cluster.log.open("ab") as log:
        process = subprocess.Popen(
            cluster.command(),
            cwd="/",
            env=cluster.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **identity_of(cluster.account),
        )
    cluster.wait_ready(process, timeout_s=60)
    process.returncode = 0  # it is not ours to wait for; keeps Popen's finaliser quiet


def _shared_cluster(folder: Path) -> Cluster:
    account = unprivileged_account()
    binaries = reachable(find_binaries(), store=folder, account=account)
    cluster = Cluster(binaries, folder / "postgres", account, durable=False)
    cluster.create()
    if cluster.postmaster_pid() is None or not cluster.is_ready():
        try:
            _start(cluster)
        except UnableToRunPostgres:  # of another version, or torn by a power cut: nothing in it is worth keeping
            shutil.rmtree(cluster.folder)
            cluster.create()
            _start(cluster)
    cluster.prepare(database="tests")
    with psycopg.connect(cluster.url("postgres", database="postgres"), autocommit=True) as connection:
        connection.execute(f"alter role {OWNER} createdb")
        connection.execute(f"grant {APP} to {OWNER}")
        for (name,) in connection.execute(_STALE_DATABASES).fetchall():
            if not Path(f"/proc/{name.split('_')[1]}").exists():
                connection.execute(f'drop database if exists "{name}" with (force)')
        for (name,) in connection.execute(_OLD_TEMPLATES).fetchall():
            connection.execute(f'drop database if exists "{name}"')
    return cluster


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server of the test run, as the owner role; the path names a database that is always there."""
    given = os.environ.get("PREWATT_TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = _test_folder()
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)
    start_lock = folder / "start.lock"
    with (folder / "users.lock").open("a") as users:
        with _locked(start_lock, fcntl.LOCK_EX):
            fcntl.flock(users, fcntl.LOCK_SH)
            cluster = _shared_cluster(folder)
        yield cluster.url(OWNER, database="tests")
        with _locked(start_lock, fcntl.LOCK_EX):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            cluster.stop()


def _migrations_hash() -> str:
    """Whatever makes the schema: every migration file of every installed app, ours and theirs."""
    digest = hashlib.sha256()
    for app in sorted(apps.get_app_configs(), key=lambda one: one.name):
        for file in sorted(Path(app.path).glob("migrations/**/*")):
            if file.suffix in {".py", ".sql"}:
                digest.update(f"{app.label}/{file.name}".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _template(description: dict[str, Any], url: str) -> str:
    """Return the name of a migrated database to copy from; make it when no run has made it yet."""
    name = f"template_{_migrations_hash()}"
    with (
        _locked(Path(tempfile.gettempdir()) / f"prewatt-{name}-{os.getuid()}.lock", fcntl.LOCK_EX),
        psycopg.connect(url, autocommit=True) as connection,
    ):
        if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            return name
        half = f"{name}_half"
        connection.execute(f'drop database if exists "{half}" with (force)')
        connection.execute(f'create database "{half}" template template0')
        with psycopg.connect(url, dbname=half, autocommit=True) as fresh:
            create_extensions(fresh)
        description["NAME"] = half
        call_command("migrate", verbosity=0, interactive=False)
        connections["default"].close()
        connection.execute(f'alter database "{half}" rename to "{name}"')
    return name


def _flush_past_the_guards(wrapper: Any) -> None:
    """Let tests with real commits empty their tables: the triggers of append-only tables are lifted for that moment.

    Only the owner can do this, only in one transaction, and only here: nothing else of the tests passes them. Tables
    that Django does not manage are emptied with the rest; those that are partitioned, with their partitions.
    """
    guarded = "select tgrelid::regclass::text from pg_trigger where tgname = 'append_only'"
    bare = type(wrapper.ops).sql_flush

    def sql_flush(ops: Any, style: Any, tables: Any, **kwargs: Any) -> list[str]:
        if not tables:
            return []
        with wrapper.cursor() as cursor:
            cursor.execute(_TABLES)
            unmanaged = {name for (name,) in cursor.fetchall()}.difference(tables)
            cursor.execute(guarded)
            names = [name for (name,) in cursor.fetchall()]
        statements: list[str] = bare(ops, style, [*tables, *sorted(unmanaged)], **kwargs)
        lifted = [f"ALTER TABLE {name} DISABLE TRIGGER append_only" for name in names]
        put_back = [f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER append_only" for name in names]
        return [*lifted, *statements, *put_back]

    type(wrapper.ops).sql_flush = sql_flush


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_url: str, django_db_blocker: Any) -> None:
    """Point Django at the test server, before pytest-django makes the test database."""
    description = Environment(database_url=postgres_url).database()
    wrapper = connections["default"]
    wrapper.settings_dict.update(description)
    _flush_past_the_guards(wrapper)
    settings.DATABASES["default"].update(description)
    with django_db_blocker.unblock():
        template = _template(wrapper.settings_dict, postgres_url)
    wrapper.settings_dict["NAME"] = description["NAME"]
    wrapper.settings_dict["TEST"].update(NAME=f"test_{os.getpid()}_{secrets.token_hex(4)}", TEMPLATE=template)


@contextlib.contextmanager
def _database_of_its_own(url: str, blocker: Any) -> Iterator[str]:
    wrapper = connections["default"]
    before = wrapper.settings_dict["NAME"]
    template = wrapper.settings_dict["TEST"]["TEMPLATE"]
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection, blocker.unblock():
        connection.execute(f'create database "{name}" template "{template}"')
        wrapper.close()
        wrapper.settings_dict["NAME"] = name
        try:
            yield name
        finally:
            wrapper.close()
            wrapper.settings_dict["NAME"] = before
            connection.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture
def committed_database(postgres_url: str, django_db_modify_db_settings: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, copied from the template, where everything commits; the name is yielded.

    For tests with threads or processes: the books refuse the TRUNCATE that pytest-django's transactional tests end
    with, so the whole database is thrown away instead.
    """
    with _database_of_its_own(postgres_url, django_db_blocker) as name:
        yield name


@pytest.fixture(scope="module")
def module_database(postgres_url: str, django_db_modify_db_settings: None, django_db_blocker: Any) -> Iterator[str]:
    """As ``committed_database``, one for all tests of a module: each makes what it needs beside the others'.

    A test of such a module must not ask for ``db``.
    """
    with _database_of_its_own(postgres_url, django_db_blocker) as name:
        yield name
