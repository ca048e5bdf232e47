"""``prewatt web``: pages, API and live streams, from one process."""

import asyncio
import hashlib
import os
import socket
from pathlib import Path
from typing import Any, Final

import click

from prewatt.cli.embedded import database
from prewatt.cli.entering import enter, keep_loaded
from prewatt.cli.errors import PortInUse
from prewatt.cli.probe import probe_line
from prewatt.cli.serving import leave, serve
from prewatt.cli.statics import Statics, pack
from prewatt.cli.tls import Certificate, find_certificate
from prewatt.config.environment import PREFIX, Process, environment
from prewatt.estate.probing import install

_PORTS_TRIED: Final = 100


@click.command()
@click.option("--host", help="Address to listen on [PREWATT_HOST; default 127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on [PREWATT_PORT; default 8000].")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate with chain [PREWATT_TLS_CERT].")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its key [PREWATT_TLS_KEY].")
def web(host: str | None, port: int | None, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Serve the pages and the API."""
    name_certificate(tls_cert, tls_key)
    env = environment()
    host, port = host or env.host, port or env.port
    if not is_free(host, port):
        raise PortInUse(
            f"Port {port} on {host} is taken by another program.", hint="Name another one with --port or PREWATT_PORT."
        )
    os.environ[f"{PREFIX}PORT"] = str(port)
    certificate = find_certificate(env)
    with database():
        enter(Process.WEB)
        install(probe_line)
        serving = _serve(host, port, static=gather_static(), certificate=certificate)
        asyncio.new_event_loop().run_until_complete(serving)
    leave()


def is_free(host: str, port: int) -> bool:
    """This function will say whether nobody listens at this address."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def next_free_port(host: str, port: int) -> int:
    """This function will return the port, or the first free one after it."""
    for candidate in range(port, min(port + _PORTS_TRIED, 65536)):
        if is_free(host, candidate):
            return candidate
    raise PortInUse(f"None of the {_PORTS_TRIED} ports from {port} on is free on {host}.", hint="Name one with --port.")


def gather_static() -> Path:
    """This function will gather the static files under names that carry their hash, and pack them, if they changed."""
    from django.conf import settings
    from django.contrib.staticfiles import finders
    from django.core.management import call_command

    digest = hashlib.sha256(b"packed\n")
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list([".*"]), key=lambda one: one[0]):
            digest.update(f"{name} {storage.size(name)} {storage.get_modified_time(name)}\n".encode())
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".gathered"
    if not (stamp.is_file() and stamp.read_text() == digest.hexdigest()):
        root.mkdir(parents=True, exist_ok=True)
        settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=[".*"])
        pack(root)
        stamp.write_text(digest.hexdigest())
    return root


def settle() -> None:
    """This function will load all views, and keep them out of the garbage collector's rounds."""
    from django.urls import reverse

    reverse("console:rooms")
    keep_loaded()


def name_certificate(cert: Path | None, key: Path | None) -> None:
    """This function will put what the command line names where all settings are read."""
    for name, path in (("TLS_CERT", cert), ("TLS_KEY", key)):
        if path is not None:
            os.environ[f"{PREFIX}{name}"] = str(path.absolute())
    environment.cache_clear()


async def _serve(host: str, port: int, *, static: Path, certificate: Certificate | None) -> None:
    """This function will serve until it is told to stop, or until the certificate was renewed.

    A server cannot take another certificate while it runs: the role ends, and whoever keeps it running starts it anew.
    """
    from granian.constants import SSLProtocols

    from prewatt.config.asgi import application

    settle()
    how: dict[str, Any] = {}
    if certificate is not None:
        how = {
            "ssl_cert": certificate.cert, "ssl_key": certificate.key,
            "ssl_protocol_min": SSLProtocols.tls12,  # what payment providers still speak
            "beside": certificate.wait_for_renewal(),
        }  # fmt: skip
    await serve(Statics(application, static), host=host, port=port, backpressure=1024, **how)
