"""A running Prewatt seen from outside: its pages, its processes, its database, and what its meters really do."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from tests.e2e.small_up import READY

from prewatt.cli.account import hand_over, unprivileged_account
from prewatt.cli.embedded import cluster_of, data_folder
from prewatt.cli.postgres.cluster import OWNER
from prewatt.cli.web import is_free
from prewatt.config.environment import Environment

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 240
_RELAYS = """
    select point.code, installation.address, relay.desired, relay.reported, relay.differs
    from supply_relay relay
    join estate_meteringpoint point on point.id = relay.metering_point_id
    join estate_meterinstallation installation on installation.id = relay.installation_id
    order by point.code
"""


def until(is_true: Callable[[], object], what: str, *, within_s: float = 90) -> None:
    """Wait for something that happens by itself."""
    end = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < end, f"{what}: not within {within_s} s"
        time.sleep(0.1)


class RunningEstate:
    """The small estate in a folder of its own. ``start`` may be called again after ``stop``: the folder stays."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pw-e2e-"))
        hand_over(self.folder, account=unprivileged_account(), mode=0o755)
        self.data = self.folder / "data"
        self.log = self.folder / "supervisor.out"
        self.port = _own_ports()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.control = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What our commands are told."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("PREWATT_")}
        return bare | {"PREWATT_DATA": str(self.data), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start everything and wait for its page; nothing happens when it runs already."""
        if self.is_running:
            return
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.small_up", str(self.port)],
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        until(lambda: READY in self.told() or not self.is_running, "the start", within_s=READY_WITHIN_S)
        assert self.is_running, self.told()
        self.control = int(self.told().split(f"{READY}: control port ")[1].split(",")[0])

    def told(self) -> str:
        """What the supervisor has said."""
        return self.log.read_text(errors="replace")

    def stop(self) -> float:
        """Ctrl-C, and the seconds until everything had stopped."""
        assert self._process is not None
        began_s = time.monotonic()
        if self.is_running:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=90)
        return time.monotonic() - began_s

    def close(self) -> None:
        """Stop, and leave nothing behind."""
        try:
            if self._process is not None:
                self.stop()
        finally:
            if not os.environ.get("PREWATT_TEST_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    def answers(self) -> bool:
        """Whether the page is served and finds its database."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            asking.request("GET", "/readyz")
            return asking.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asking.close()

    def pid_of(self, role: str) -> int | None:
        """The process of a role, or of the database's postmaster."""
        assert self._process is not None
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                words = (stat.parent / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue  # it ended while we looked
            mark = b"/postgres" if role == "postgres" else role.encode()
            if parent == self._process.pid and any(word == mark or word.endswith(mark) for word in words[:4]):
                return int(stat.parent.name)
        return None

    def kill(self, role: str) -> None:
        """SIGKILL, and wait until the supervisor has another process in its place."""
        pid = self.pid_of(role)
        assert pid is not None, f"{role} does not run"
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.pid_of(role) not in {None, pid}, f"a new {role}")

    def relays(self) -> dict[str, dict[str, Any]]:
        """What is wanted of each room's relay, what was proven, and what its meter does, by room."""
        with psycopg.connect(self._address()) as connection:
            rows = connection.execute(_RELAYS).fetchall()
        return {
            code: {"desired": desired, "reported": reported, "differs": differs, "true": self._true_state(address)}
            for code, address, desired, reported, differs in rows
        }

    def prewatt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours against this installation."""
        return subprocess.run(
            [sys.executable, "-m", "prewatt.cli.main", *arguments],
            check=False, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def _address(self) -> str:
        env = Environment(data=self.data)
        return cluster_of(env, data_folder(env)).url(OWNER)

    def _true_state(self, address: str) -> str:
        with socket.create_connection(("127.0.0.1", self.control), timeout=10) as asking:
            asking.sendall(json.dumps({"op": "truth", "meter": address}).encode() + b"\n")
            answer = json.loads(asking.makefile().readline())
        return "off" if answer["result"]["is_open"] else "on"


def _own_ports() -> int:
    """The first of a hundred ports: a place of this process's own, so that two test runs do not meet."""
    places = [20_000 + (os.getpid() + at) % 120 * 100 for at in range(120)]
    return next(port for port in places if is_free("127.0.0.1", port))
