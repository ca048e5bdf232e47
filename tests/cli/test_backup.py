"""A backup is made while a database runs and put back into another; the key's absence is told, and asked for."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.clusters import OwnCluster

from prewatt.cli.backup import ABOUT, About, key_name
from prewatt.cli.errors import WrongUse
from prewatt.estate.secrets import MeterSafe

BEFORE = """
import sys
from pathlib import Path
from prewatt.cli.main import cli
from prewatt.cli.embedded import database
from prewatt.estate.secrets import MeterSafe

home, target = Path(sys.argv[1]), sys.argv[2]
with database():
    cli(["migrate"], standalone_mode=False)
    MeterSafe.open(home / "meter.key", create=True)
    cli(["admin", "create", "--username", "early", "--password", "correct horse 9"], standalone_mode=False)
    cli(["backup", target], standalone_mode=False)
    cli(["admin", "create", "--username", "late", "--password", "correct horse 9"], standalone_mode=False)
"""
AFTER = """
import sys
import psycopg
from prewatt.cli.embedded import database
from prewatt.cli.main import cli

cli(["restore", "--yes", *sys.argv[1:]], standalone_mode=False)
with database() as addresses, psycopg.connect(addresses.app) as connection:
    print([name for (name,) in connection.execute("select username from access_user order by 1")])
    print(connection.execute("select has_table_privilege('ledger_posting', 'UPDATE')").fetchone())
    print([name for (name,) in connection.execute("select datname from pg_database where datname like 'prewatt%'")])
"""


@pytest.fixture
def home(own_clusters: Callable[..., OwnCluster]) -> Iterator[Path]:
    """A folder whose ``data`` has a migrated database already, which takes long to make."""
    path = Path(tempfile.mkdtemp(prefix="pw-bk-"))
    path.chmod(0o755)
    own_clusters(durable=True, folder=path / "data")
    yield path
    shutil.rmtree(path, ignore_errors=True)


def run(script: str, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    environment |= {"PREWATT_DATA": str(data), "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_backup_brings_back_its_moment(home: Path) -> None:
    data, target = home / "data", home / "backup"
    made = run(BEFORE, data, str(data), str(target))
    assert made.returncode == 0, made.stderr
    assert "does NOT hold the key" in made.stdout
    assert not (target / "meter.key").exists()
    for file in (target, target / "database.dump"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0

    key = (data / "meter.key").rename(home / "kept.key")
    without = run(AFTER, data, str(target))
    assert without.returncode != 0
    assert "is not in it, and not on this machine" in without.stderr

    back = run(AFTER, data, str(target), "--key-file", str(key))
    assert back.returncode == 0, back.stderr
    *told, users, may_change_ledger, databases = back.stdout.splitlines()
    assert users == "['early']"
    assert may_change_ledger == "(False,)"
    assert "prewatt_before_" in databases
    assert any("Restored the state of" in line for line in told)
    assert key_name(data / "meter.key") == key_name(key)


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no backup"):
        About.read(tmp_path)
    (tmp_path / ABOUT).write_text(json.dumps({"format": 1, "made_at": "x"}))
    with pytest.raises(WrongUse, match="no backup"):
        About.read(tmp_path)


def test_a_newer_backup_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / ABOUT).write_text(json.dumps({"format": 2}))
    with pytest.raises(WrongUse, match="newer Prewatt"):
        About.read(tmp_path)


def test_what_it_says_of_itself_is_read_back(tmp_path: Path) -> None:
    about = About("2026-11-22T00:00:00+00:00", "0.1.0", "18.6", holds_keys=False, key_name="ab")
    about.write(tmp_path)
    assert About.read(tmp_path) == about


def test_the_name_of_a_key_tells_keys_apart_and_nothing_else(tmp_path: Path) -> None:
    assert key_name(tmp_path / "none.key") == ""
    MeterSafe.open(tmp_path / "one.key", create=True)
    MeterSafe.open(tmp_path / "two.key", create=True)
    assert len(key_name(tmp_path / "one.key")) == 8
    assert key_name(tmp_path / "one.key") != key_name(tmp_path / "two.key")
