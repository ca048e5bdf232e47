"""The outbox: every message of a site, how far it has come, and what went wrong."""

from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.notices import services
from prewatt.notices.queries import OutboxCounts, count_outbox, get_notice, list_outbox
from prewatt.notices.values import NoticeRow
from prewatt.usecases.work import unit_of_work


def see_outbox(
    *, user: User, site_id: int, state: str = "", channel: str = "", text: str = "", before: UUID | None = None
) -> tuple[list[NoticeRow], OutboxCounts]:
    """This function will list a site's messages, the newest first, with how many are in each state today."""
    rows = list_outbox(user=user, site_id=site_id, state=state, channel=channel, text=text, before=before)
    return rows, count_outbox(user=user, site_id=site_id)


def send_again(*, actor: Actor, notice_public_id: UUID) -> None:
    """This function will let a failed message be tried again. Raises UnknownNotice, NotSendable."""
    notice = get_notice(public_id=notice_public_id, user=actor.user, permission=Permission.NOTICES_TELL)
    with unit_of_work(
        actor=actor, verb="send_again", scope=notice.account.site.scope if notice.account is not None else None,
        subject=("notice", str(notice.public_id)),
    ):  # fmt: skip
        services.send_again(notice=notice)
