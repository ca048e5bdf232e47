"""Ends everything when the supervisor is gone, however it went. Runs as a process of its own; standard library only.

The supervisor holds the other end of this process's standard input. A line ``+ PID role`` or ``+ PID database`` says
that a process group has begun, ``- PID`` that it has ended. The end of the input means that the supervisor is dead:
roles are asked to stop, then the database, and what is left after four seconds is killed.
"""

import os
import signal
import sys
import time
from typing import Final

ROLES_WITHIN_S: Final = 1.8
DATABASE_WITHIN_S: Final = 3.2
QUIT_WITHIN_S: Final = 4.0
_POLL_S: Final = 0.05


def main() -> None:
    """This function will watch until the supervisor ends, then end what it left behind."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, str] = {}
    for line in sys.stdin:
        mark, pid, *kind = line.split()
        if mark == "+":
            groups[int(pid)] = kind[0]
        else:
            groups.pop(int(pid), None)
    if groups:
        _end(groups)


def _end(groups: dict[int, str]) -> None:
    roles = [pid for pid, kind in groups.items() if kind == "role"]
    databases = [pid for pid, kind in groups.items() if kind == "database"]
    began_s = time.monotonic()
    _send(roles, signal.SIGTERM)
    _wait(roles, began_s + ROLES_WITHIN_S)
    for pid in databases:
        _send_one(pid, signal.SIGINT)
    _wait([*roles, *databases], began_s + DATABASE_WITHIN_S)
    _send(roles, signal.SIGKILL)
    for pid in databases:
        _send_one(pid, signal.SIGQUIT)
    _wait(databases, began_s + QUIT_WITHIN_S)
    _send([*roles, *databases], signal.SIGKILL)


def _send(groups: list[int], number: signal.Signals) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            continue


def _send_one(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait(groups: list[int], until_s: float) -> None:
    while time.monotonic() < until_s and any(_is_alive(group) for group in groups):
        time.sleep(_POLL_S)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
