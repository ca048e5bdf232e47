"""Where webhooks may go: to the open internet, and to networks of one's own that are named; never elsewhere inside."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from prewatt.webhooks.errors import BadEndpoint

URL_CHARS_MAX: Final = 500
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_WRAPPED: Final = tuple(ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 that carries IPv4 within: it would lead around the check."""


def require_url(url: str) -> str:
    """This function will return the address as it is kept. Raises BadEndpoint for what is not plain https.

    Plain http is for receivers on this very machine.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad(url) from None
    is_clean = url.isascii() and url.isprintable() and " " not in url and len(url) <= URL_CHARS_MAX
    if not is_clean or not host or parts.username is not None or parts.fragment or port == 0:
        raise _bad(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOCAL):
        raise _bad(url)
    return url


def _bad(url: str) -> BadEndpoint:
    return BadEndpoint(
        "%(url)s is no address that webhooks are sent to.",
        hint="Use https://host/path without user name and fragment; http only for localhost.",
        url=url[:80],
    )


def find_reachable(
    *, host: str, own_networks: Sequence[Network], resolve: Callable[[str], Sequence[str]]
) -> Address:  # fmt: skip
    """This function will resolve a host and return an address of it to connect to.

    Every address that the name has must be allowed: a name with one inside and one outside is refused, and what was
    looked at is what is connected to. Raises BadEndpoint.
    """
    addresses = [ip_address(text.partition("%")[0]) for text in resolve(host)]
    if not addresses or not all(is_allowed(one, own_networks=own_networks) for one in addresses):
        raise BadEndpoint(
            "%(host)s leads to a network that webhooks may not reach.",
            hint="Name your own network in PREWATT_WEBHOOK_NETWORKS, or use a public address.",
            host=host,
        )
    return addresses[0]


def is_allowed(address: Address, *, own_networks: Sequence[Network]) -> bool:
    """This function will tell whether a webhook may be sent to the address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in own_networks):
        return True
    wrapped = any(address in network for network in _WRAPPED if network.version == address.version)
    return address.is_global and not address.is_multicast and not address.is_reserved and not wrapped
