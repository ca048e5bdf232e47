"""What says nothing any more is deleted, and what tells of a person is forgotten when it is over its time.

How long each kind is kept stands in docs/rights.md and is set by ``PREWATT_KEEP_..._DAYS``.
"""

from datetime import datetime, timedelta

from django.conf import settings

from prewatt.access.audit import Actor
from prewatt.access.codes import forget_old_codes
from prewatt.access.idempotency import forget_answers
from prewatt.access.sessions import forget_old_sessions
from prewatt.access.throttle import forget_old_tries
from prewatt.kernel.clock import machine_now
from prewatt.notices.services.forgetting import forget_texts
from prewatt.payments.services.callbacks import forget_callbacks
from prewatt.tenancy.forgetting import forget_invitations
from prewatt.usecases.work import unit_of_work
from prewatt.webhooks.services import forget_deliveries


def forget_old() -> int:
    """This function will delete and forget it and return how many rows that were. Nobody's deed: no action."""
    with unit_of_work(actor=Actor(process="worker"), verb="forget_old", of_facts=True) as work:
        now = machine_now()
        return (
            forget_old_tries()
            + forget_old_codes()
            + forget_old_sessions()
            + forget_texts(before=_until(work.now, "messages"))
            + forget_answers(before=_until(now, "answers"))
            + forget_deliveries(before=_until(now, "webhooks"))
            + forget_callbacks(before=_until(now, "callbacks"))
            + forget_invitations(before=_until(now, "invitations"))
        )


def _until(now: datetime, kind: str) -> datetime:
    return now - timedelta(days=settings.KEEP_DAYS[kind])
