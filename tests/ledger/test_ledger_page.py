"""The worked numbers of docs/algorithms/ledger.md."""

import hashlib
from datetime import date
from pathlib import Path

import pytest
from tests.ledger.bookkeeper import NOW, Bookkeeper

from prewatt.kernel.money import Money
from prewatt.ledger import queries, services
from prewatt.ledger.documents import number_text
from prewatt.ledger.errors import KeyConflict
from prewatt.ledger.models import DailyBalance, LedgerDay
from prewatt.ledger.services.days import entry_lines
from prewatt.ledger.values import PostingLine
from prewatt.payments.capitals import to_capitals

PAGE = Path(__file__).resolve().parents[2] / "docs" / "algorithms" / "ledger.md"
HOUSES = ["takings:cash", "revenue:electricity", "cleared_balances"]


def table(first_column: str, second_column: str) -> list[dict[str, str]]:
    """The rows of the table whose head begins with these two columns."""
    lines = PAGE.read_text().splitlines()
    start = next(
        number for number, line in enumerate(lines) if line.startswith(f"| {first_column} | {second_column} |")
    )  # fmt: skip
    head = [cell.strip() for cell in lines[start].strip("|").split("|")]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(head, (cell.strip() for cell in line.strip("|").split("|")), strict=True)))
    assert rows
    return rows


def yuan(text: str) -> Money:
    return Money.parse(text, "CNY")


def _post_week(books: Bookkeeper) -> list[str]:
    """Post the worked week and return the balance after each step."""
    entries: list[int] = []
    balances = []
    for row in table("step", "day"):
        day = date.fromisoformat(row["day"])
        if row["kind"].endswith("_reversal"):
            result = services.reverse_entry(
                entry_id=entries[-1], cause_key=f"step:{row['step']}", inputs={}, occurred_at=NOW, booking_date=day
            )
        else:
            lines = [PostingLine(books.party, yuan(row["party"]))]
            for house in HOUSES:
                if row[house]:
                    account = services.house_account(book_id=books.book, code=house, currency="CNY")
                    lines.append(PostingLine(account, yuan(row[house])))
            result = services.post_entry(
                book_id=books.book, kind=row["kind"], cause_key=f"step:{row['step']}", inputs={"step": row["step"]},
                occurred_at=NOW, booking_date=day, postings=lines,
            )  # fmt: skip
        entries.append(result.entry_id)
        newest = queries.list_postings(ledger_account_ids=[books.party], limit=1)[0]
        assert (newest.kind, newest.amount) == (row["kind"], yuan(row["party"]))
        balances.append(f"{newest.balance_after.to_decimal():.2f}")
    return balances


def test_the_worked_week(books: Bookkeeper) -> None:
    assert _post_week(books) == [row["balance after"] for row in table("step", "day")]
    assert queries.verify(seals=True) == []


def test_the_days_of_the_worked_week(books: Bookkeeper) -> None:
    _post_week(books)
    services.seal_day(book_id=books.book, day=date(2027, 3, 4))
    found = [
        {
            "day": str(row.date), "account": row.ledger_account.code, "debit": f"{row.debit / 100:.2f}",
            "credit": f"{row.credit / 100:.2f}", "closing": f"{row.closing / 100:.2f}",
        }
        for row in DailyBalance.objects.select_related("ledger_account").order_by("date", "ledger_account__code")
    ]  # fmt: skip
    assert found == table("day", "account")
    seals = [
        {"day": str(row.date), "entries": str(row.entries), "seal": row.seal[:16]}
        for row in LedgerDay.objects.order_by("date")
    ]
    assert seals == table("day", "entries")
    assert f"```\n{next(entry_lines(books.book, date(2027, 3, 4)))}\n```" in PAGE.read_text()


def test_a_seal_can_be_recomputed_by_hand(books: Bookkeeper) -> None:
    _post_week(books)
    services.seal_day(book_id=books.book, day=date(2027, 3, 4))
    days = {row.date.day: row for row in LedgerDay.objects.all()}
    assert days[1].seal_before == "0" * 64
    assert days[3].seal == hashlib.sha256(f"{days[2].seal}\n2027-03-03\n".encode()).hexdigest()
    line = PAGE.read_text().split("```\n")[1]
    assert days[4].seal == hashlib.sha256(f"{days[3].seal}\n2027-03-04\n{line}".encode()).hexdigest()


def test_one_cause_one_entry(books: Bookkeeper) -> None:
    for row in table("asked", "key"):
        amount = yuan(row["input"]).minor
        match row["answer"]:
            case "refused":
                with pytest.raises(KeyConflict):
                    books.post(row["key"], amount)
            case answer:
                assert books.post(row["key"], amount).created == (answer == "new entry")


@pytest.mark.parametrize("row", table("ledger balance", "accrued"))
def test_balance_accrued_available(row: dict[str, str]) -> None:
    ledger, accrued = yuan(row["ledger balance"]), yuan(row["accrued"])
    balance = ledger - accrued
    assert balance == yuan(row["balance"])
    assert balance + yuan(row["allowed credit"]) == yuan(row["available"])
    assert Money(max(0, balance.minor), "CNY") == yuan(row["largest refund"])
    assert -balance == yuan(row["clearing posts"])
    assert ledger - balance == yuan(row["ledger after it"])
    assert ledger - balance - accrued == yuan(row["after the next close"])


@pytest.mark.parametrize("row", table("kind", "year"))
def test_printed_numbers(row: dict[str, str]) -> None:
    text = number_text(kind=row["kind"], year=int(row["year"]), point=row["point"], number=int(row["number"]))
    assert text == row["printed"]


@pytest.mark.parametrize("row", table("amount", "capitals"))
def test_capitals(row: dict[str, str]) -> None:
    assert to_capitals(yuan(row["amount"])) == row["capitals"]
