"""Signing in: by password, or by a one-time code to a known phone or mail.

Whether somebody is known cannot be told from answer or time: each try costs one slow hash. Tries are counted by address
and by login. A browser that was signed in before as the same login is counted apart from all others, and by code one
gets in whatever was done to the password way: nobody can lock out anybody but himself.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from prewatt.access import codes
from prewatt.access.audit import Actor
from prewatt.access.contacts import to_contact
from prewatt.access.errors import BadCode, BadContact, BadSignIn
from prewatt.access.models import CodePurpose, OneTimeCode, User
from prewatt.access.queries import find_user_by_contact, find_user_meant
from prewatt.access.sessions import is_known_device
from prewatt.access.throttle import Limit, counted_address, give_back, take_try
from prewatt.kernel.errors import Refused
from prewatt.notices.queries import find_way
from prewatt.notices.services import raise_message
from prewatt.usecases.note_refusal import note_refusal
from prewatt.usecases.work import unit_of_work


@dataclass(frozen=True, slots=True)
class Gate:
    """What a try is counted by: a known browser by itself, any other by its address and by whom it is about."""

    device: Limit
    address: Limit
    keys: tuple[Limit, ...]


PASSWORDS: Final = Gate(
    device=Limit("password-device", burst=5, every_s=12),
    address=Limit("password-address", burst=5, every_s=12),
    keys=(Limit("password-login", burst=5, every_s=12), Limit("password-login-day", burst=60, every_s=1_800)),
)
CODES: Final = Gate(
    device=Limit("code-device", burst=3, every_s=60),
    address=Limit("code-address", burst=6, every_s=30),
    keys=(Limit("code-contact", burst=2, every_s=30), Limit("code-contact-hour", burst=6, every_s=600)),
)
CODE_TRIES_BY_ADDRESS: Final = Limit("code-try-address", burst=5, every_s=12)
CODE_TRIES_BY_CONTACT: Final = Limit("code-try-contact", burst=5, every_s=12)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser that nobody is signed in on: its address, and the mark of an earlier sign-in, if it has one."""

    address: str
    device: str = ""

    @property
    def actor(self) -> Actor:
        """This property will be how the visitor stands in the action log."""
        return Actor(process="web", address=self.address)


def sign_in_with_password(*, visitor: Visitor, typed: str, password: str) -> User:
    """This function will return the login that a name (or mail, or phone) and a password open.

    Raises BadSignIn, TooManyTries.
    """
    user = find_user_meant(typed=typed)
    taken = _take(PASSWORDS, visitor, user, key=str(user.pk) if user else typed.strip().lower())
    if not _opens(user, password):
        refusal = BadSignIn("Name or password is wrong.", hint="You can also sign in with a code.")
        _refuse(visitor, user, refusal)
        raise refusal
    assert user is not None
    for limit, key in taken:
        give_back(limit=limit, key=key)
    _record(visitor, user, "password")
    return user


def ask_for_code(*, visitor: Visitor, typed: str, language: str) -> tuple[UUID, str]:
    """This function will send a code to a known mail address or phone; the answer is the same for an unknown one.

    It returns the id that the browser keeps, and the contact as it was understood. Raises BadContact, TooManyTries.
    """
    contact = to_contact(typed)
    if contact is None:
        raise BadContact(
            "This is neither a mail address nor a phone number.", hint="Write a phone with its country: +86 …"
        )
    way = find_way(recipient=contact)
    if way is None:
        raise BadContact("We cannot send codes there.", hint="Sign in with your password, or ask the service desk.")
    user = find_user_by_contact(contact=contact)
    _take(CODES, visitor, user, key=contact)
    known = user if user is not None and user.is_active and not user.is_machine else None
    with unit_of_work(actor=visitor.actor, verb="ask_for_code", subject=_subject(known)):
        asked = codes.ask_code(purpose=CodePurpose.SIGN_IN, contact=contact, user=known)
        with transaction.atomic():
            send_code(contact=contact, way=way, asked=asked, language=known.language if known else language)
            if known is None:  # written and taken back: the time that it takes tells nothing
                transaction.set_rollback(True)
    return asked.public_id, contact


def send_code(*, contact: str, way: str, asked: codes.Asked, language: str) -> None:
    """This function will put a code on its way, inside a unit of work."""
    raise_message(
        kind="code", channel=way, recipient=contact, language=language, cause_key=f"code:{asked.public_id}",
        facts={"code": asked.digits, "minutes": str(int(codes.LIVES_FOR.total_seconds()) // 60)},
    )  # fmt: skip


def sign_in_with_code(*, visitor: Visitor, code_id: UUID, digits: str) -> User:
    """This function will return the login that a code opens. Raises BadCode, TooManyTries."""
    row = codes.find_live_code(public_id=code_id, purpose=CodePurpose.SIGN_IN)
    if row is None:
        raise BadCode("This code has run out.", hint="Ask for a new code.")
    take_try(limit=CODE_TRIES_BY_ADDRESS, key=counted_address(visitor.address))
    take_try(limit=CODE_TRIES_BY_CONTACT, key=row.contact)
    try:
        codes.try_code(row=row, digits=digits)
        user = _sent_to(row)
    except BadCode as refusal:
        _refuse(visitor, row.user, refusal)
        raise
    _record(visitor, user, "code", row=row)
    return user


def _sent_to(row: OneTimeCode) -> User:
    """This function will return the login that the code was sent to, if it may still sign in. Raises BadCode."""
    user = find_user_by_contact(contact=row.contact)
    if user is None or not user.is_active or user != row.user:
        raise BadCode("The code is not right.", hint="Ask for a new code.")
    return user


def _take(gate: Gate, visitor: Visitor, user: User | None, *, key: str) -> list[tuple[Limit, str]]:
    """This function will count a try at the gate and return what was counted. Raises TooManyTries."""
    if visitor.device and is_known_device(mark=visitor.device, user=user):
        wanted = [(gate.device, f"{key}:{visitor.device}")]
    else:
        wanted = [(gate.address, counted_address(visitor.address)), *((limit, key) for limit in gate.keys)]
    for limit, counted in wanted:
        take_try(limit=limit, key=counted)
    return wanted


def _opens(user: User | None, password: str) -> bool:
    """This function will compare a password with what is kept; for nobody it takes as long."""
    if user is None or not user.is_active or user.is_machine or not user.has_usable_password():
        make_password(password)
        return False
    return user.check_password(password)


def _record(visitor: Visitor, user: User, way: str, *, row: OneTimeCode | None = None) -> None:
    actor = Actor(process="web", user=user, address=visitor.address)
    with unit_of_work(actor=actor, verb="sign_in", subject=_subject(user), reason=way):
        if row is not None:
            codes.use_code(row=row)


def _refuse(visitor: Visitor, user: User | None, why: Refused) -> None:
    note_refusal(actor=visitor.actor, verb="sign_in", subject=_subject(user), why=why)


def _subject(user: User | None) -> tuple[str, str]:
    return ("login", str(user.public_id) if user is not None else "")
