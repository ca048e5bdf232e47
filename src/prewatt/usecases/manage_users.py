"""People of the desk: invited by a link, given roles and relieved of them, closed, led to a new password."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from prewatt.access import links, rights, roster, services, sessions
from prewatt.access.audit import Actor
from prewatt.access.contacts import masked, to_contact
from prewatt.access.errors import BadContact, BadRole
from prewatt.access.models import LinkPurpose, User
from prewatt.access.sessions import SessionRow
from prewatt.access.throttle import Limit, take_try
from prewatt.kernel.errors import NotPermitted
from prewatt.notices.queries import find_way
from prewatt.notices.services import raise_message
from prewatt.usecases.work import unit_of_work

LINKS: Final = Limit("desk-link", burst=20, every_s=180)
LinkOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Whom an administrator invites. ``contact``: mail or phone as it was typed."""

    username: str
    name: str
    contact: str
    language: str
    role: str
    scope_id: int


@dataclass(frozen=True, slots=True)
class Linked:
    """A link on its way, or, when no channel reaches the person, to be handed over: shown only now."""

    public_id: UUID
    link: str
    recipient: str
    channel: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Welcome:
    """What whoever opens a link is told before they choose a password."""

    username: str
    name: str
    is_new: bool
    inviter: str


def invite_person(*, actor: Actor, person: NewPerson, link_of: LinkOf) -> Linked:
    """This function will make a login with a role and send a link by which its owner sets the first password.

    Raises BadLogin, LoginTaken, BadContact, UnknownRole, RoleTooGreat, TooManyTries.
    """
    editor = _editor(actor)
    contact = to_contact(person.contact)
    if contact is None:
        raise BadContact("This is neither a mail address nor a phone number.", hint="The link is sent there.")
    scope = roster.get_scope(user=editor, scope_id=person.scope_id)
    take_try(limit=LINKS, key=str(editor.pk))
    with unit_of_work(actor=actor, verb="invite_person", scope=scope, subject=("login", person.username[:60])):
        user = services.create_login(
            username=person.username, password="", name=person.name, language=person.language, has_password=False,
            email=contact if "@" in contact else None, phone=None if "@" in contact else contact,
        )  # fmt: skip
        rights.give_role(editor=editor, user=user, code=person.role, scope=scope)
        return _send_link(editor, user, contact, LinkPurpose.INVITE, link_of)


def send_password_link(*, actor: Actor, public_id: UUID, link_of: LinkOf) -> Linked:
    """This function will send the login's owner a link for a new password; the old one works until it is used.

    Raises UnknownLogin, NotPermitted, BadContact, BadRole, TooManyTries.
    """
    editor = _editor(actor)
    user = roster.find_managed(user=editor, public_id=public_id)
    if user.is_machine or not user.is_active:
        raise BadRole(
            "This login has no password.", hint="A program comes with a token; a closed login is opened first."
        )
    contact = user.email or user.phone
    if contact is None:
        raise BadContact("No mail address or phone of this person is known.", hint="They can add one in their profile.")
    take_try(limit=LINKS, key=str(editor.pk))
    with unit_of_work(actor=actor, verb="send_password_link", subject=_subject(user)):
        rights.require_over(editor=editor, user=user)
        purpose = LinkPurpose.RESET if user.has_usable_password() else LinkPurpose.INVITE
        return _send_link(editor, user, contact, purpose, link_of)


def see_welcome(*, token_text: str) -> Welcome:
    """This function will show what a link is for. Raises BadLink."""
    row = links.get_link(token_text=token_text)
    return Welcome(row.user.username, row.user.name, roster.is_invitation(link=row), roster.get_inviter(link=row))


def set_password_by_link(*, address: str, token_text: str, password: str) -> User:
    """This function will set the password, use the link up, and end every session of the login.

    Raises BadLink, BadLogin.
    """
    row = links.get_link(token_text=token_text)
    actor = Actor(process="web", user=row.user, address=address)
    with unit_of_work(actor=actor, verb="set_password_by_link", subject=_subject(row.user)):
        services.change_password(user=row.user, password=password)
        links.use_link(row=row)
        sessions.end_other_sessions(user=row.user, this_key=None)
    return row.user


def give_role(*, actor: Actor, public_id: UUID, code: str, scope_id: int) -> None:
    """This function will give a person a role from the next request on.

    Raises UnknownLogin, UnknownRole, RoleTooGreat.
    """
    editor = _editor(actor)
    user = roster.find_managed(user=editor, public_id=public_id)
    scope = roster.get_scope(user=editor, scope_id=scope_id)
    with unit_of_work(actor=actor, verb="give_role", scope=scope, subject=_subject(user), reason=code):
        rights.give_role(editor=editor, user=user, code=code, scope=scope)


def take_role(*, actor: Actor, public_id: UUID, code: str, scope_id: int) -> None:
    """This function will end a person's role from the next request on.

    Raises UnknownLogin, UnknownRole, RoleTooGreat, LastAdministrator.
    """
    editor = _editor(actor)
    user = roster.find_managed(user=editor, public_id=public_id)
    scope = roster.get_scope(user=editor, scope_id=scope_id)
    with unit_of_work(actor=actor, verb="take_role", scope=scope, subject=_subject(user), reason=code):
        rights.take_role(editor=editor, user=user, code=code, scope=scope)


def turn_login(*, actor: Actor, public_id: UUID, active: bool, reason: str) -> None:
    """This function will close a login, with every session and link that it has, or open it again.

    Raises UnknownLogin, NotPermitted, BadRole, LastAdministrator.
    """
    editor = _editor(actor)
    user = roster.find_managed(user=editor, public_id=public_id)
    verb = "open_login" if active else "close_login"
    with unit_of_work(actor=actor, verb=verb, subject=_subject(user), reason=reason):
        rights.turn_login(editor=editor, user=user, active=active)
        if not active:
            links.end_links(user=user)
            sessions.end_other_sessions(user=user, this_key=None)


def list_sessions_of(*, actor: Actor, public_id: UUID) -> list[SessionRow]:
    """This function will list where a person is signed in, for who could close their login; for others nothing.

    Raises UnknownLogin.
    """
    editor = _editor(actor)
    user = roster.find_managed(user=editor, public_id=public_id)
    try:
        rights.require_over(editor=editor, user=user)
    except NotPermitted:
        return []
    return sessions.list_sessions(user=user, this_key=None)


def end_sessions(*, actor: Actor, public_id: UUID, code: str = "") -> None:
    """This function will sign a person out where ``code`` says, or everywhere, with their next click.

    Raises UnknownLogin, NotPermitted, UnknownSession.
    """
    editor = _editor(actor)
    user = roster.find_managed(user=editor, public_id=public_id)
    with unit_of_work(actor=actor, verb="end_sessions", subject=_subject(user)):
        rights.require_over(editor=editor, user=user)
        if code:
            sessions.end_session(user=user, code=code)
        else:
            sessions.end_other_sessions(user=user, this_key=None)


def _send_link(editor: User, user: User, contact: str, purpose: LinkPurpose, link_of: LinkOf) -> Linked:
    made = links.issue_link(user=user, purpose=purpose, by=editor)
    link, way = link_of(made.token_text), find_way(recipient=contact)
    if way is not None:
        raise_message(
            kind="welcome" if purpose == LinkPurpose.INVITE else "password", channel=way, recipient=contact,
            language=user.language, cause_key=f"link:{made.name}",
            facts={
                "inviter": str(editor), "username": user.username, "link": link,
                "until": made.expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            },
        )  # fmt: skip
    return Linked(user.public_id, "" if way else link, masked(contact) if way else contact, way or "", made.expires_at)


def _editor(actor: Actor) -> User:
    assert actor.user is not None
    return actor.user


def _subject(user: User) -> tuple[str, str]:
    return ("login", str(user.public_id))
