"""``prewatt up``: everything against real gateways, in one go."""

import secrets
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click
import psycopg

from prewatt.cli.launch import Launch, launching, say
from prewatt.cli.ports import HeldPorts, hold_ports
from prewatt.cli.tls import find_certificate
from prewatt.cli.upgrade_record import refuse_half_upgrade
from prewatt.cli.web import name_certificate
from prewatt.config.environment import PREFIX, environment

PAGE_WITHIN_S: Final = 60.0
ROLES: Final = ("collector", "worker")
CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""None that is read as another one."""
CODE_GROUP: Final = 4
CODE_GROUPS: Final = 3


@click.command()
@click.option("--host", help="Address to listen on [PREWATT_HOST; default 127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port [PREWATT_PORT; default 8000]; taken: the next free.")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate with chain [PREWATT_TLS_CERT].")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its key [PREWATT_TLS_KEY].")
def up(host: str | None, port: int | None, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Run web, worker and collector, and a database of our own unless PREWATT_DATABASE_URL names one."""
    name_certificate(tls_cert, tls_key)
    env = environment()
    find_certificate(env)
    refuse_half_upgrade(env.data_folder, version=version("prewatt"))
    with launching(host=host, port=choose_port(host or env.host, port or env.port)) as launch:
        launch.begin_database()
        launch.migrate()
        code = _prepare_first_login(launch)
        for role in ROLES:
            launch.start_role(role)
        if show_page(launch):
            say(f"Prewatt is at {launch.origin} · Ctrl-C stops everything")
            if code:
                say(f"There is no login yet. Open {launch.origin}/first-login and type the set-up code {code}")
            launch.supervisor.run()


def _prepare_first_login(launch: Launch) -> str:
    """This function will draw the code that the first login asks for, while there is no login; else nothing.

    It lives in the environment of this start alone: the next start draws another.
    """
    with psycopg.connect(launch.addresses.app) as connection:
        if connection.execute("select exists (select from access_user)").fetchone() == (True,):
            return ""
    code = "-".join("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUP)) for _ in range(CODE_GROUPS))
    launch.variables[f"{PREFIX}SETUP_CODE"] = code
    return code


def choose_port(host: str, wanted: int) -> HeldPorts:
    """This function will hold the wanted port, or the next free one, and say so."""
    held = hold_ports(host=host, wanted=wanted, hint="Name one with --port.")
    if held.first != wanted:
        say(f"Port {wanted} is taken by another program; using {held.first}.")
    return held


def show_page(launch: Launch) -> bool:
    """This function will start the web role and wait until its page answers; false when the end was asked for."""
    launch.held.close()
    launch.start_role("web")
    there = launch.wait_for_page("/readyz", timeout_s=PAGE_WITHIN_S)
    if not there and not launch.supervisor.is_stopping:
        log = launch.supervisor.log_of("web")
        say(f"The page does not answer yet; see {log}. Going on.")
    return not launch.supervisor.is_stopping
