"""One process that starts all others, brings back what dies, and stops them in order."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Final

from prewatt.cli import watchdog
from prewatt.cli.account import Account, hand_over, identity_of
from prewatt.cli.errors import UnableToStart
from prewatt.kernel.clock import machine_now, monotonic_s

BACK_OFF_S: Final = (0.1, 0.5, 1.0, 2.0, 4.0)
STEADY_S: Final = 30.0
STOP_WITHIN_S: Final = 5.0
LOG_BYTES_MAX: Final = 20 * 1024 * 1024
_POLL_S: Final = 0.05
_LOGS_EVERY_S: Final = 30.0
_TELL_EVERY_FALLS: Final = 15


class Kind(StrEnum):
    """A role is asked to stop with SIGTERM, the database with SIGINT, which is its fast shutdown."""

    ROLE = "role"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, as whom, and how long it may take to stop. A program that runs ``once`` may end by itself."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    account: Account | None = None
    kind: Kind = Kind.ROLE
    once: bool = False
    stop_within_s: float = STOP_WITHIN_S


@dataclass(slots=True)
class _Running:
    """A program's present process and its recent past."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    again_s: float = 0.0
    falls: int = 0


@dataclass(slots=True)
class Supervisor:
    """Holds the programs in the order of their start. It alone takes Ctrl-C: all others live in their own sessions."""

    logs: Path
    account: Account | None
    announce: Callable[[str], None]
    _running: dict[str, _Running] = field(default_factory=dict)
    _watchdog: subprocess.Popen[bytes] | None = None
    _asked_to_stop: int = 0
    _asked_by: str = ""
    _logs_looked_s: float = 0.0

    @contextlib.contextmanager
    def taking_signals(self) -> Iterator[None]:
        """This method will catch Ctrl-C and SIGTERM while it runs, and stop everything when it is left."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def is_stopping(self) -> bool:
        """This property will say whether somebody asked for the end."""
        return self._asked_to_stop > 0

    def start(self, program: Program) -> None:
        """This method will start a program and keep it running from now on."""
        if program.name in self._running:
            raise UnableToStart(f"{program.name} was started already.")
        self._running[program.name] = running = _Running(program)
        self._spawn(running)

    def pid_of(self, name: str) -> int | None:
        """This method will return the process id of a program, or None while it is down."""
        process = self._running[name].process
        return process.pid if process else None

    def is_known(self, name: str) -> bool:
        """This method will say whether the program is one to look after; one that ran once and ended is not."""
        return name in self._running

    def process_of(self, name: str) -> subprocess.Popen[bytes] | None:
        """This method will return the process of a program, or None while it is down."""
        return self._running[name].process

    def look(self, *, besides: str = "") -> None:
        """This method will look once at every program but one, and bring back what has died."""
        now_s = monotonic_s()
        if self._watchdog is not None and self._watchdog.poll() is not None:
            self._start_watchdog()
        for running in list(self._running.values()):
            if running.program.name == besides:
                continue
            if running.process is not None and running.process.poll() is not None:
                self._on_end(running, now_s)
            elif running.process is None and now_s >= running.again_s and not self.is_stopping:
                self._spawn(running)
        if now_s - self._logs_looked_s > _LOGS_EVERY_S:
            self._logs_looked_s = now_s
            self._shorten_logs()

    def run(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """This method will look after the programs until somebody asks for the end, or ``until`` says so."""
        while not self.is_stopping and not until():
            self.look()
            time.sleep(_POLL_S)

    def run_once(self, program: Program, *, while_waiting: Callable[[], None] = lambda: None) -> int | None:
        """This method will run a program to its end while looking after the others.

        It returns the exit code, or None when the end was asked for before.
        """
        self.start(program)
        running = self._running[program.name]
        process = running.process
        while process is not None and process.poll() is None and not self.is_stopping:
            self.look(besides=program.name)
            while_waiting()
            time.sleep(_POLL_S)
        code = process.poll() if process is not None else None
        self._end(running)
        del self._running[program.name]
        return code

    def stop(self) -> None:
        """This method will stop all programs, the last started first: the database, which was first, goes last.

        Each has its time; a second Ctrl-C takes the roles' time away, never the database's.
        """
        self._asked_to_stop = max(self._asked_to_stop, 1)
        if self._asked_by:
            self.announce(f"Stopping: {self._asked_by}")
        for running in reversed(list(self._running.values())):
            self._end(running)
            del self._running[running.program.name]
        if self._watchdog is not None and self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
            self._watchdog.wait(timeout=5)
            self._watchdog = None

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """This method will note the wish; only Ctrl-C counts twice: a terminal that closes sends two signals."""
        self._asked_to_stop = 2 if self._asked_to_stop and number == signal.SIGINT else max(self._asked_to_stop, 1)
        self._asked_by = self._asked_by or signal.Signals(number).name

    def _spawn(self, running: _Running) -> None:
        program = running.program
        log = self.log_of(program.name)
        if not log.exists():
            log.touch(mode=0o600)
            hand_over(log, account=self.account, mode=0o600)
        with log.open("ab") as output:
            try:
                running.process = subprocess.Popen(
                    program.command,
                    cwd="/",
                    env=dict(program.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **identity_of(program.account),
                )
            except OSError as error:
                raise UnableToStart(f"{program.name} cannot be started: {error.strerror}.") from error
        running.started_s = monotonic_s()
        self._tell_watchdog(f"+ {running.process.pid} {program.kind}")

    def log_of(self, name: str) -> Path:
        """This method will return the path of a program's log."""
        return self.logs / f"{name}.log"

    def _on_end(self, running: _Running, now_s: float) -> None:
        """This method will clear away a process that ended by itself, and plan the next one."""
        process = running.process
        if process is None:
            return
        self._clear_away(running, process)
        if running.program.once and process.returncode == 0:
            del self._running[running.program.name]
            return
        if now_s - running.started_s > STEADY_S:
            running.falls = 0
        wait_s = BACK_OFF_S[min(running.falls, len(BACK_OFF_S) - 1)]
        running.falls += 1
        running.again_s = now_s + wait_s
        if running.falls <= len(BACK_OFF_S) or running.falls % _TELL_EVERY_FALLS == 0:
            times = (
                f" ({running.falls} times now; see {self.log_of(running.program.name)})" if running.falls > 1 else ""
            )
            how = _how(process.returncode)
            self.announce(f"{running.program.name} {how}{times}; it starts again in {wait_s:g} s")

    def _end(self, running: _Running) -> None:
        """This method will stop a program, kill it when its time is up, and say how it went."""
        process, database = running.process, running.program.kind is Kind.DATABASE
        if process is None:
            return
        name, began_s = running.program.name, monotonic_s()
        if process.poll() is None:
            process.send_signal(signal.SIGINT if database else signal.SIGTERM)
            killed = not self._wait(process, until_s=began_s + running.program.stop_within_s, patient=database)
            if killed:
                process.send_signal(signal.SIGQUIT if database else signal.SIGKILL)
                process.wait()
            took_s = monotonic_s() - began_s
            word = "did not stop in time and was killed" if killed else "stopped"
            self.announce(f"{name} {word} ({took_s:.1f} s)")
        self._clear_away(running, process)

    def _wait(self, process: subprocess.Popen[bytes], *, until_s: float, patient: bool) -> bool:
        while process.poll() is None:
            if monotonic_s() > until_s or (self._asked_to_stop > 1 and not patient):
                return False
            time.sleep(_POLL_S)
        return True

    def _clear_away(self, running: _Running, process: subprocess.Popen[bytes]) -> None:
        """This method will kill what a dead leader left in its group, so that nothing holds its port or its lease.

        PostgreSQL's children end by themselves when the postmaster is gone, and must do so in order.
        """
        if running.program.kind is Kind.ROLE:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        running.process = None
        self._tell_watchdog(f"- {process.pid}")

    def _tell_watchdog(self, line: str) -> None:
        if self._watchdog is None:
            self._start_watchdog()
            return
        if self._watchdog.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # `look` starts another and tells it everything
                self._watchdog.stdin.write(f"{line}\n".encode())
                self._watchdog.stdin.flush()

    def _start_watchdog(self) -> None:
        """This method will start a watchdog and tell it of everything that runs."""
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for running in self._running.values():
            if running.process is not None:
                self._tell_watchdog(f"+ {running.process.pid} {running.program.kind}")

    def _shorten_logs(self) -> None:
        """This method will keep each log, and one before it, below its limit; writers append, so they go on."""
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > LOG_BYTES_MAX:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                log.with_suffix(".log.1").chmod(0o600)
                os.truncate(log, 0)


def stamp(text: str) -> str:
    """This function will put the machine's local time before a line for the screen."""
    return f"{machine_now().astimezone():%H:%M:%S}  {text}"


def _how(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
