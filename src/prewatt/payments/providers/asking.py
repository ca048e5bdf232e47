"""One question over HTTPS and its answer, with a limit on everything."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import httpx

from prewatt.kernel.clock import monotonic_s
from prewatt.payments.providers.errors import BadMerchant, ProviderAway

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
WHOLE_S: Final = 30.0
ANSWER_BYTES_MAX: Final = 1_000_000
STATEMENT_BYTES_MAX: Final = 16_000_000
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_USER_AGENT: Final = "Prewatt"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one provider. It follows no redirect, reads no proxy from the environment and asks for plain bytes."""

    transport: httpx.BaseTransport | None

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        bytes_max: int = ANSWER_BYTES_MAX,
    ) -> Answer:
        """This method will return the answer. Raises ProviderAway: what the provider did is then unknown."""
        sent = {"user-agent": _USER_AGENT, "accept-encoding": "identity", **(headers or {})}
        try:
            with self._client() as client, client.stream(method, url, headers=sent, content=content) as response:
                return Answer(response.status_code, dict(response.headers), _read(response, bytes_max))
        except httpx.TransportError as error:
            raise ProviderAway(f"The provider gave no answer: {type(error).__name__}.") from None
        except httpx.InvalidURL:
            raise ProviderAway("The provider named an address that is none.") from None

    def _client(self) -> httpx.Client:
        return httpx.Client(
            transport=self.transport,
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            verify=_tls(),
            trust_env=False,
            follow_redirects=False,
        )


def require_safe_url(url: str) -> str:
    """This function will let pass https, and http to this machine, and return it without a slash at its end."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        scheme, host = "", None
    if not host or scheme not in {"https", "http"} or (scheme == "http" and host not in _LOOPBACK):
        raise BadMerchant("The gateway's address must begin with https://.", hint="Copy it from the provider's page.")
    return url.rstrip("/")


def _read(response: httpx.Response, bytes_max: int) -> bytes:
    """This function will read a body to its limits in bytes and seconds; nothing in it is unpacked."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProviderAway("The provider answered in an encoding that was not asked for.")
    ends_s, body = monotonic_s() + WHOLE_S, bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > bytes_max:
            raise ProviderAway(f"The provider answered more than {bytes_max} bytes.")
        if monotonic_s() > ends_s:
            raise ProviderAway(f"The provider took longer than {WHOLE_S:g} s.")
    return bytes(body)


@cache
def _tls() -> ssl.SSLContext:
    """This function will make the TLS settings once: loading the roots takes longer than many an answer."""
    return httpx.create_ssl_context(trust_env=False)
