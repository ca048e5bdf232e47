"""The second factor of a login: set up, asked for, taken away. The secret is sealed with a key outside the database."""

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from prewatt.access import factors, rights, roster, sessions
from prewatt.access.audit import Actor
from prewatt.access.errors import BadCode, BadRole
from prewatt.access.models import SecondFactor, User
from prewatt.access.queries import get_session_rules
from prewatt.access.sessions import is_known_device
from prewatt.access.throttle import Limit, take_try
from prewatt.access.totp import SECRET_BYTES, to_text, to_uri
from prewatt.estate.safe import Purpose, SecretSafe
from prewatt.usecases.work import unit_of_work

TRIES: Final = (Limit("second-factor", burst=5, every_s=30), Limit("second-factor-day", burst=30, every_s=2_880))
ISSUER: Final = "Prewatt"


@dataclass(frozen=True, slots=True)
class Draft:
    """A factor that waits to be proven: as text, and as what an app reads from a QR code."""

    text: str
    uri: str


def begin_second_factor(*, actor: Actor) -> Draft:
    """This function will make a secret for the person's app. It is in force when they have proven to hold it.

    Raises KeyMissing.
    """
    user, secret = _self(actor), secrets.token_bytes(SECRET_BYTES)
    with unit_of_work(actor=actor, verb="begin_second_factor", subject=_subject(user)):
        factors.begin_factor(user=user, sealed=_safe().seal(b64encode(secret).decode(), bound_to=_place(user)))
    return _draft(user, secret)


def see_draft(*, user: User) -> Draft | None:
    """This function will show the secret that was begun and not proven yet, to its owner. Raises KeyMissing."""
    row = factors.find_draft(user=user)
    return None if row is None else _draft(user, _open(row))


def confirm_second_factor(*, actor: Actor, typed: str, this_key: str | None) -> list[str]:
    """This function will put the factor in force and return its recovery codes, once; other sessions end.

    Raises BadCode, TooManyTries.
    """
    user = _self(actor)
    row = factors.find_draft(user=user)
    if row is None:
        raise BadCode("There is nothing to confirm.", hint="Begin again.")
    _take(user, "")
    with unit_of_work(actor=actor, verb="confirm_second_factor", subject=_subject(user)):
        codes = factors.confirm_factor(row=row, secret=_open(row), typed=typed)
        sessions.end_other_sessions(user=user, this_key=this_key)
    return codes


def pass_second_factor(*, actor: Actor, typed: str, device: str) -> None:
    """This function will take a code of the app, or a recovery code. Each works once.

    Tries are counted for a browser that was signed in before apart from all others: who knows the password alone cannot
    use up its owner's. Raises BadCode, TooManyTries.
    """
    user = _self(actor)
    _take(user, device)
    row = factors.find_factor(user=user)
    if row is None:
        raise BadCode("There is no second factor.", hint="Set one up.")
    with unit_of_work(actor=actor, verb="pass_second_factor", subject=_subject(user)):
        if factors.is_recovery_code(typed):
            factors.use_recovery_code(user=user, typed=typed)
        else:
            factors.use_factor(row=row, secret=_open(row), typed=typed)


def drop_second_factor(*, actor: Actor, typed: str, device: str) -> None:
    """This function will take the person's own factor away, proven by a code; not while a role requires one.

    Raises BadCode, BadRole, TooManyTries.
    """
    user = _self(actor)
    if get_session_rules(user=user).needs_second_factor:
        raise BadRole("Your role requires a second factor.", hint="Set up a new one in its place.")
    pass_second_factor(actor=actor, typed=typed, device=device)
    with unit_of_work(actor=actor, verb="drop_second_factor", subject=_subject(user)):
        factors.end_factor(user=user)


def reset_second_factor(*, actor: Actor, public_id: UUID) -> None:
    """This function will take away the factor of a person who lost it, and sign them out everywhere.

    Raises UnknownLogin, NotPermitted, BadRole when it is one's own.
    """
    editor = _self(actor)
    user = roster.find_managed(user=editor, public_id=public_id)
    if user == editor:
        raise BadRole("This is your own login.", hint="Ask another administrator.")
    with unit_of_work(actor=actor, verb="reset_second_factor", subject=_subject(user)):
        rights.require_over(editor=editor, user=user)
        factors.end_factor(user=user)
        sessions.end_other_sessions(user=user, this_key=None)


def _take(user: User, device: str) -> None:
    mark = device if device and is_known_device(mark=device, user=user) else ""
    for limit in TRIES:
        take_try(limit=limit, key=f"{user.pk}:{mark}")


def _safe() -> SecretSafe:
    return SecretSafe.open(Path(settings.METER_KEY_FILE), Purpose.SECOND_FACTORS)


def _open(row: SecondFactor) -> bytes:
    return b64decode(_safe().unseal(bytes(row.sealed), bound_to=_place(row.user)))


def _place(user: User) -> str:
    return f"second factor\n{user.public_id}"


def _draft(user: User, secret: bytes) -> Draft:
    return Draft(to_text(secret), to_uri(secret=secret, login=user.username, issuer=ISSUER))


def _self(actor: Actor) -> User:
    assert actor.user is not None
    return actor.user


def _subject(user: User) -> tuple[str, str]:
    return ("login", str(user.public_id))
