"""Sharing an account in the portal: the desk or an owner invites, a link is taken up once, a share ends at once."""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.contacts import masked, to_contact
from prewatt.access.errors import BadContact, LoginTaken
from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import find_user_by_contact
from prewatt.access.services import create_tenant_login
from prewatt.access.throttle import Limit, take_try
from prewatt.notices.queries import find_way
from prewatt.notices.services import raise_message
from prewatt.tenancy import services
from prewatt.tenancy.errors import InvitationOver
from prewatt.tenancy.models import Account
from prewatt.tenancy.queries import (
    account_facts,
    get_account,
    get_invitation,
    get_shared_account,
    list_invitations,
    list_shares,
)
from prewatt.tenancy.values import AccountFacts, InvitationRow, ShareRow
from prewatt.usecases._money import scope_of_account
from prewatt.usecases.work import unit_of_work

INVITATIONS: Final = Limit("invitation", burst=20, every_s=180)
MINUTES: Final = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom somebody wants to share an account with. ``contact`` as it was typed."""

    role: str
    contact: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was made: its link, and by which channel it travels (nothing: hand it over)."""

    public_id: UUID
    link: str
    recipient: str
    channel: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who shares an account, and who was invited to."""

    facts: AccountFacts
    shares: tuple[ShareRow, ...]
    invitations: tuple[InvitationRow, ...]


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as whoever opens its link sees it."""

    row: InvitationRow
    facts: AccountFacts
    operator: str
    shown_recipient: str
    has_login: bool


def see_sharing(*, user: User, public_id: UUID) -> Sharing:
    """This function will show the desk who shares an account. Raises UnknownAccount."""
    return _sharing(get_account(user=user, public_id=public_id, permission=Permission.ACCOUNT_INVITE))


def see_own_sharing(*, user: User, public_id: UUID) -> Sharing:
    """This function will show an owner who else shares the account. Raises UnknownAccount, RoleTooSmall."""
    shared = get_shared_account(user=user, public_id=public_id, role="owner")
    return _sharing(account_facts(account_ids=[shared.account_id])[0])


def invite_from_desk(*, actor: Actor, public_id: UUID, wish: Wish, link_of: Callable[[str], str]) -> Invited:
    """This function will invite somebody to an account within the scope of a desk's login.

    ``link_of`` turns the token into the address that is sent. Raises UnknownAccount, BadContact, TooManyTries.
    """
    assert actor.user is not None
    facts = get_account(user=actor.user, public_id=public_id, permission=Permission.ACCOUNT_INVITE)
    return _invite(actor, facts, wish, link_of)


def invite_as_owner(*, actor: Actor, public_id: UUID, wish: Wish, link_of: Callable[[str], str]) -> Invited:
    """This function will let an owner invite. Raises UnknownAccount, RoleTooSmall, BadContact, TooManyTries."""
    assert actor.user is not None
    shared = get_shared_account(user=actor.user, public_id=public_id, role="owner")
    return _invite(actor, account_facts(account_ids=[shared.account_id])[0], wish, link_of)


def take_back(*, actor: Actor, account: AccountFacts, invitation: UUID) -> None:
    """This function will end an invitation; who may is asked before. Raises InvitationOver."""
    with _work(actor, "take_back_invitation", account):
        services.take_back_invitation(account_id=account.id, public_id=invitation)


def change_role(*, actor: Actor, account: AccountFacts, share: UUID, role: str) -> None:
    """This function will give somebody another role; who may is asked before. Raises UnknownShare, LastOwner."""
    with _work(actor, "change_share", account):
        services.change_share(account_id=account.id, public_id=share, role=role)


def end_share(*, actor: Actor, account: AccountFacts, share: UUID, keep_an_owner: bool) -> None:
    """This function will stop sharing an account with somebody; who may is asked before.

    The desk may leave an account without an owner, an owner may not. Raises UnknownShare, LastOwner.
    """
    with _work(actor, "end_share", account):
        services.end_share(account_id=account.id, public_id=share, keep_an_owner=keep_an_owner)


def see_invitation(*, token_text: str) -> InvitationView:
    """This function will show what a link opens. Raises UnknownInvitation, InvitationOver."""
    row = get_invitation(token_text=token_text)
    _require_open(row)
    site = Account.objects.select_related("site").get(pk=row.account_id).site
    return InvitationView(
        row, account_facts(account_ids=[row.account_id])[0], site.operator_name, masked(row.recipient),
        find_user_by_contact(contact=row.recipient) is not None,
    )  # fmt: skip


def accept_as(*, actor: Actor, token_text: str) -> UUID:
    """This function will take up an invitation as the login in hand, and return the account's public id.

    Raises UnknownInvitation, InvitationOver.
    """
    assert actor.user is not None
    view = see_invitation(token_text=token_text)
    with _work(actor, "accept_invitation", view.facts):
        services.accept_invitation(public_id=view.row.public_id, user=actor.user)
    return view.facts.public_id


def accept_as_new(*, actor: Actor, token_text: str, name: str, language: str, password: str) -> tuple[User, UUID]:
    """This function will take up an invitation with a new login, known by the contact that was invited.

    It returns the login and the account's public id. Raises UnknownInvitation, InvitationOver, LoginTaken, BadLogin.
    """
    view = see_invitation(token_text=token_text)
    if view.has_login:
        raise LoginTaken("There is a login with this contact already.", hint="Sign in with it, then accept.")
    with _work(actor, "accept_invitation", view.facts):
        user = create_tenant_login(contact=view.row.recipient, name=name, language=language, password=password)
        services.accept_invitation(public_id=view.row.public_id, user=user)
    return user, view.facts.public_id


def _require_open(row: InvitationRow) -> None:
    if row.state == "accepted":
        raise InvitationOver("This invitation was used already.", hint="If it was you, sign in.", state=row.state)
    if row.state == "ended":
        raise InvitationOver("This invitation was taken back.", hint="Ask whoever invited you for a new one.")
    if row.state == "expired":
        raise InvitationOver("This invitation has expired.", hint="Ask whoever invited you for a new one.")


def _sharing(facts: AccountFacts) -> Sharing:
    return Sharing(facts, tuple(list_shares(account_id=facts.id)), tuple(list_invitations(account_id=facts.id)))


def _work(actor: Actor, verb: str, facts: AccountFacts) -> AbstractContextManager[UnitOfWork]:
    scope, subject = scope_of_account(account_id=facts.id)
    return unit_of_work(actor=actor, verb=verb, scope=scope, subject=subject)


def _invite(actor: Actor, facts: AccountFacts, wish: Wish, link_of: Callable[[str], str]) -> Invited:
    recipient = to_contact(wish.contact)
    if recipient is None:
        raise BadContact(
            "This is neither a mail address nor a phone number.", hint="Write a foreign number with its +."
        )
    assert actor.user is not None
    take_try(limit=INVITATIONS, key=str(actor.user.pk))
    token, way = secrets.token_urlsafe(32), find_way(recipient=recipient)
    with _work(actor, "invite", facts):
        made = services.invite(
            account_id=facts.id, role=wish.role, recipient=recipient, name=wish.name, language=wish.language,
            token_text=token, by=actor.user,
        )  # fmt: skip
        if way is not None:
            site = Account.objects.select_related("site").get(pk=facts.id).site
            raise_message(
                kind="invitation", channel=way, recipient=recipient, language=wish.language, account_id=facts.id,
                cause_key=f"invitation:{made.public_id}",
                facts={
                    "inviter": actor.user.name or site.operator_name, "number": facts.number,
                    "rooms": facts.rooms or facts.number, "customer": facts.customer_name, "link": link_of(token),
                    "until": made.expires_at.astimezone(ZoneInfo(site.time_zone)).strftime(MINUTES),
                    "operator": site.operator_name, "phone": site.service_phone,
                },
            )  # fmt: skip
    return Invited(made.public_id, link_of(token), recipient, way or "", made.expires_at)
