"""Everything in one go: data folder, database, migrations, then the roles under one supervisor."""

import contextlib
import http.client
import os
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from prewatt.cli.account import Account, can_run_prewatt
from prewatt.cli.embedded import READY_WITHIN_S, Addresses, addresses_of, cluster_of, data_folder, given_addresses
from prewatt.cli.errors import UnableToStart
from prewatt.cli.folder import DataFolder
from prewatt.cli.ports import HeldPorts
from prewatt.cli.supervisor import Kind, Program, Supervisor, stamp
from prewatt.config.environment import PREFIX, Environment, environment
from prewatt.kernel.clock import machine_now, monotonic_s

DATABASE_STOP_WITHIN_S: Final = 20.0
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask when somebody listens everywhere
_PREWATT: Final = (sys.executable, "-m", "prewatt.cli.main")


class _AskedToStop(Exception):
    """Somebody asked for the end while a step of the start was running: the rest of the start is left out."""


@dataclass(slots=True)
class Launch:
    """One running Prewatt: its folder, its supervisor and what its processes are told."""

    env: Environment
    folder: DataFolder
    supervisor: Supervisor
    account: Account | None
    variables: dict[str, str]
    held: HeldPorts
    addresses: Addresses = field(default_factory=lambda: Addresses("", ""))

    def begin_database(self) -> None:
        """This method will start the embedded database, unless the environment names another."""
        given = given_addresses(self.env)
        if given is None:
            cluster = cluster_of(self.env, self.folder)
            cluster.stop()  # one that a killed supervisor left behind: we hold the folder's lock
            say("Making a new database …" if cluster.create() else "Starting the database …")
            self.supervisor.start(
                Program(
                    "postgres",
                    cluster.command(),
                    cluster.environment(),
                    account=cluster.account,
                    kind=Kind.DATABASE,
                    stop_within_s=DATABASE_STOP_WITHIN_S,
                )
            )
            process = self.supervisor.process_of("postgres")
            if process is not None:
                cluster.wait_ready(process, timeout_s=READY_WITHIN_S)
            cluster.prepare()
            given = addresses_of(cluster)
        self.addresses = given
        self.variables |= {f"{PREFIX}DATABASE_URL": given.app, f"{PREFIX}OWNER_DATABASE_URL": ""}

    def migrate(self) -> None:
        """This method will bring the tables to this version, as their owner."""
        say("Bringing the tables to this version …")
        owner = {f"{PREFIX}OWNER_DATABASE_URL": self.addresses.owner}
        self.finish("migrate", ["migrate"], owner)

    def start_role(self, name: str, arguments: Sequence[str] = (), *, once: bool = False) -> None:
        """This method will start a role of ours and keep it running; one that runs ``once`` may end by itself."""
        command = [*_PREWATT, *(arguments or [name])]
        self.supervisor.start(Program(name, command, self.variables, account=self.account, once=once))

    def finish(
        self, name: str, arguments: Sequence[str], variables: Mapping[str, str] | None = None, *, shown: bool = False
    ) -> None:
        """This method will run a command of ours to its end; its failure ends the start, a wish to stop too.

        ``shown`` prints its lines while it runs.
        """
        command = [*_PREWATT, *arguments]
        program = Program(name, command, {**self.variables, **(variables or {})}, account=self.account, once=True)
        log = self.supervisor.log_of(name)
        show = _follower(log) if shown else _nothing
        code = self.supervisor.run_once(program, while_waiting=show)
        show()
        if self.supervisor.is_stopping:
            raise _AskedToStop
        if code != 0:
            words = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise UnableToStart(f"`prewatt {' '.join(arguments)}` failed:\n{words}", hint=f"See {log}.")

    def wait_for_page(self, path: str, *, timeout_s: float) -> bool:
        """This method will look after everything until the page answers; false when time is up or the end was asked."""
        until_s = monotonic_s() + timeout_s
        answered = False

        def is_over() -> bool:
            nonlocal answered
            answered = self._answers(path)
            return answered or monotonic_s() > until_s

        self.supervisor.run(until=is_over)
        return answered

    def _answers(self, path: str) -> bool:
        """This method will ask for a page; 400 means that the server is there and knows itself by another name."""
        host, port = self.variables[f"{PREFIX}HOST"], int(self.variables[f"{PREFIX}PORT"])
        asking = self._connection(_EVERYWHERE.get(host, host), port)
        try:
            asking.request("GET", path)
            return asking.getresponse().status in {200, 400}
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asking.close()

    def _connection(self, host: str, port: int) -> http.client.HTTPConnection:
        """This method will return a connection to our own page; its certificate is of the public name, not of this."""
        if self.env.tls_cert is None:
            return http.client.HTTPConnection(host, port, timeout=2)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=2, context=context)

    @property
    def origin(self) -> str:
        """This property will hold the address that people type."""
        host = self.variables[f"{PREFIX}HOST"]
        shown = _EVERYWHERE.get(host, host)
        scheme = "http" if self.env.tls_cert is None else "https"
        return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{self.variables[f'{PREFIX}PORT']}"


@contextlib.contextmanager
def launching(
    *, host: str | None, port: int | HeldPorts, variables: Mapping[str, str] | None = None
) -> Iterator[Launch]:
    """This function will hold the data folder and a supervisor; leaving it stops whatever was started.

    ``port`` is the pages'; one that is held is let go when the web role starts.
    """
    held = port if isinstance(port, HeldPorts) else HeldPorts(port, ())
    env = environment()
    with contextlib.ExitStack() as stack:
        stack.callback(held.close)
        folder = data_folder(env)
        folder.prepare()
        stack.enter_context(folder.locked())
        account = folder.account if folder.account and can_run_prewatt(folder.account) else None
        supervisor = Supervisor(
            folder.logs, account or folder.account, announce=_announcer(folder.logs / "supervisor.log")
        )
        told = {
            **os.environ,
            f"{PREFIX}DATA": str(folder.path),
            f"{PREFIX}HOST": host or env.host,
            f"{PREFIX}PORT": str(held.first),
            "PYTHONUNBUFFERED": "1",
            "HOME": str(folder.path) if account else os.environ.get("HOME", "/"),
            **(variables or {}),
        }
        with contextlib.suppress(_AskedToStop), supervisor.taking_signals():
            yield Launch(env, folder, supervisor, account, told, held)


def say(text: str) -> None:
    """This function will print a line of progress."""
    click.echo(stamp(text))


def _announcer(log: Path) -> Callable[[str], None]:
    """This function will return what tells an event on the screen and in the supervisor's log."""

    def announce(text: str) -> None:
        say(text)
        with log.open("a") as file:
            file.write(f"{machine_now().isoformat(timespec='milliseconds')} {text}\n")

    return announce


def _follower(log: Path) -> Callable[[], None]:
    """This function will return what prints the lines that the log has gained since it was asked last."""
    seen = log.stat().st_size if log.exists() else 0

    def show() -> None:
        nonlocal seen
        if not log.exists():
            return
        with log.open("rb") as file:
            file.seek(seen)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        seen += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            say(line)

    return show


def _nothing() -> None:
    """This function will do nothing: the command's lines are for its log."""
