"""What a message said and to whom is forgotten after a time; that it was sent, and its proof of arrival, stays."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from prewatt.access.audit import require_unit_of_work
from prewatt.access.history import history_of
from prewatt.notices.models import Notice, NoticeState, Preference

BATCH: Final = 10_000
OVER: Final = (NoticeState.SENT, NoticeState.DELIVERED, NoticeState.FAILED)


def forget_texts(*, before: datetime) -> int:
    """This function will forget the words and recipients of messages that were written before an estate instant."""
    require_unit_of_work()
    rows = Notice.objects.filter(created_at__lt=before, state__in=OVER).exclude(body="")
    return _forget(Notice.objects.filter(pk__in=rows.order_by("pk").values("pk")[:BATCH]))


def forget_told(*, account_ids: Collection[int]) -> int:
    """This function will forget what accounts were told, and whom besides the customer they wanted to be told."""
    require_unit_of_work()
    people = {"second_name": "", "second_phone": "", "second_mail": ""}
    Preference.objects.filter(account__in=account_ids).update(**people)
    history_of(Preference).filter(account__in=account_ids).update(**people)
    return _forget(Notice.objects.filter(account__in=account_ids).exclude(body=""))


def _forget(rows: QuerySet[Notice]) -> int:
    """This function will leave a number where the recipient stood: cause, channel and recipient stay unique."""
    number = Concat(Value("forgotten "), Cast(F("pk"), TextField()))
    return rows.update(recipient=number, subject="", body="", facts={}, error="", proof="")
