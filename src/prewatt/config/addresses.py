"""From where a request comes. Behind proxies of ours that is what they say, else the other end of the connection."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

FORWARDED: Final = (
    "HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
)  # fmt: skip
Network = IPv4Network | IPv6Network


@sync_and_async_middleware
def client_address(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """This function will make the middleware that puts the client's address where everybody looks for it."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            _name_client(request)
            response: HttpResponseBase = await get_response(request)
            return response

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        _name_client(request)
        response: HttpResponseBase = get_response(request)
        return response

    return answer


def client_of(*, peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """This function will return the nearest address that is no proxy of ours. Nobody can put words in before it.

    ``forwarded`` is ``X-Forwarded-For``: each proxy adds at its end the address that it was asked from.
    """
    chain = [*(part.strip() for part in forwarded.split(",") if part.strip()), peer]
    while len(chain) > 1 and _is_trusted(chain[-1], trusted) and _is_address(chain[-2]):
        chain.pop()
    return chain[-1]


def _name_client(request: HttpRequest) -> None:
    trusted: Sequence[Network] = settings.TRUSTED_PROXIES
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not _is_trusted(peer, trusted):
        for name in FORWARDED:
            request.META.pop(name, None)  # only a proxy of ours may say so
    if trusted:
        request.META["REMOTE_ADDR"] = client_of(
            peer=peer,
            forwarded=str(request.META.get("HTTP_X_FORWARDED_FOR", "")),
            trusted=trusted,
        )


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
