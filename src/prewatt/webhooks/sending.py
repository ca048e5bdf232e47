"""One delivery on its way: the host is looked up and looked at once, then connected to at that very address."""

import socket
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx

from prewatt.kernel.clock import machine_now
from prewatt.webhooks.errors import BadEndpoint
from prewatt.webhooks.reach import Network, find_reachable
from prewatt.webhooks.signing import HEADER, sign
from prewatt.webhooks.values import Outcome, Parcel

TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
AGENT: Final = "Prewatt-Webhook/1"


def resolve_host(host: str) -> list[str]:
    """This function will return the addresses of a host; none when it has none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(address[0]) for *_, address in found]


def send(
    *,
    parcel: Parcel,
    secrets: Sequence[str],
    own_networks: Sequence[Network],
    resolve: Callable[[str], Sequence[str]] = resolve_host,
    transport: httpx.BaseTransport | None = None,
) -> Outcome:
    """This function will send one delivery and say how it ended. Nothing is followed, and no answer is read."""
    body = parcel.body.encode()
    parts = urlsplit(parcel.url)
    host = parts.hostname or ""
    try:
        address = find_reachable(host=host, own_networks=own_networks, resolve=resolve)
    except BadEndpoint as refused:
        return Outcome(error=refused.message)
    where = f"[{address}]" if address.version == 6 else str(address)
    url = parts._replace(netloc=where if parts.port is None else f"{where}:{parts.port}").geturl()
    headers = {
        "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": AGENT,
        "Prewatt-Delivery": str(parcel.public_id),
        HEADER: sign(body=body, secrets=secrets, at_s=int(machine_now().timestamp())),
    }  # fmt: skip
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False, transport=transport) as client,
            client.stream("POST", url, content=body, headers=headers, extensions={"sni_hostname": host}) as answer,
        ):
            return Outcome(status=answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Outcome(error=f"{type(error).__name__}: {error}"[:200])
