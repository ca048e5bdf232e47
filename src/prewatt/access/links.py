"""Links that set a password: one in force a login, used once, known by a hash alone."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from prewatt.access.audit import require_unit_of_work
from prewatt.access.errors import BadLink
from prewatt.access.models import LinkPurpose, PasswordLink, User
from prewatt.access.queries import hash_token
from prewatt.kernel.clock import machine_now

LIVES_FOR: Final = {LinkPurpose.INVITE: timedelta(days=7), LinkPurpose.RESET: timedelta(hours=24)}
CHARS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it is handed out, once; ``name`` opens nothing. ``expires_at`` is machine time."""

    token_text: str
    name: str
    expires_at: datetime


def issue_link(*, user: User, purpose: str, by: User) -> NewLink:
    """This function will make a link; one that was there before ends. Raises BadLink when two make one at once."""
    require_unit_of_work()
    now, token = machine_now(), secrets.token_urlsafe(32)
    end_links(user=user)
    try:
        with transaction.atomic():
            row = PasswordLink.objects.create(
                user=user, purpose=purpose, token_hash=hash_token(token), made_by=by, created_at=now,
                expires_at=now + LIVES_FOR[LinkPurpose(purpose)],
            )  # fmt: skip
    except IntegrityError as error:
        raise BadLink("Somebody else made a link at this moment.", hint="Use that one.") from error
    return NewLink(token, row.token_hash[:20], row.expires_at)


def end_links(*, user: User) -> None:
    """This function will end every link that the login has."""
    require_unit_of_work()
    PasswordLink.objects.filter(user=user, used_at=None, ended_at=None).update(ended_at=machine_now())


def get_link(*, token_text: str) -> PasswordLink:
    """This function will return a link that can still be used. Raises BadLink: why is not said."""
    row = None
    if len(token_text) <= CHARS_MAX:
        rows = PasswordLink.objects.select_related("user", "made_by").filter(used_at=None, ended_at=None)
        row = rows.filter(token_hash=hash_token(token_text), expires_at__gt=machine_now()).first()
    if row is None or not row.user.is_active:
        raise BadLink("This link does not work any more.", hint="Ask an administrator for a new one.")
    return row


def use_link(*, row: PasswordLink) -> None:
    """This function will use up a link; of two that come at once, one wins. Raises BadLink."""
    require_unit_of_work()
    if PasswordLink.objects.filter(pk=row.pk, used_at=None, ended_at=None).update(used_at=machine_now()) != 1:
        raise BadLink("This link was used already.", hint="Sign in, or ask an administrator for a new one.")
