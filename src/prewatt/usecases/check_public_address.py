"""The address that people and providers use from outside is asked from here, through its public name, for a token.

Nobody types it: it is the one that the environment names. Nothing is followed, and of the answer only a proof is read.
"""

import hmac
import json
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core import signing

from prewatt.access.audit import Actor
from prewatt.access.models import Scope
from prewatt.kernel.errors import NotPermitted, Refused
from prewatt.usecases.see_first_run import SUBJECT, Step, organisation_of
from prewatt.usecases.work import unit_of_work

PATH: Final = "/pay/reach/"
"""Below the addresses that providers call: what a proxy does to those it does to this one."""

TOKEN_VALID_S: Final = 60
ANSWER_BYTES_MAX: Final = 2_000
TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_SALT: Final = "prewatt.reach"
_PROOF_SALT: Final = "prewatt.reach.proof"


class Reach(StrEnum):
    """How asking the public address ended."""

    GOOD = "good"
    NOT_TLS = "not_tls"
    NO_NAME = "no_name"
    NO_CONNECTION = "no_connection"
    CERTIFICATE = "certificate"
    SILENT = "silent"
    WRONG_HOST = "wrong_host"
    REDIRECTED = "redirected"
    PATH_CHANGED = "path_changed"
    OTHER_INSTALLATION = "other_installation"
    NOT_PREWATT = "not_prewatt"


@dataclass(frozen=True, slots=True)
class Reached:
    """What was found at the address. ``detail`` is one of our own words or numbers, never the answer's text."""

    address: str
    reach: Reach
    detail: str = ""
    is_inside: bool = False
    """The name leads to a private network from here: from outside it must lead elsewhere, which we cannot see."""


class NotReached(Refused):
    """The public address does not lead here."""

    code = "not_reached"


def _resolve(host: str, port: int) -> Sequence[str]:
    """This function will return the addresses of a name; none when it has none."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def check_public_address(
    *,
    actor: Actor,
    resolve: Callable[[str, int], Sequence[str]] = _resolve,
    verify: ssl.SSLContext | bool = True,
) -> Reached:
    """This function will ask the public address and say what is wrong with it; what it found is on record."""
    if actor.user is None:
        raise NotPermitted("The public address is asked by a named login.")
    scope = organisation_of(user=actor.user)
    found = ask_public(settings.PUBLIC_ORIGIN, resolve=resolve, verify=verify)
    with suppress(NotReached):  # it is on record as refused; the caller says it in full
        _record(actor, scope, found)
    return found


def _record(actor: Actor, scope: Scope, found: Reached) -> None:
    with unit_of_work(
        actor=actor, verb="check_public_address", scope=scope, subject=(SUBJECT, Step.ADDRESS),
        reason=found.address[:200],
    ):  # fmt: skip
        if found.reach is not Reach.GOOD:
            raise NotReached("The public address does not lead here: %(why)s.", why=found.reach.value)


def ask_public(
    origin: str, *, resolve: Callable[[str, int], Sequence[str]], verify: ssl.SSLContext | bool = True
) -> Reached:
    """This function will ask ``origin`` for a one-time token as a provider does."""
    parts = urlsplit(origin)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    addresses = resolve(host, port)
    is_inside = any(not ip_address(one.partition("%")[0]).is_global for one in addresses)

    def told(reach: Reach, detail: str = "") -> Reached:
        return Reached(origin, reach, detail, is_inside)

    if parts.scheme != "https":
        return told(Reach.NOT_TLS)
    if not addresses:
        return told(Reach.NO_NAME, host)
    token = signing.dumps(secrets.token_urlsafe(16), salt=_SALT)
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False, verify=verify) as client,
            client.stream("GET", f"{origin}{PATH}{token}", headers={"User-Agent": "Prewatt-Reach/1"}) as answer,
        ):
            body = b""
            for piece in answer.iter_raw():
                body += piece
                if len(body) > ANSWER_BYTES_MAX:
                    break
    except httpx.ConnectError as error:
        return told(*_connect_fault(error))
    except httpx.ConnectTimeout:
        return told(Reach.NO_CONNECTION, "timeout")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return told(Reach.SILENT)
    return told(*judge(status=answer.status_code, body=body[:ANSWER_BYTES_MAX], token=token, origin=origin))


def judge(*, status: int, body: bytes, token: str, origin: str) -> tuple[Reach, str]:
    """This function will say what an answer proves."""
    try:
        words = json.loads(body)
        proof, path, host = str(words["prewatt"]), str(words["path"]), str(words["host"])
    except (ValueError, KeyError, TypeError):
        return _judge_stranger(status, origin)
    if not hmac.compare_digest(proof.encode(), proof_of(token).encode()):
        return Reach.OTHER_INSTALLATION, ""
    if path != f"{urlsplit(origin).path}{PATH}{token}":
        return Reach.PATH_CHANGED, path.partition(token)[0][:80]
    return (Reach.GOOD, "") if host == urlsplit(origin).netloc else (Reach.WRONG_HOST, host[:80])


def _judge_stranger(status: int, origin: str) -> tuple[Reach, str]:
    """This function will say what an answer without a proof is: Prewatt itself refuses a name that it does not know."""
    if status == httpx.codes.BAD_REQUEST:
        return Reach.WRONG_HOST, urlsplit(origin).hostname or ""
    is_redirect = httpx.codes.MULTIPLE_CHOICES <= status < httpx.codes.BAD_REQUEST
    return (Reach.REDIRECTED if is_redirect else Reach.NOT_PREWATT), str(status)


def answer_token(token: str) -> str:
    """This function will return the proof for a token of ours that is fresh; nothing for any other."""
    try:
        signing.loads(token, salt=_SALT, max_age=TOKEN_VALID_S)
    except signing.BadSignature:
        return ""
    return proof_of(token)


def proof_of(token: str) -> str:
    """This function will return what only an installation with our key can answer."""
    return signing.Signer(salt=_PROOF_SALT).signature(token)


def _connect_fault(error: httpx.ConnectError) -> tuple[Reach, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Reach.CERTIFICATE, cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return Reach.CERTIFICATE, "no TLS"
        cause = cause.__cause__ or cause.__context__
    return Reach.NO_CONNECTION, ""
