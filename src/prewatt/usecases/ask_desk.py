"""A tenant asks the desk for something: a case that a person works off, and whose end the tenant sees."""

from datetime import datetime
from typing import Final

from prewatt.access.audit import Actor
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Case, Severity
from prewatt.cases.services import open_case
from prewatt.kernel.errors import Refused
from prewatt.tenancy.values import SharedAccount
from prewatt.usecases._money import scope_of_account
from prewatt.usecases.work import unit_of_work

WISHES: Final = {
    "dispute": Kind.READING_DISPUTED,
    "refund": Kind.REFUND_WISHED,
    "move_out": Kind.MOVE_OUT_WISHED,
    "invoice": Kind.INVOICE_WISHED,
    "power": Kind.POWER_OFF_REPORTED,
}
TEXT_MAX: Final = 500
SHOWN: Final = 10


class BadWish(Refused):
    """The desk cannot be asked for this."""

    code = "bad_wish"


def ask_desk(*, actor: Actor, share: SharedAccount, wish: str, text: str) -> None:
    """This function will put a tenant's wish before the desk; asked again it is the same case, with one more hit.

    Raises BadWish.
    """
    if wish not in WISHES:
        raise BadWish("The desk cannot be asked for this.", hint="Choose one from the list.")
    said = " ".join(text.split())[:TEXT_MAX]
    if wish == "dispute" and not said:
        raise BadWish("Say what looks wrong.", hint="A number that you read on the meter helps most.")
    scope, subject = scope_of_account(account_id=share.account_id)
    with unit_of_work(actor=actor, verb=f"ask_{wish}", scope=scope, subject=subject, reason=said) as work:
        open_case(
            scope=scope, kind=WISHES[wish], subject_kind="account", subject_id=str(share.public_id),
            subject_label=share.rooms_text or share.number, severity=Severity.WARNING, now=work.now,
            detail={"by": actor.name, "text": said},
        )  # fmt: skip


def see_wishes(*, share: SharedAccount) -> list[tuple[str, datetime, datetime | None, str]]:
    """This function will list what was asked: which wish, when, when it ended, and what the desk noted then."""
    names = {kind.value: wish for wish, kind in WISHES.items()}
    rows = Case.objects.filter(kind__in=names, subject_kind="account", subject_id=str(share.public_id))
    found = rows.order_by("-opened_at").values_list("kind", "opened_at", "closed_at", "note")[:SHOWN]
    return [(names[kind], opened_at, closed_at, note) for kind, opened_at, closed_at, note in found]
