"""What the papers of accounts share: whose they are, the month they are about, and being in force only once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from prewatt.access.audit import UnitOfWork
from prewatt.billing.errors import MonthNotOver
from prewatt.kernel.period import day_start
from prewatt.ledger.hashing import to_plain
from prewatt.ledger.queries import find_documents_in_force, find_last_sealed_day
from prewatt.ledger.services import DocumentDraft, issue_documents, lock_series, void_document
from prewatt.ledger.values import DocumentValue
from prewatt.tenancy.models import Account, Bucket

OF_THE_DAY: Final = frozenset({"supersedes", "objection_until"})
"""What a paper says of its own issue, not of its facts: two that differ in this alone say the same."""
OBJECTION: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PaperMonth:
    """A calendar month of a site."""

    first: date
    zone: ZoneInfo

    @property
    def after(self) -> date:
        """This property will hold the first day of the next month."""
        return (self.first + timedelta(days=32)).replace(day=1)

    @property
    def count(self) -> int:
        """This property will hold the number of days."""
        return (self.after - self.first).days

    @property
    def from_at(self) -> datetime:
        """This property will hold the first instant."""
        return day_start(self.first, self.zone)

    @property
    def to_at(self) -> datetime:
        """This property will hold the first instant of the next month."""
        return day_start(self.after, self.zone)

    @property
    def text(self) -> str:
        """This property will hold the month as ``2026-10``."""
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a paper is for. ``common`` is what every paper of the account says."""

    account_id: int
    public_id: UUID
    currency: str
    payment_mode: str
    ledger_account_ids: tuple[int, ...]
    common: Mapping[str, Any]


def load_parties(*, account_ids: Collection[int]) -> dict[int, Party]:
    """This function will return whom papers are for, by account, in two queries."""
    ledger_accounts: dict[int, list[int]] = {}
    for account_id, ledger_account_id in Bucket.objects.filter(account__in=account_ids).values_list(
        "account_id", "ledger_account_id"
    ):
        ledger_accounts.setdefault(account_id, []).append(ledger_account_id)
    rows = Account.objects.select_related("site", "customer").filter(pk__in=account_ids)
    return {
        row.pk: Party(
            row.pk, row.public_id, row.currency, row.payment_mode, tuple(ledger_accounts.get(row.pk, ())), _common(row)
        )
        for row in rows
    }


def _common(account: Account) -> Mapping[str, Any]:
    site, customer = account.site, account.customer
    return {
        "operator": site.operator_name,
        "operator_tax_no": site.operator_tax_no,
        "service_phone": site.service_phone,
        "site": site.name,
        "time_zone": site.time_zone,
        "currency": account.currency,
        "account": account.number,
        "account_public_id": str(account.public_id),
        "customer": customer.name,
        "customer_tax_no": customer.tax_no,
    }


def require_month_over(*, book_id: int | None, month: PaperMonth) -> None:
    """This function will refuse a month of which a day is not sealed. Raises MonthNotOver."""
    sealed = None if book_id is None else find_last_sealed_day(book_id=book_id)
    if sealed is None or sealed < month.after - timedelta(days=1):
        raise MonthNotOver(
            "%(month)s is not closed yet.", hint="Every day of the month must be sealed first.", month=month.text
        )


@dataclass(frozen=True, slots=True)
class Series:
    """Where the numbers of papers come from, and what they are about."""

    book_id: int
    kind: str
    year: int
    point: str
    subject_kind: str


def issue_in_force(
    work: UnitOfWork, *, series: Series, contents: Mapping[str, Mapping[str, Any]], correcting: bool = False
) -> dict[str, DocumentValue]:
    """This function will issue the paper of each subject that has none in force, and return those in force by subject.

    ``correcting``: a paper that says something else than today's facts is made void, and another takes its place and
    names it. Two that ask at once get the same paper: the series is locked before anybody looks.
    """
    lock_series(book_id=series.book_id, kind=series.kind, year=series.year, point=series.point)
    in_force = find_documents_in_force(
        kind=series.kind, subject_kind=series.subject_kind, subject_ids=list(contents)
    )  # fmt: skip
    drafts = []
    for subject_id, content in contents.items():
        known = in_force.get(subject_id)
        if known is not None:
            if not correcting or says_the_same(kept=known.content, fresh=content):
                continue
            void_document(public_id=known.public_id, now=work.now)
        supersedes = "" if known is None else known.number_text
        drafts.append(DocumentDraft((series.subject_kind, subject_id), {**content, "supersedes": supersedes}))
    issued = issue_documents(
        book_id=series.book_id, kind=series.kind, year=series.year, point=series.point, issued_at=work.now,
        drafts=drafts,
    )  # fmt: skip
    return in_force | {one.subject[1]: one for one in issued}


def says_the_same(*, kept: Mapping[str, Any], fresh: Mapping[str, Any]) -> bool:
    """This function will tell whether two papers say the same of their facts."""
    plain = to_plain(fresh)
    return {key: value for key, value in kept.items() if key not in OF_THE_DAY} == {
        key: value for key, value in plain.items() if key not in OF_THE_DAY
    }
