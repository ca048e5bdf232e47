"""One PostgreSQL cluster of our own: made once, reached through a socket and a password, never through the network."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import psycopg.sql

from prewatt.cli.account import Account, hand_over, identity_of
from prewatt.cli.errors import UnableToRunPostgres
from prewatt.cli.postgres.binaries import Binaries
from prewatt.kernel.clock import monotonic_s

SUPERUSER: Final = "postgres"
OWNER: Final = "prewatt_owner"
APP: Final = "prewatt_app"
PORT: Final = 5432
EXTENSIONS: Final = ("btree_gist", "pg_trgm")
_SOCKET_PATH_BYTES_MAX: Final = 100
_INITDB_TIMEOUT_S: Final = 120
_STOP_TIMEOUT_S: Final = 20.0
_POLL_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster's place and programs. ``durable`` is off only for tests that do not test durability."""

    binaries: Binaries
    folder: Path
    account: Account | None
    durable: bool = True

    @property
    def data(self) -> Path:
        """This property will hold PostgreSQL's own data folder."""
        return self.folder / "cluster"

    @property
    def socket(self) -> Path:
        """This property will hold the folder of the socket; a long path is replaced by a short one, sockets need it."""
        place = self.folder / "socket"
        if len(os.fsencode(place)) <= _SOCKET_PATH_BYTES_MAX - len("/.s.PGSQL.5432"):
            return place
        mark = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"prewatt-{mark}"

    @property
    def log(self) -> Path:
        """This property will hold the path of the server's log."""
        return self.folder / "postgres.log"

    def url(self, role: str, *, database: str = "prewatt") -> str:
        """This method will return the address, with password, at which the role reaches the database."""
        password = self.passwords()[role]
        return f"postgresql://{role}:{quote(password)}@/{quote(database)}?host={quote(str(self.socket))}&port={PORT}"

    def passwords(self) -> Mapping[str, str]:
        """This method will read the roles' passwords."""
        passwords: dict[str, str] = json.loads((self.folder / "passwords.json").read_text())
        return passwords

    def create(self) -> bool:
        """This method will make the cluster when it is not there, and say whether it did.

        A cluster is made beside its place and moved there when it is whole, so a kill leaves nothing half made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        hand_over(self.folder, account=self.account, mode=0o700)
        self.socket.mkdir(exist_ok=True)
        hand_over(self.socket, account=self.account, mode=0o700)
        if self.data.exists():
            return False
        half = self.folder / "cluster.half"
        shutil.rmtree(half, ignore_errors=True)
        passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APP)}
        self._write_private("passwords.json", json.dumps(passwords))
        password_file = self._write_private("superuser.password", passwords[SUPERUSER])
        done = subprocess.run(
            [self.binaries.program("initdb"), *self._initdb_flags(half, password_file)],
            check=False,
            cwd="/",
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=_INITDB_TIMEOUT_S,
            **identity_of(self.account),
        )
        password_file.unlink()
        if done.returncode != 0:
            raise UnableToRunPostgres(
                f"initdb failed: {_last_line(done.stderr)}", hint=f"Look at the free space and rights of {self.folder}."
            )
        half.rename(self.data)
        return True

    def command(self) -> list[str]:
        """This method will return the command line that runs the server in the foreground."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u ",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "max_wal_size": "256MB",
                "autovacuum": "off",
            }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.binaries.program("postgres"), "-D", str(self.data), *flags]

    def environment(self) -> dict[str, str]:
        """This method will return the environment in which the server runs."""
        return _environment()

    def is_ready(self) -> bool:
        """This method will say whether the server takes connections now."""
        try:
            psycopg.connect(self.url(SUPERUSER, database="postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def wait_ready(self, process: subprocess.Popen[bytes], *, timeout_s: float) -> None:
        """This method will wait until the started server takes connections; recovery after a crash takes its time."""
        until_s = monotonic_s() + timeout_s
        while not self.is_ready():
            if process.poll() is not None:
                raise UnableToRunPostgres(f"PostgreSQL ended at once: {self.last_words()}", hint=f"See {self.log}.")
            if monotonic_s() > until_s:
                raise UnableToRunPostgres(
                    f"PostgreSQL was not ready after {timeout_s:.0f} s: {self.last_words()}", hint=f"See {self.log}."
                )
            time.sleep(_POLL_S)

    def last_words(self) -> str:
        """This method will return the last line of the server's log."""
        return _last_line(self.log.read_text(errors="replace")) if self.log.exists() else "it wrote no log"

    def postmaster_pid(self) -> int | None:
        """This method will return the running server's process id, or None when it does not run."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            return None
        return pid

    def stop(self) -> None:
        """This method will stop a running server: open sessions are ended, nothing committed is lost."""
        pid = self.postmaster_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        until_s = monotonic_s() + _STOP_TIMEOUT_S
        while self.postmaster_pid() is not None:
            if monotonic_s() > until_s:
                os.kill(pid, signal.SIGQUIT)
                raise UnableToRunPostgres("PostgreSQL did not stop in time and was told to quit at once.")
            time.sleep(_POLL_S)

    def stop_process(self, process: subprocess.Popen[bytes]) -> None:
        """This method will stop a server that this process started, and wait for it."""
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def prepare(self, *, database: str = "prewatt") -> None:
        """This method will make the two roles, the database and its extensions; what is there already stays."""
        passwords = self.passwords()
        with psycopg.connect(self.url(SUPERUSER, database="postgres"), autocommit=True) as connection:
            present = {row[0] for row in connection.execute("select rolname from pg_roles")}
            for role in (OWNER, APP):
                verb = "alter" if role in present else "create"
                name = psycopg.sql.Identifier(role)
                connection.execute(
                    psycopg.sql.SQL("{verb} role {role} login password {password}").format(
                        verb=psycopg.sql.SQL(verb), role=name, password=psycopg.sql.Literal(passwords[role])
                    )
                )
            known = connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone()
            if known is None:
                connection.execute(
                    psycopg.sql.SQL("create database {database} owner {owner} template template0").format(
                        database=psycopg.sql.Identifier(database), owner=psycopg.sql.Identifier(OWNER)
                    )
                )

        with psycopg.connect(self.url(SUPERUSER, database=database), autocommit=True) as connection:
            create_extensions(connection)

    def _initdb_flags(self, target: Path, password_file: Path) -> list[str]:
        """This method will return initdb's arguments: an order of text that does not hang on the host's C library."""
        flags = ["-D", str(target), "-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password_file}"]
        flags += ["-E", "UTF8", "--locale=C", "--data-checksums"]
        if self.binaries.major >= 17:
            flags += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self.durable:
            flags.append("--no-sync")
        return flags

    def _write_private(self, name: str, text: str) -> Path:
        """This method will write a file that only the account can read."""
        path = self.folder / name
        path.touch(mode=0o600)
        hand_over(path, account=self.account, mode=0o600)
        path.write_text(text)
        return path


def create_extensions(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """This function will add the extensions that the tables stand on: trusted ones, a database's owner may do it."""
    for name in EXTENSIONS:
        connection.execute(psycopg.sql.SQL("create extension if not exists {}").format(psycopg.sql.Identifier(name)))


def _environment() -> dict[str, str]:
    """This function will return a bare environment: a caller's PG... and LC_... must not reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _last_line(text: str) -> str:
    """This function will return the last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
