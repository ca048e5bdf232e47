"""Who runs the unprivileged processes: PostgreSQL refuses root, so under root it gets an account that is there."""

import os
import pwd
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from prewatt.cli.errors import UnableToStart

_CANDIDATES: Final = ("postgres", "nobody")


class Identity(TypedDict, total=False):
    """The part of ``subprocess.Popen``'s arguments that says who runs the process."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the system with no rights of its own."""

    name: str
    uid: int
    gid: int

    def identity(self) -> Identity:
        """This method will return the arguments that make ``subprocess`` run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged_account() -> Account | None:
    """This function will return the account for unprivileged processes, or None when we are not root ourselves.

    It never makes accounts: that is the administrator's business.
    """
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise UnableToStart(
        "PostgreSQL refuses to run as root, and there is neither an account 'postgres' nor 'nobody' to run it.",
        hint="Make one of them, or start Prewatt as an ordinary user.",
    )


def identity_of(account: Account | None) -> Identity:
    """This function will return the ``subprocess`` arguments for the account; none means: as ourselves."""
    return account.identity() if account else {}


def hand_over(path: Path, *, account: Account | None, mode: int) -> None:
    """This function will give a file or folder to the account and set its mode."""
    path.chmod(mode)
    if account:
        os.chown(path, account.uid, account.gid)


def can_run(command: Sequence[str], *, account: Account | None, env: Mapping[str, str] | None = None) -> bool:
    """This function will try a short command as the account and say whether it worked."""
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd="/",
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            **identity_of(account),
        )
    except PermissionError:
        return False
    return done.returncode == 0


def can_run_prewatt(account: Account | None) -> bool:
    """This function will say whether the account can reach this Python and this Prewatt.

    A checkout or a virtual environment below a closed home folder cannot be reached; then the roles stay with root,
    because opening somebody's home is not ours to do.
    """
    return can_run([sys.executable, "-c", "import prewatt.config, django"], account=account)
