"""A warning on the desk's list was told to the tenant."""

from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.notices import services
from prewatt.notices.queries import get_notice
from prewatt.usecases.work import unit_of_work


def tell_notice(*, actor: Actor, notice_public_id: UUID, how: str = "") -> None:
    """This function will mark a warning as told, by whom and how: its proof of delivery.

    Raises UnknownNotice, NotTellable.
    """
    notice = get_notice(public_id=notice_public_id, user=actor.user)
    site = notice.account.site if notice.account is not None else None
    with unit_of_work(
        actor=actor, verb="tell_notice", scope=site.scope if site is not None else None,
        subject=("notice", str(notice.public_id)), reason=how,
    ) as work:  # fmt: skip
        services.tell(notice=notice, actor=actor, how=how, now=work.now)
