"""A small set of books to test with."""

from datetime import UTC, date, datetime
from typing import Any

from prewatt.kernel.money import Money
from prewatt.ledger import services
from prewatt.ledger.values import EntryResult, PostingLine

DAY = date(2027, 3, 1)
NOW = datetime(2027, 3, 1, 4, tzinfo=UTC)


class Bookkeeper:
    """A book with one party and two house accounts; every method needs a unit of work."""

    def __init__(self) -> None:
        self.book = services.ensure_book(code="plaza", issuer="Plaza Ltd")
        self.party = services.open_party_account(book_id=self.book, code="account:1:cash:electricity", currency="CNY")
        self.takings = services.house_account(book_id=self.book, code="takings:cash", currency="CNY")
        self.revenue = services.house_account(book_id=self.book, code="revenue:electricity", currency="CNY")

    def lines(self, minor: int, *, against: int | None = None, party: int | None = None) -> list[PostingLine]:
        return [
            PostingLine(party or self.party, Money(minor, "CNY")),
            PostingLine(against or self.takings, Money(-minor, "CNY")),
        ]

    def post(self, key: str, minor: int, *, day: date = DAY, **other: Any) -> EntryResult:
        return services.post_entry(
            book_id=self.book, kind="payment", cause_key=key, inputs={"amount": Money(minor, "CNY")},
            occurred_at=NOW, booking_date=day, postings=other.pop("postings", None) or self.lines(minor), **other,
        )  # fmt: skip
