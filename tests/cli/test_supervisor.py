"""The supervisor with real processes: what dies comes back, what must stop stops, and nothing outlives it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prewatt.cli.supervisor import BACK_OFF_S, LOG_BYTES_MAX, Program, Supervisor
from prewatt.kernel.clock import monotonic_s

ESTATE = Path(__file__).with_name("supervised_estate.py")
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that the database's account can reach, which pytest's own folders are not."""
    path = Path(tempfile.mkdtemp(prefix="pw-sup-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def running(folder: Path, *parts: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(ESTATE), str(folder), *parts],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.strip() == "ready":
                break
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
        process.stdout.close()


def children(process: subprocess.Popen[str]) -> dict[str, int]:
    """The supervisor's own children by the word that tells them apart."""
    found = {}
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
    )
    for line in listed.stdout.splitlines():
        pid, command = line.split(maxsplit=1)
        word = "watchdog" if "watchdog" in command else "postgres" if "bin/postgres" in command else None
        word = word or ("stubborn" if "SIG_IGN" in command else "willing" if "sleep" in command else "other")
        found[word] = int(pid)
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: object, *, within_s: float) -> float:
    assert callable(condition)
    began_s = monotonic_s()
    while not condition():
        assert monotonic_s() - began_s < within_s, f"not within {within_s} s"
        time.sleep(0.02)
    return monotonic_s() - began_s


def test_nothing_outlives_a_killed_supervisor(folder: Path) -> None:
    with running(folder, "database", "stubborn") as process:
        pids = children(process)
        assert {"postgres", "willing", "stubborn", "watchdog"} <= pids.keys()
        postmaster_children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(pids["postgres"])], capture_output=True, text=True, check=True
        ).stdout.split()
        process.kill()
        process.wait()
        everything = [*pids.values(), *map(int, postmaster_children)]
        wait_until(lambda: not any(is_alive(pid) for pid in everything), within_s=5.0)


def test_a_killed_role_and_a_killed_database_are_back_within_five_seconds(folder: Path) -> None:
    with running(folder, "database") as process:
        before = children(process)
        os.kill(before["willing"], signal.SIGKILL)
        os.kill(before["postgres"], signal.SIGKILL)
        os.kill(before["watchdog"], signal.SIGKILL)

        def is_back() -> bool:
            now = children(process)
            new = [name for name in ("willing", "postgres", "watchdog") if now.get(name, before[name]) != before[name]]
            return len(new) == 3 and (folder / "postgres/cluster/postmaster.pid").exists()

        wait_until(is_back, within_s=5.0)
        after = children(process)
        process.kill()
        process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in after.values()), within_s=5.0)


def test_it_stops_roles_before_the_database_and_kills_what_will_not(folder: Path) -> None:
    with running(folder, "database", "stubborn") as process:
        pids = children(process)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        said = process.stdout.read()
        assert process.wait(timeout=10) == 0
        assert not any(is_alive(pid) for pid in pids.values())
    told = re.findall(r"^(\w+) (stopped|did not stop in time and was killed)", said, re.MULTILINE)
    assert told == [
        ("stubborn", "did not stop in time and was killed"),
        ("willing", "stopped"),
        ("postgres", "stopped"),
    ]


class TestInThisProcess:
    @pytest.fixture
    def said(self) -> list[str]:
        return []

    @pytest.fixture
    def supervisor(self, tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
        supervisor = Supervisor(tmp_path, None, announce=said.append)
        yield supervisor
        supervisor.stop()

    def test_back_off_grows_with_each_fall(self, supervisor: Supervisor, said: list[str]) -> None:
        supervisor.start(Program("falling", [sys.executable, "-c", "raise SystemExit(3)"], {}))
        supervisor.run(until=lambda: len(said) == 2)
        assert [re.search(r"code 3.* in (\S+) s", line)[1] for line in said] == [f"{one:g}" for one in BACK_OFF_S[:2]]  # type: ignore[index]  # a miss must fail here

    def test_a_program_that_runs_once_may_end(self, supervisor: Supervisor, said: list[str]) -> None:
        supervisor.start(Program("errand", [sys.executable, "-c", "print('done')"], {}, once=True))
        supervisor.run(until=lambda: not supervisor.is_known("errand"))
        assert said == []
        assert supervisor.log_of("errand").read_text() == "done\n"

    def test_run_once_returns_the_code(self, supervisor: Supervisor) -> None:
        assert supervisor.run_once(Program("errand", [sys.executable, "-c", "raise SystemExit(7)"], {})) == 7
        assert not supervisor.is_known("errand")

    def test_logs_stay_below_their_limit(self, supervisor: Supervisor, tmp_path: Path) -> None:
        log = tmp_path / "talkative.log"
        with log.open("wb") as file:
            file.truncate(LOG_BYTES_MAX + 1)
        supervisor.look()
        assert log.stat().st_size == 0
        assert (tmp_path / "talkative.log.1").stat().st_size == LOG_BYTES_MAX + 1

    def test_what_a_dead_leader_leaves_behind_is_cleared_away(self, supervisor: Supervisor, tmp_path: Path) -> None:
        orphan = tmp_path / "orphan"
        script = f"sleep 600 & echo $! > {orphan}; exit 1"
        supervisor.start(Program("leader", ["/bin/sh", "-c", script], {"PATH": os.environ["PATH"]}))
        supervisor.run(until=lambda: supervisor.pid_of("leader") is None)
        assert not is_alive(int(orphan.read_text()))
