"""The data folder: one per installation, closed to others, and for one Prewatt at a time."""

import fcntl
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prewatt.cli.account import Account, hand_over, identity_of
from prewatt.cli.errors import DataFolderInUse, UnableToStart


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where database, keys, logs and spools of one installation lie."""

    path: Path
    account: Account | None

    @property
    def logs(self) -> Path:
        """This property will hold the folder of the roles' logs."""
        return self.path / "logs"

    @property
    def postgres(self) -> Path:
        """This property will hold the folder of the embedded database."""
        return self.path / "postgres"

    @property
    def lock_file(self) -> Path:
        """This property will hold the file whose lock says that somebody works here."""
        return self.path / "lock"

    def prepare(self) -> None:
        """This method will make the folder, closed to everybody but the account, and the key that signs sessions."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(exist_ok=True)
            hand_over(self.path, account=self.account, mode=0o700)
            for inner in (self.logs, self.path / "state"):
                inner.mkdir(exist_ok=True)
                hand_over(inner, account=self.account, mode=0o700)
            self._make_secret_key()
        except OSError as error:
            raise UnableToStart(
                f"The data folder {self.path} cannot be used: {error.strerror}.",
                hint="Set PREWATT_DATA to a folder that you may write to and whose disk has room.",
            ) from error
        self._refuse_unreachable()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """This method will hold the folder for this process; the system lets go of it when the process ends."""
        with self.lock_file.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise DataFolderInUse(
                    f"Another Prewatt (process {file.read().strip() or 'unknown'}) works in {self.path}.",
                    hint="Use that one, stop it, or name another folder with PREWATT_DATA or --data.",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
            file.truncate(0)

    def is_locked(self) -> bool:
        """This method will say whether a Prewatt works here now."""
        try:
            with self.locked():
                return False
        except DataFolderInUse:
            return True

    def _make_secret_key(self) -> None:
        path = self.path / "secret.key"
        if path.exists():
            return
        half = self.path / "secret.key.half"
        half.touch(mode=0o600)
        half.write_text(secrets.token_urlsafe(48))
        hand_over(half, account=self.account, mode=0o600)
        half.rename(path)

    def _refuse_unreachable(self) -> None:
        """This method will refuse a folder that the account cannot reach, such as one below root's closed home."""
        if self.account is None:
            return
        test = ["/bin/sh", "-c", 'test -r "$1" && test -w "$1" && test -x "$1"', "sh", str(self.path)]
        done = subprocess.run(test, check=False, cwd="/", timeout=10, **identity_of(self.account))
        if done.returncode != 0:
            raise UnableToStart(
                f"The account {self.account.name}, which runs the database, cannot reach {self.path}.",
                hint="Set PREWATT_DATA to a folder outside closed homes, such as one below /var/lib/prewatt.",
            )
