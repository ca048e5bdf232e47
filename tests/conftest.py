"""One PostgreSQL for all test runs of this user at once: started by the first test that needs it, stopped by the last.

Every pytest process (an xdist worker too) has a database of its own, copied from a migrated template whose name is the
hash of all migrations. ``PREWATT_TEST_DATABASE_URL`` names another server; ``PREWATT_TEST_DATA`` another folder.
"""

import contextlib
import fcntl
import gc
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from tests.clusters import OwnCluster, connected_to, locked, migrations_hash, own_cluster, shared_cluster, test_folder

from prewatt.cli.postgres.cluster import OWNER, create_extensions
from prewatt.config.environment import Environment
from prewatt.kernel import clock

# Time is no verdict on a shared machine: no test fails for being slow.
# Each run draws other examples: half as many as usual in each cost little and lose nothing for long.
hypothesis_settings.register_profile(
    "house", deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("house")

# Unset, structlog paints each traceback with frames and colours: a twentieth of all time of the tests.
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ]
)

pytest_plugins = ["tests.fault_rows", "tests.scheduling"]

_TABLES = """
select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
and not relispartition and relname <> 'django_migrations'"""


def pytest_collection_finish() -> None:
    """Take what is loaded by now out of the garbage collector's rounds: each would walk all of it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@contextlib.contextmanager
def _clock_kept() -> Iterator[None]:
    before = clock.estate_clock()
    yield
    clock.install(before)


@pytest.fixture(autouse=True, scope="module")
def _clock_put_back_after_a_file() -> Iterator[None]:
    """Whatever estate clock a file's own fixtures install goes with them: the next one may run real meters here."""
    with _clock_kept():
        yield


@pytest.fixture(autouse=True)
def _clock_put_back() -> Iterator[None]:
    """Whatever estate clock a test installs goes with it."""
    with _clock_kept():
        yield


@pytest.fixture(autouse=True, scope="session")
def _cheap_hashing() -> Iterator[None]:
    """Passwords of tests are hashed at no cost; who tests the costly way sets its hasher back."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server of the test run, as the owner role; the path names a database that is always there."""
    given = os.environ.get("PREWATT_TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = test_folder()
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)
    start_lock = folder / "start.lock"
    with (folder / "users.lock").open("a") as users:
        with locked(start_lock):
            fcntl.flock(users, fcntl.LOCK_SH)
            cluster = shared_cluster(folder)
        yield cluster.url(OWNER, database="tests")
        with locked(start_lock):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            cluster.stop()


def _template(description: dict[str, Any], url: str) -> str:
    """Return the name of a migrated database to copy from; make it when no run has made it yet."""
    name = f"template_{migrations_hash()}"
    with (
        locked(Path(tempfile.gettempdir()) / f"prewatt-{name}-{os.getuid()}.lock"),
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
        connection.execute(f'create database "{name}" template "{template}" strategy file_copy')
        wrapper.close()
        wrapper.settings_dict["NAME"] = name
        try:
            yield name
        finally:
            wrapper.close()
            wrapper.settings_dict["NAME"] = before
            _drop(connection, name)


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Throw a database away, whoever is still in it. Only a plain drop may send the autovacuum away."""
    try:
        connection.execute(f'drop database if exists "{name}" with (force)')
    except psycopg.errors.InsufficientPrivilege:
        connection.execute(f'drop database if exists "{name}"')


@pytest.fixture
def committed_database(postgres_url: str, django_db_modify_db_settings: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, copied from the template, where everything commits; the name is yielded.

    For tests with threads or processes: the books refuse the TRUNCATE that pytest-django's transactional tests end
    with, so the whole database is thrown away instead.
    """
    with _database_of_its_own(postgres_url, django_db_blocker) as name:
        yield name


@pytest.fixture
def fresh_databases(
    postgres_url: str, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Callable[[], AbstractContextManager[str]]:
    """Gives one database after the other, each as ``committed_database`` and for as long as its context lasts."""
    return lambda: _database_of_its_own(postgres_url, django_db_blocker)


@pytest.fixture(scope="module")
def module_database(postgres_url: str, django_db_modify_db_settings: None, django_db_blocker: Any) -> Iterator[str]:
    """As ``committed_database``, one for all tests of a module: each makes what it needs beside the others'.

    A test of such a module must not ask for ``db``.
    """
    with _database_of_its_own(postgres_url, django_db_blocker) as name:
        yield name


Building = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def building(django_db_setup: None, django_db_blocker: Any) -> Iterator[Building]:
    """One transaction around all tests of a module that use ``db``; what is built in the yielded context stands for
    each of them as it was. Tests of such a module cannot have a database of their own.
    """

    @contextlib.contextmanager
    def build() -> Iterator[None]:
        with _clock_kept(), django_db_blocker.unblock():
            yield

    with django_db_blocker.unblock(), transaction.atomic():
        with django_db_blocker.block():
            yield build
        transaction.set_rollback(True)


OwnClusters = Callable[..., OwnCluster]


@pytest.fixture(scope="module")
def own_clusters(postgres_url: str, django_db_modify_db_settings: None) -> Iterator[OwnClusters]:
    """Gives clusters of the test's own, each with a migrated database; they stand still and are thrown away after.

    ``own_clusters(durable=True)`` gives one that writes to the disk as the product's does.
    """
    template = connections["default"].settings_dict["TEST"]["TEMPLATE"]
    with contextlib.ExitStack() as ending:
        yield lambda **how: ending.enter_context(own_cluster(postgres_url, template, **how))


@pytest.fixture
def own_database(own_clusters: OwnClusters, django_db_blocker: Any) -> Iterator[OwnCluster]:
    """A running server of the test's own, which it may kill and freeze; Django's connection leads to it."""
    own = own_clusters()
    with own.running(), connected_to(own.url, django_db_blocker):
        yield own
