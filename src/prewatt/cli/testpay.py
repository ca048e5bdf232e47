"""``prewatt testpay``: the test provider as a process of its own, and its merchant for the demo."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from prewatt.cli.clocks import own
from prewatt.cli.errors import PortInUse, UnableToStart
from prewatt.cli.serving import leave, serve
from prewatt.config import logs
from prewatt.config.environment import Process, environment
from prewatt.payments.providers.values import MerchantConfig
from prewatt.testpay.keys import KEYS_FILE, MERCHANT_NO, Keys
from prewatt.testpay.service import TestPayService

PORT: Final = 8190
FOLDER: Final = "testpay"


@click.command()
@click.option("--host", help="Address to listen on [PREWATT_HOST; default 127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), help=f"Port of a new provider; default {PORT}.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Folder that keeps keys and orders.")
@click.option("--public-url", default="", help="Where payers reach it; default: on the host that sent them.")
def testpay(*, host: str | None, port: int | None, state: Path | None, public_url: str) -> None:
    """Run the test provider alone. It moves no money; docs/protocols/payments.md is its protocol."""
    from prewatt.cli.web import is_free

    env = environment()
    logs.configure(level=env.log_level, process=Process.TESTPAY)
    folder = state or env.data_folder / "state" / FOLDER
    keys = open_keys(folder, port=port or PORT)
    if port not in {None, keys.port}:
        raise UnableToStart(
            f"The provider in {folder} is known at port {keys.port}.", hint="Leave out --port, or name a new folder."
        )
    host = host or env.host
    if not is_free(host, keys.port):
        raise PortInUse(f"Port {keys.port} on {host} is taken by another program.", hint="Stop it, then start again.")
    service = TestPayService(keys=keys, folder=folder, public_url=public_url)
    click.echo(f"The test provider listens on {host}:{keys.port}; it keeps its orders and keys in {folder}.")
    asyncio.run(serve(service, host=host, port=keys.port, beside=service.run()))
    leave()


def open_keys(folder: Path, *, port: int) -> Keys:
    """This function will read the provider's keys, or make them with this port at the first start."""
    keys = Keys.load(folder)
    if keys is None:
        keys = Keys.make(port=port)
        keys.save(folder)
        if folder.parent.exists():
            own(folder, like=folder.parent)
            own(folder / KEYS_FILE, like=folder.parent)
    return keys


def keys_that_fit(folder: Path, *, host: str) -> Keys:
    """This function will read or make the provider's keys, and move it where another program has taken its port."""
    from prewatt.cli.web import next_free_port

    keys = open_keys(folder, port=next_free_port(host, PORT))
    port = next_free_port(host, keys.port)
    if port != keys.port:
        keys = replace(keys, port=port)
        keys.save(folder)
        own(folder / KEYS_FILE, like=folder)
    return keys


def merchant_of(keys: Keys, *, merchant_no: str = MERCHANT_NO) -> MerchantConfig:
    """This function will return what Prewatt must know to take money through the test provider."""
    merchant = keys.merchants[merchant_no]
    return MerchantConfig(
        channel="testpay",
        merchant_no=merchant.merchant_no,
        app_id=merchant.app_id,
        gateway_url=f"http://127.0.0.1:{keys.port}",
        secrets={"private_key_pem": merchant.key.private_pem},
        peer_keys={keys.own.serial: keys.own.public_pem},
        own_serial=merchant.key.serial,
    )
