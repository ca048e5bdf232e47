"""Books and the accounts in them."""

from collections.abc import Collection, Iterable

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.kernel.money import Money, minor_digits
from prewatt.ledger.errors import AccountTaken, UnknownAccount
from prewatt.ledger.models import AccountKind, Book, LedgerAccount
from prewatt.ledger.values import PartyState

_FIND_HOUSE = """
SELECT id FROM ledger_ledgeraccount WHERE book_id = %s AND code = %s AND kind = 'house' AND currency = %s
"""
LOCK_PARTIES = """
SELECT id, book_id, currency, balance, last_seq, floor FROM ledger_ledgeraccount
WHERE id = ANY(%s) AND kind = 'party' ORDER BY id FOR NO KEY UPDATE
"""


def ensure_book(*, code: str, issuer: str) -> int:
    """This function will return the book of that code, made when it is not there; the issuer is brought up to date.

    A book that is right is not locked: whoever posts holds a share of its row.
    """
    require_unit_of_work()
    book, _ = Book.objects.get_or_create(code=code, defaults={"issuer": issuer})
    if book.issuer != issuer:
        Book.objects.filter(pk=book.pk).update(issuer=issuer)
    return book.pk


def open_party_account(*, book_id: int, code: str, currency: str, floor: Money | None = None) -> int:
    """This function will open an account with a running balance of zero and return its id.

    ``floor``: no posting may take the balance below it. Raises AccountTaken.
    """
    require_unit_of_work()
    minor_digits(currency)
    if floor is not None and (floor.currency != currency or floor.minor > 0):
        raise ValueError("a floor is an amount of the account's currency, zero or below")
    account, created = LedgerAccount.objects.get_or_create(
        book_id=book_id, code=code,
        defaults={
            "kind": AccountKind.PARTY, "currency": currency, "balance": 0, "last_seq": 0,
            "floor": None if floor is None else floor.minor,
        },
    )  # fmt: skip
    if not created:
        raise AccountTaken(f"The ledger account {code} exists already.")
    return account.pk


def open_party_accounts(*, book_id: int, codes: Collection[str], currency: str) -> dict[str, int]:
    """This function will open many accounts with one statement and return their ids by code. Raises AccountTaken."""
    require_unit_of_work()
    minor_digits(currency)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_ledgeraccount (book_id, code, kind, currency, balance, last_seq)
            SELECT %s, code, 'party', %s, 0, 0 FROM unnest(%s::text[]) WITH ORDINALITY given (code, place)
            ORDER BY place ON CONFLICT (book_id, code) DO NOTHING RETURNING code, id
            """,
            [book_id, currency, list(codes)],
        )
        opened = dict(cursor.fetchall())
    missed = sorted(set(codes) - opened.keys())
    if missed:
        raise AccountTaken(f"The ledger account {missed[0]} exists already.")
    return opened


def house_account(*, book_id: int, code: str, currency: str) -> int:
    """This function will return the house account of that code, made when it is not there.

    Raises AccountTaken when the code stands for something else.
    """
    require_unit_of_work()
    minor_digits(currency)
    with connection.cursor() as cursor:
        cursor.execute(_FIND_HOUSE, [book_id, code, currency])
        found = cursor.fetchone()
    if found is not None:
        return int(found[0])
    account, _ = LedgerAccount.objects.get_or_create(
        book_id=book_id, code=code, defaults={"kind": AccountKind.HOUSE, "currency": currency}
    )
    if account.kind != AccountKind.HOUSE or account.currency != currency:
        raise AccountTaken(f"The ledger account {code} is not a house account in {currency}.")
    return account.pk


def lock_party_accounts(*, ledger_account_ids: Iterable[int]) -> dict[int, PartyState]:
    """This function will lock party accounts in id order until the transaction ends, and return how they stand.

    Keys of other tables may still be checked against them (FOR NO KEY UPDATE). Raises UnknownAccount.
    """
    require_unit_of_work()
    wanted = set(ledger_account_ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PARTIES, [sorted(wanted)])
        states = {row[0]: PartyState(*row) for row in cursor.fetchall()}
    missed = sorted(wanted - states.keys())
    if missed:
        raise UnknownAccount(f"There is no party account {missed[0]}.")
    return states
