import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from prewatt.cli.account import Account, unprivileged_account
from prewatt.cli.errors import DataFolderInUse, UnableToStart
from prewatt.cli.folder import DataFolder

HOLDER = """
import sys, time
from pathlib import Path
from prewatt.cli.folder import DataFolder
with DataFolder(Path(sys.argv[1]), None).locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_it_is_closed_to_others_and_keeps_one_key(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "b", None)
    folder.prepare()
    key = folder.path / "secret.key"
    first = key.read_text()
    folder.prepare()
    assert key.read_text() == first
    assert len(first) >= 32
    for path in (folder.path, folder.logs, key):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_second_start_in_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data", None)
    folder.prepare()
    assert not folder.is_locked()
    with folder.locked():
        assert folder.is_locked()
        with pytest.raises(DataFolderInUse, match=rf"process {os.getpid()}.*--data"), folder.locked():
            pass
    assert not folder.is_locked()


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data", None)
    folder.prepare()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLDER,
            str(folder.path),
        ],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    with holder.stdout as said:
        assert said.readline().strip() == "held"
        assert folder.is_locked()
        holder.kill()
        holder.wait()
    assert not folder.is_locked()


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(UnableToStart, match="PREWATT_DATA"):
        DataFolder(tmp_path / "data", None).prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_a_folder_below_a_closed_home_is_refused(tmp_path: Path) -> None:
    account = unprivileged_account()
    assert isinstance(account, Account)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with pytest.raises(UnableToStart, match=rf"{account.name}.*cannot reach"):
        DataFolder(home / "data", account).prepare()
