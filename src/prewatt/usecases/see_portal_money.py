"""A tenant's money line by line with the balance after each, its papers, its months ahead."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.billing.models import MonthState
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.queries import find_document, list_account_documents, list_postings
from prewatt.ledger.values import DocumentLine, PostingRow
from prewatt.payments.models import Payment
from prewatt.tenancy.queries import account_facts
from prewatt.tenancy.values import AccountFacts, SharedAccount
from prewatt.usecases.print_document import file_name_of, print_paper
from prewatt.usecases.see_months import MonthLine, find_plan, see_account_months

LINES: Final = 30
PAPERS: Final = 50


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """A line of the ledger as a tenant reads it; ``channel`` of a payment, ``days`` of a use."""

    seq: int
    kind: str
    at: datetime
    amount: object
    balance_after: object
    channel: str
    from_day: str
    to_day: str
    room: str
    reason: str
    document_public_id: UUID | None


@dataclass(frozen=True, slots=True)
class PortalMoney:
    """The page: present balance, lines, the place to page on from, papers, months ahead."""

    facts: AccountFacts
    lines: tuple[MoneyLine, ...]
    more: int | None
    papers: tuple[DocumentLine, ...]
    months: tuple[MonthLine, ...]
    pays_ahead: bool

    @property
    def shown_months(self) -> tuple[MonthLine, ...]:
        """This property will hold the months that are not closed, and the last one that is; the others are papers."""
        closed = [one for one in self.months if one.state == MonthState.CLOSED]
        return tuple(one for one in self.months if one.state != MonthState.CLOSED or one in closed[:1])


def see_portal_money(*, share: SharedAccount, before_seq: int | None = None) -> PortalMoney:
    """This function will show an account's lines, the newest first; ``before_seq`` pages on."""
    facts = account_facts(account_ids=[share.account_id])[0]
    rows = list_postings(ledger_account_ids=facts.ledger_account_ids, before_seq=before_seq, limit=LINES)
    papers = _papers_of([row.entry_id for row in rows])
    return PortalMoney(
        facts=facts,
        lines=tuple(_line(row, papers.get(row.entry_id)) for row in rows),
        more=rows[-1].seq if len(rows) == LINES and rows[-1].seq > 1 else None,
        papers=tuple(list_account_documents(account_public_id=share.public_id, limit=PAPERS)),
        months=tuple(see_account_months(account_id=facts.id)),
        pays_ahead=find_plan(account_id=facts.id) is not None,
    )


def print_own_paper(*, actor: Actor, share: SharedAccount, document_public_id: UUID) -> tuple[str, bytes]:
    """This function will return a paper of the account as PDF with its file name. Raises UnknownDocument."""
    document = find_document(public_id=document_public_id)
    if document is None or document.content.get("account_public_id") != str(share.public_id):
        raise UnknownDocument("There is no such document, or it is not yours.")
    return file_name_of(number=document.number_text), print_paper(actor=actor, document=document)


def _papers_of(entries: Collection[int]) -> dict[int, UUID]:
    rows = Payment.objects.filter(entry__in=entries, document__isnull=False)
    return dict(rows.values_list("entry_id", "document__public_id"))


def _line(row: PostingRow, document: UUID | None) -> MoneyLine:
    memo = row.memo
    return MoneyLine(
        seq=row.seq, kind=row.kind, at=row.occurred_at, amount=row.amount, balance_after=row.balance_after,
        channel=str(memo.get("channel", "")), from_day=str(memo.get("from", "")), to_day=str(memo.get("to", "")),
        room=str(memo.get("point", "")), reason=str(memo.get("reason", "")), document_public_id=document,
    )  # fmt: skip
