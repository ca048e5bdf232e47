"""Issued papers and the last takings, for the desk."""

from dataclasses import dataclass
from uuid import UUID

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.ledger.values import DocumentValue
from prewatt.payments.queries import list_payments
from prewatt.payments.values import PaymentLine
from prewatt.tenancy.queries import account_facts
from prewatt.usecases.see_documents import see_document


@dataclass(frozen=True, slots=True)
class TakingLine:
    """A payment, and whose."""

    payment: PaymentLine
    rooms: str
    customer: str


def see_receipt(*, user: User, public_id: UUID) -> DocumentValue:
    """This function will return an issued paper of an account that the login may see.

    Raises UnknownDocument, UnknownAccount.
    """
    return see_document(user=user, public_id=public_id)


def list_takings(*, user: User, site_id: int, limit: int) -> list[TakingLine]:
    """This function will list the last payments of the site's desk that the login may see, the newest first."""
    payments = list_payments(user=user, site_id=site_id, permission=Permission.MONEY_TAKE, limit=limit)
    facts = {one.id: one for one in account_facts(account_ids={p.account_id for p in payments if p.account_id})}
    return [
        TakingLine(one, facts[one.account_id].rooms, facts[one.account_id].customer_name)
        for one in payments
        if one.account_id is not None
    ]
