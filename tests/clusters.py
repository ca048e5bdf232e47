"""PostgreSQL servers for tests: one that all runs share, and copies of a migrated one that may be killed or frozen."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psycopg
from django.apps import apps
from django.db import connections

from prewatt.cli.account import hand_over, identity_of, unprivileged_account
from prewatt.cli.errors import UnableToRunPostgres
from prewatt.cli.postgres.binaries import find_binaries, reachable
from prewatt.cli.postgres.cluster import APP, OWNER, Cluster
from prewatt.config.environment import Environment

DATABASE = "prewatt"
_STALE_DATABASES = "select datname from pg_database where datname ~ '^test_[0-9]+_'"
_OLD_TEMPLATES = "select datname from pg_database where datname ~ '^template_[0-9a-f]{16}$' order by oid desc offset 6"
_PREPARED_KEPT = 3
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES_MIN = 2 * 1024**3


def test_folder() -> Path:
    """Where the test runs of this user keep their servers."""
    given = os.environ.get("PREWATT_TEST_DATA")
    return Path(given) if given else Path(tempfile.gettempdir()) / f"prewatt-test-pg-{os.getuid()}"


def data_folder() -> Path:
    """Where the servers' files lie: in memory where there is room. Databases of a thousand files come and go."""
    in_memory = _MEMORY / test_folder().name
    with contextlib.suppress(OSError):
        if "PREWATT_TEST_DATA" not in os.environ and (
            in_memory.exists() or shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES_MIN
        ):
            in_memory.mkdir(mode=0o755, exist_ok=True)
            return in_memory
    return test_folder()


@contextlib.contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[IO[str]]:
    """A lock between processes."""
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield file


def migrations_hash() -> str:
    """Whatever makes the schema: every migration file of every installed app, ours and theirs."""
    digest = hashlib.sha256()
    for app in sorted(apps.get_app_configs(), key=lambda one: one.name):
        for file in sorted(Path(app.path).glob("migrations/**/*")):
            if file.suffix in {".py", ".sql"}:
                digest.update(f"{app.label}/{file.name}".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


# --- the shared server ------------------------------------------------------------------------------------------------


def _start(cluster: Cluster) -> None:
    """Start the shared server detached from this process: it belongs to whoever still tests."""
    process = _popen(cluster, start_new_session=True)
    cluster.wait_ready(process, timeout_s=60)
    process.returncode = 0  # it is not ours to wait for; keeps Popen's finaliser quiet


def _popen(cluster: Cluster, **more: Any) -> subprocess.Popen[bytes]:
    with cluster.log.open("ab") as log:
        return subprocess.Popen(
            cluster.command(), cwd="/", env=cluster.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            **identity_of(cluster.account), **more,
        )  # fmt: skip


def shared_cluster(folder: Path) -> Cluster:
    """The server of all test runs of this user, started by whoever comes first; databases of dead runs are dropped."""
    account = unprivileged_account()
    binaries = reachable(find_binaries(), store=folder, account=account)
    cluster = Cluster(binaries, data_folder() / "postgres", account, durable=False)
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


# --- servers of a test's own ------------------------------------------------------------------------------------------


class OwnCluster:
    """A cluster of one test, with a migrated database ``prewatt``: to be started, killed and frozen as a whole."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @property
    def url(self) -> str:
        return self.cluster.url(OWNER, database=DATABASE)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        process = _popen(self.cluster)
        try:
            self.cluster.wait_ready(process, timeout_s=60)
            yield
        finally:
            self.cluster.stop_process(process)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[int]:
        """Stop the postmaster and everything that it has started, as a hung disk does: nothing fails, nothing answers.

        Yields how many processes stand still.
        """
        postmaster = self.cluster.postmaster_pid()
        assert postmaster is not None
        stopped = [postmaster]
        os.kill(postmaster, signal.SIGSTOP)  # first: it cannot start others any more
        try:
            for pid in _children(postmaster):
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
            yield len(stopped)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


@contextlib.contextmanager
def own_cluster(url: str, template: str, *, durable: bool = False, folder: Path | None = None) -> Iterator[OwnCluster]:
    """A migrated cluster, copied from one that is prepared once for each schema: that of ``template`` at ``url``.

    ``folder`` says where; else it is a folder that is thrown away.
    """
    prepared = _prepared(url, template)
    account = unprivileged_account()
    place = folder or Path(tempfile.mkdtemp(prefix="pw-own-", dir=data_folder()))
    try:
        place.mkdir(exist_ok=True)
        hand_over(place, account=account, mode=0o755)
        subprocess.run(["cp", "-a", "--reflink=auto", str(prepared.folder), str(place / "postgres")], check=True)
        binaries = reachable(find_binaries(), store=test_folder(), account=account)
        yield OwnCluster(Cluster(binaries, place / "postgres", account, durable=durable))
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def _prepared(url: str, template: str) -> Cluster:
    """A stopped cluster with the schema of a database at ``url``, made when this schema is new."""
    account, folder = unprivileged_account(), test_folder()
    folder.mkdir(mode=0o755, exist_ok=True)
    binaries = reachable(find_binaries(), store=folder, account=account)
    place = data_folder() / f"prepared-{migrations_hash()}"
    with locked(folder / "prepared.lock"):
        if not place.exists():
            older = sorted(place.parent.glob("prepared-*[0-9a-f]"), key=lambda one: one.stat().st_mtime, reverse=True)
            for old in older[_PREPARED_KEPT:]:
                shutil.rmtree(old, ignore_errors=True)
            half = Cluster(binaries, data_folder() / "prepared.half", account, durable=False)
            shutil.rmtree(half.folder, ignore_errors=True)
            _fill(half, url, template)
            half.folder.rename(place)
    return Cluster(binaries, place, account)


def _fill(cluster: Cluster, url: str, template: str) -> None:
    cluster.create()
    name, dump = f"test_{os.getpid()}_schema", cluster.folder / "schema.dump"
    program = cluster.binaries.program
    with psycopg.connect(url, autocommit=True) as connection:  # others copy the template: nobody may stay in it
        connection.execute(f'create database "{name}" template "{template}"')
        source = connection.info.dsn + f" password={connection.info.password} dbname={name}"
        subprocess.run([program("pg_dump"), "--format=custom", f"--file={dump}", source], check=True)
        connection.execute(f'drop database "{name}"')
    with OwnCluster(cluster).running():
        cluster.prepare(database=DATABASE)
        target = cluster.url(OWNER, database=DATABASE)
        flags = ["--exit-on-error", "--no-owner", "--no-comments"]
        subprocess.run([program("pg_restore"), *flags, "--dbname", target, str(dump)], check=True)
    dump.unlink()


@contextlib.contextmanager
def connected_to(url: str, blocker: Any) -> Iterator[None]:
    """Let Django's connection lead to another database for a while."""
    wrapper = connections["default"]
    kept = dict(wrapper.settings_dict)
    with blocker.unblock():
        wrapper.close()
        wrapper.settings_dict.update(Environment(database_url=url).database())
        try:
            yield
        finally:
            wrapper.close()
            wrapper.settings_dict.clear()
            wrapper.settings_dict.update(kept)
