"""A day's takings at a site, by cashier, till and channel, checked against ledger and drawn numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from prewatt.access.audit import Actor
from prewatt.estate.models import Site
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_period
from prewatt.ledger.queries import (
    document_numbers_of_entries,
    find_book,
    find_documents_in_force,
    find_memos,
    list_number_ranges,
    moved_by_channel,
)
from prewatt.ledger.values import DocumentValue
from prewatt.payments.capitals import to_capitals
from prewatt.payments.queries import list_day_trades
from prewatt.payments.takings import DayTrade, Movement, sums_of
from prewatt.usecases._papers import Series, issue_in_force, says_the_same
from prewatt.usecases.work import unit_of_work

SUBJECT: Final = "site_day"
KIND: Final = "cashier_report"
SLIPS: Final = frozenset({"receipt", "refund", "clearing", "reversal"})


@dataclass(frozen=True, slots=True)
class CashierDay:
    """A day's takings as they stand now, and the report about it that is in force, if one is."""

    day: date
    content: dict[str, Any]
    report: DocumentValue | None
    is_outdated: bool


def see_cashier_day(*, site_id: int, day: date) -> CashierDay:
    """This function will show what a day took. Who may see is asked before."""
    site = Site.objects.get(pk=site_id)
    content = _content(site, day)
    subject_id = _subject(site, day)
    report = find_documents_in_force(kind=KIND, subject_kind=SUBJECT, subject_ids=[subject_id]).get(subject_id)
    has_moved = report is not None and not says_the_same(kept=report.content, fresh=content)
    return CashierDay(day, content, report, has_moved)


def issue_cashier_report(*, actor: Actor, site_id: int, day: date) -> DocumentValue:
    """This function will issue the report of a day as it stands, or return the one in force when nothing has changed.

    When money has moved since, that one becomes void and another takes its place.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    contents = {_subject(site, day): _content(site, day)}
    with unit_of_work(
        actor=actor, verb="issue_cashier_report", scope=site.scope, subject=("day", day.isoformat())
    ) as work:
        series = Series(_book(site), KIND, day.year, f"{day:%m}", SUBJECT)
        return next(iter(issue_in_force(work, series=series, contents=contents, correcting=True).values()))


def _subject(site: Site, day: date) -> str:
    return f"{site.public_id}:{day.isoformat()}"


def _book(site: Site) -> int:
    book_id = find_book(code=site.code)
    if book_id is None:
        raise RuntimeError(f"site {site.code} has no book")
    return book_id


def _content(site: Site, day: date) -> dict[str, Any]:
    period = day_period(day, ZoneInfo(site.time_zone))
    if period.to_at is None:
        raise RuntimeError("a day ends")
    book_id = _book(site)
    trades = list_day_trades(site_id=site.pk, currency=site.currency, from_at=period.from_at, to_at=period.to_at)
    sums = sums_of(trades)
    net = Money(sums["total"]["net"], site.currency)
    booked = moved_by_channel(
        book_id=book_id, currency=site.currency, day=day, from_at=period.from_at, to_at=period.to_at
    )
    taken = {one["name"]: one["net"] for one in sums["by_channel"]}
    return {
        "operator": site.operator_name,
        "operator_tax_no": site.operator_tax_no,
        "service_phone": site.service_phone,
        "site": site.name,
        "site_public_id": str(site.public_id),
        "time_zone": site.time_zone,
        "currency": site.currency,
        "day": day,
        "amount": net,
        "amount_capitals": to_capitals(net) if net.minor >= 0 else "",
        **sums,
        "ledger": [
            {
                "channel": channel, "net": taken.get(channel, 0),
                "ledger": booked[channel].minor if channel in booked else 0,
            }
            for channel in sorted(taken.keys() | booked.keys())
        ],
        "ranges": [
            {
                "kind": one.kind, "first": one.first, "last": one.last, "count": one.count, "void": one.void,
                "missing": one.missing,
            }
            for one in list_number_ranges(book_id=book_id, from_at=period.from_at, to_at=period.to_at)
            if one.kind in SLIPS
        ],
        "back": _back(trades),
    }  # fmt: skip


def _back(trades: Sequence[DayTrade]) -> list[dict[str, Any]]:
    """Return refunds and reversals one by one, each with its number and its reason."""
    back = [one for one in trades if one.movement is not Movement.TOP_UP]
    memos = find_memos(entry_ids=[one.entry_id for one in back if one.entry_id is not None])
    moved = [(one, *_entry_of(one, memos)) for one in back]
    numbers = document_numbers_of_entries(entry_ids=[entry for _, entry, _ in moved if entry is not None])
    return [
        {
            "at": one.at, "number": numbers.get(entry or 0, ""), "account": one.account, "cashier": one.cashier,
            "reason": str(memo.get("reason", "")), "amount": one.amount,
        }
        for one, entry, memo in moved
    ]  # fmt: skip


def _entry_of(
    trade: DayTrade, memos: dict[int, tuple[dict[str, Any], int | None, dict[str, Any]]]
) -> tuple[int | None, dict[str, Any]]:
    """Return the entry that moved the money back, and its memo: for a void the mirror of what was undone."""
    memo, mirror, mirror_memo = memos.get(trade.entry_id or 0, ({}, None, {}))
    return (mirror, mirror_memo) if trade.movement is Movement.VOID else (trade.entry_id, memo)
