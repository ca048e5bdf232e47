"""An upgrade that is killed half way goes on, one that fails is rolled back, one that is mended comes through."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.clusters import OwnCluster

from prewatt.cli.backup import write_backup
from prewatt.cli.embedded import Addresses
from prewatt.cli.errors import UnableToStart, WrongUse
from prewatt.cli.rollback import put_back, require_way_back
from prewatt.cli.upgrade_record import Record, Stage, last_record, refuse_half_upgrade, upgrades_folder
from prewatt.config.environment import Environment

# Two migrations of a version that is not written yet: the first one commits, the second waits, fails or passes.
FIRST = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("reports", "{last}")]
    operations = [migrations.RunSQL("create table upgrade_probe (id int); update access_user set name = 'changed'")]
"""
SECOND = """
import os, time
from pathlib import Path
from django.db import migrations
def go(apps, editor):
    editor.execute("update access_user set username = 'lost' where username = 'early'")
    place = Path(os.environ["PREWATT_TEST_PLACE"])
    (place / "inside").touch()
    if (place / "hang").exists():
        time.sleep(300)
    if (place / "fail").exists():
        raise RuntimeError("this one fails half way")
class Migration(migrations.Migration):
    dependencies = [("reports", "9998_probe")]
    operations = [migrations.RunPython(go)]
"""
SITE = """
import django.db.migrations.loader as loader
import prewatt.reports.migrations as known
known.__path__.append({path!r})
loader.reload = lambda module: module  # it would read the folder's own path again
"""
LOOK = """
import psycopg
from prewatt.cli.embedded import database
with database() as addresses, psycopg.connect(addresses.app) as connection:
    print([row for row in connection.execute("select username, name from access_user order by 1")])
    print(connection.execute("select to_regclass('upgrade_probe')::text").fetchone())
    print(connection.execute("select count(*) from django_migrations where name ~ '^999'").fetchone())
    print(connection.execute("select has_table_privilege('ledger_posting', 'UPDATE')").fetchone())
"""
MAKE = """
from prewatt.cli.main import cli
from prewatt.cli.embedded import database
with database():
    cli(["migrate"], standalone_mode=False)
    cli(["admin", "create", "--username", "early", "--password", "correct horse 9"], standalone_mode=False)
"""


class Home:
    """A data folder with a login in it, and a newer version of Prewatt that is used after ``newer()``."""

    def __init__(self, path: Path) -> None:
        self.path, self.data, self.site = path, path / "data", path / "site"
        self.path_before = str(Path(__file__).parents[2] / "src")

    def newer(self) -> None:
        migrations = self.site / "more"
        migrations.mkdir(parents=True)
        known = Path(self.path_before) / "prewatt/reports/migrations"
        last = max(known.glob("[0-9]*.py")).stem
        (migrations / "9998_probe.py").write_text(FIRST.format(last=last))
        (migrations / "9999_probe.py").write_text(SECOND)
        (self.site / "sitecustomize.py").write_text(SITE.format(path=str(migrations)))

    def environment(self, *, newer: bool) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
        ours = [str(self.site), self.path_before] if newer else [self.path_before]
        told = {"PREWATT_DATA": str(self.data), "PREWATT_TEST_PLACE": str(self.path)}
        return kept | told | {"PYTHONPATH": os.pathsep.join(ours)}

    def start(self, *arguments: str, newer: bool = True) -> "subprocess.Popen[str]":
        command = [sys.executable, *(["-m", "prewatt.cli.main"] if newer else ["-c"]), *arguments]
        return subprocess.Popen(
            command, env=self.environment(newer=newer), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str, newer: bool = True) -> tuple[int, str, str]:
        process = self.start(*arguments, newer=newer)
        out, err = process.communicate()
        return process.returncode, out, err

    def look(self) -> list[str]:
        code, out, err = self.run(LOOK, newer=False)
        assert code == 0, err
        return out.splitlines()


@pytest.fixture
def home(own_clusters: Callable[..., OwnCluster]) -> Iterator[Home]:
    path = Path(tempfile.mkdtemp(prefix="pw-up-"))
    path.chmod(0o755)
    own_clusters(durable=True, folder=path / "data")
    yield Home(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_killed_then_failed_then_mended(home: Home) -> None:
    assert home.run(MAKE, newer=False)[0] == 0
    before = home.look()
    home.newer()

    (home.path / "hang").touch()
    killed = home.start("upgrade")
    while not (home.path / "inside").exists():
        assert killed.poll() is None, killed.communicate()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    record = last_record(home.data)
    assert record is not None
    assert record.stage is Stage.MIGRATING
    code, _, err = home.run("up", "--port", "8999")
    assert (code, "interrupted while migrating" in err) == (1, True), err

    (home.path / "hang").rename(home.path / "fail")
    code, out, err = home.run("upgrade")
    assert code == 1
    assert "was interrupted while migrating" in out
    assert "this one fails half way" in err
    assert "was rolled back" in err
    assert home.look() == before

    (home.path / "fail").unlink()
    code, out, err = home.run("upgrade")
    assert code == 0, out + err
    users, probe, applied, may_change = home.look()
    assert (users, probe, applied, may_change) == (
        "[('lost', 'changed')]", "('upgrade_probe',)", "(2,)", "(False,)"
    )  # fmt: skip


@pytest.fixture
def server(postgres_url: str, committed_database: str, tmp_path: Path) -> tuple[Addresses, Environment, Record]:
    """A database on a server that is not ours, a backup of it, and what a newer version made of it since."""
    url = urlsplit(postgres_url)._replace(path=f"/{committed_database}").geturl()
    addresses, env = Addresses(url, url), Environment(database_url=url, data=tmp_path)
    folder = upgrades_folder(tmp_path) / "20261122_000000"
    folder.mkdir(parents=True)
    record = Record(folder, "9.9", mark="20261122_000000")
    with psycopg.connect(url) as connection:
        connection.execute("create table first_state (word text); insert into first_state values ('kept')")
    write_backup(addresses, env, record.backup)
    with psycopg.connect(url) as connection:
        connection.execute("delete from first_state; create table second_state (id int primary key)")
        connection.execute("create index probe on access_user using gin (name gin_trgm_ops)")
    return addresses, env, record


def _tables(url: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        words = connection.execute("select array_agg(word) from first_state").fetchone()
        second = connection.execute("select to_regclass('second_state')::text").fetchone()
    return (*(words or ()), *(second or ()))


def test_a_server_of_yours_goes_back_too_and_may_be_told_twice(
    server: tuple[Addresses, Environment, Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses, env, record = server
    require_way_back(addresses, env)

    def torn(*_: object) -> None:
        raise UnableToStart("pg_restore failed")

    with monkeypatch.context() as patched:
        patched.setattr("prewatt.cli.rollback.restore_into", torn)
        with pytest.raises(UnableToStart, match="pg_restore"):
            put_back(addresses, env, record)
    assert _tables(addresses.owner) == (None, "second_state")  # as the newer version left it: nothing is lost

    for _ in range(2):  # the second time stands for a kill between the restored tables and the record
        assert put_back(addresses, env, record) == "the schema before_20261122_000000"
        assert _tables(addresses.owner) == (["kept"], None)
    write_backup(addresses, env, record.folder / "again")  # what was put back can be dumped and put back itself


def test_a_server_on_which_there_is_no_way_back_is_refused(monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    monkeypatch.setattr("prewatt.cli.rollback._MAY", "select false")
    with pytest.raises(WrongUse, match="could not be undone"):
        require_way_back(Addresses(postgres_url, postgres_url), Environment(database_url=postgres_url))


def test_what_is_left_decides_whether_prewatt_starts(tmp_path: Path) -> None:
    refuse_half_upgrade(tmp_path, version="2")
    folder = upgrades_folder(tmp_path) / "20261122_000000"
    folder.mkdir(parents=True)
    refuse_half_upgrade(tmp_path, version="2")  # killed before the first line: nothing had begun
    record = Record(folder, "2", missing=["reports.0003"], mark="20261122_000000")
    for stage, said in (
        (Stage.CHECKING, "interrupted while checking"), (Stage.ROLLED_BACK, "was rolled back"), (Stage.DONE, None)
    ):  # fmt: skip
        record.enter(stage, "a step")
        assert last_record(tmp_path) == record
        if said is None:
            refuse_half_upgrade(tmp_path, version="2")
            continue
        with pytest.raises(UnableToStart, match=said):
            refuse_half_upgrade(tmp_path, version="2")
    record.enter(Stage.ROLLED_BACK, "a step")
    refuse_half_upgrade(tmp_path, version="1")  # the version before may work on
    (folder / "record.json").write_text("{")
    with pytest.raises(UnableToStart, match="cannot be read"):
        refuse_half_upgrade(tmp_path, version="2")
