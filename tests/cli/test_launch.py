import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prewatt.cli import launch as launching_module
from prewatt.cli.errors import DataFolderInUse, UnableToStart
from prewatt.cli.folder import DataFolder
from prewatt.cli.launch import Launch, launching
from prewatt.cli.probe import probe_line
from prewatt.config.environment import environment
from prewatt.estate.probing import LineFinding, LineWish


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of our own, and commands of ours that are small scripts."""
    monkeypatch.setenv("PREWATT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("PREWATT_DATABASE_URL", raising=False)
    monkeypatch.setattr("prewatt.cli.embedded.unprivileged_account", lambda: None)
    monkeypatch.setattr(launching_module, "_PREWATT", (sys.executable, "-c"))
    environment.cache_clear()
    yield tmp_path / "data"
    environment.cache_clear()


def step(launch: Launch, script: str) -> None:
    launch.finish("step", [script], shown=True)


def test_a_steps_lines_are_shown_and_kept(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with launching(host=None, port=8000) as launch:
        step(launch, "print('one'); print('two')")
    shown = [line.split("  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert shown == ["one", "two"]
    assert (data / "logs" / "step.log").read_text() == "one\ntwo\n"


def test_a_step_that_fails_ends_the_start_with_its_words(data: Path) -> None:
    def start() -> None:
        with launching(host=None, port=8000) as launch:
            step(launch, "raise SystemExit('the tariff has a hole')")

    with pytest.raises(UnableToStart, match="the tariff has a hole"):
        start()
    assert not DataFolder(data, None).is_locked()


def test_a_wish_to_stop_leaves_out_the_rest_of_the_start(data: Path) -> None:
    reached = []
    with launching(host=None, port=8000) as launch:
        step(launch, f"import os; os.kill({os.getpid()}, {int(signal.SIGTERM)}); import time; time.sleep(60)")
        reached.append("the step after")
    assert reached == []
    assert not DataFolder(data, None).is_locked()


def test_a_second_start_in_the_same_folder_is_refused(data: Path) -> None:
    def start() -> None:
        with launching(host=None, port=8001):
            pass

    with launching(host=None, port=8000), pytest.raises(DataFolderInUse):
        start()


def test_processes_are_told_where_everything_is(data: Path) -> None:
    with launching(host="::1", port=8123, variables={"PREWATT_CLOCK": ""}) as launch:
        assert launch.origin == "http://[::1]:8123"
        assert launch.variables["PREWATT_DATA"] == str(data)
        step(launch, "import os; print(os.environ['PREWATT_PORT'])")
    assert (data / "logs" / "step.log").read_text() == "8123\n"


def test_where_somebody_listens_everywhere_people_are_sent_here(data: Path) -> None:
    with launching(host="0.0.0.0", port=8123) as launch:
        assert launch.origin == "http://127.0.0.1:8123"


def test_a_page_that_never_answers_is_given_up(data: Path) -> None:
    with launching(host=None, port=1) as launch:
        assert not launch.wait_for_page("/readyz", timeout_s=0.2)


def test_a_line_is_connected_to_and_only_that_where_no_meter_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        port = gateway.getsockname()[1]
        assert probe_line(LineWish("127.0.0.1", port, 2400)) == LineFinding()
    found = probe_line(LineWish("127.0.0.1", port, 2400))
    assert (found.code, "refused" in found.words) == ("no_line", True)
