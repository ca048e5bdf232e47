"""What a person changes about their own login: name, language, contacts, password, and where it is signed in."""

from typing import Final
from uuid import UUID

from prewatt.access import codes, services, sessions
from prewatt.access.audit import Actor
from prewatt.access.contacts import to_contact
from prewatt.access.errors import BadCode, BadContact, BadSignIn
from prewatt.access.models import CodePurpose, User
from prewatt.access.throttle import Limit, take_try
from prewatt.kernel.clock import estate_now
from prewatt.notices.queries import find_way
from prewatt.notices.services import raise_message
from prewatt.usecases.sign_in import PASSWORDS, send_code
from prewatt.usecases.work import unit_of_work

CODES: Final = Limit("contact-code", burst=3, every_s=120)
TRIES: Final = Limit("contact-code-try", burst=5, every_s=12)


def change_profile(*, actor: Actor, name: str, language: str) -> None:
    """This function will write down a person's name and language."""
    user = _self(actor)
    with unit_of_work(actor=actor, verb="change_profile", subject=_subject(user)):
        services.change_profile(user=user, name=name, language=language)


def change_password(*, actor: Actor, old: str | None, new: str) -> None:
    """This function will set another password, or the first; sessions elsewhere end with it, and the person is told.

    ``old`` is None when the person has just proven by code who they are.

    Raises BadSignIn when the old one is wrong, BadLogin, TooManyTries.
    """
    user = _self(actor)
    if old is not None and user.has_usable_password():
        take_try(limit=PASSWORDS.device, key=f"change:{user.pk}")
        if not user.check_password(old):
            raise BadSignIn("The present password is wrong.", hint="You can sign in with a code and set a new one.")
    with unit_of_work(actor=actor, verb="change_password", subject=_subject(user)) as work:
        services.change_password(user=user, password=new)
        _tell_change(user, [user.email, user.phone], cause=f"password:{work.action_id}")


def ask_contact_code(*, actor: Actor, typed: str) -> tuple[UUID, str]:
    """This function will send a code to a new mail address or phone, and return its id and how it was understood.

    Raises BadContact, TooManyTries.
    """
    user, contact = _self(actor), to_contact(typed)
    if contact is None:
        raise BadContact(
            "This is neither a mail address nor a phone number.", hint="Write a foreign number with its +."
        )
    way = find_way(recipient=contact)
    if way is None:
        raise BadContact("We cannot send codes there.", hint="Use another, or ask the service desk.")
    take_try(limit=CODES, key=str(user.pk))
    with unit_of_work(actor=actor, verb="ask_contact_code", subject=_subject(user)):
        asked = codes.ask_code(purpose=CodePurpose.CONTACT, contact=contact, user=user)
        send_code(contact=contact, way=way, asked=asked, language=user.language)
    return asked.public_id, contact


def change_contact(*, actor: Actor, code_id: UUID, digits: str) -> str:
    """This function will give the login the contact that a code was sent to; the one before it is told.

    Raises BadCode, LoginTaken, TooManyTries.
    """
    user = _self(actor)
    row = codes.find_live_code(public_id=code_id, purpose=CodePurpose.CONTACT)
    if row is None or row.user != user:
        raise BadCode("This code has run out.", hint="Ask for a new code.")
    take_try(limit=TRIES, key=str(user.pk))
    codes.try_code(row=row, digits=digits)
    with unit_of_work(actor=actor, verb="change_contact", subject=_subject(user)):
        codes.use_code(row=row)
        services.set_contact(user=user, contact=row.contact)
        before = user.email if "@" in row.contact else user.phone
        _tell_change(user, [before], cause=f"contact:{row.public_id}")
    return row.contact


def end_session(*, actor: Actor, code: str) -> None:
    """This function will sign the person out on another browser. Raises UnknownSession."""
    user = _self(actor)
    with unit_of_work(actor=actor, verb="end_session", subject=_subject(user)):
        sessions.end_session(user=user, code=code)


def end_other_sessions(*, actor: Actor, this_key: str | None) -> int:
    """This function will sign the person out everywhere but here."""
    user = _self(actor)
    with unit_of_work(actor=actor, verb="end_other_sessions", subject=_subject(user)):
        return sessions.end_other_sessions(user=user, this_key=this_key)


def _tell_change(user: User, contacts: list[str | None], *, cause: str) -> None:
    """This function will tell the owner by the contacts that were there before, in case it was somebody else."""
    for contact in contacts:
        way = find_way(recipient=contact) if contact else None
        if contact and way is not None:
            raise_message(
                kind="security", channel=way, recipient=contact, language=user.language, cause_key=f"security:{cause}",
                facts={"at": estate_now().strftime("%Y-%m-%d %H:%M UTC")},
            )  # fmt: skip


def _self(actor: Actor) -> User:
    assert actor.user is not None
    return actor.user


def _subject(user: User) -> tuple[str, str]:
    return ("login", str(user.public_id))
