import pytest
from django.db import connection
from tests.usecases_billing.town import ACTOR, Room, Town

from prewatt.cases.kinds import Kind
from prewatt.cases.models import Case
from prewatt.kernel.money import Money
from prewatt.payments.models import Payment
from prewatt.tenancy.models import Account, Bucket
from prewatt.usecases.audit_books import audit_books
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.verify_books import verify_books


def _pay(room: Room, token: str = "t") -> None:
    take_payment(actor=ACTOR, account_id=room.account.pk, amount=Money(100, "CNY"), channel="cash", token=token)


def test_sound_books_have_no_difference(room: Room) -> None:
    _pay(room)
    assert verify_books(seals=True) == []


def test_each_part_is_looked_at(room: Room) -> None:
    _pay(room)
    Payment.objects.update(amount=7)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_ledgeraccount SET balance = 7 WHERE kind = 'party'")
    Bucket.objects.filter(account=Town.build().add_account()).delete()
    assert {one.kind for one in verify_books(seals=False)} == {"party_balance", "payment_amount", "bucket"}


def test_positions_are_worked_out_anew_from_the_readings(town: Town, room: Room) -> None:
    town.read(room, "2026-11-20T11:00", 10_000)
    assert verify_books(seals=False) == []
    Account.objects.filter(pk=room.account.pk).update(accrued=7)
    assert [one.kind for one in verify_books(seals=False)] == ["accrued"]


@pytest.mark.usefixtures("committed_database", "estate_clock")
def test_it_reads_one_snapshot_and_writes_nothing() -> None:
    _pay(Town.build().add_room())
    assert verify_books(seals=True) == []
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("off",)


def test_what_differs_is_shown_to_a_person_until_it_adds_up_again(town: Town, room: Room) -> None:
    town.read(room, "2026-11-20T11:00", 10_000)
    accrued = Account.objects.get(pk=room.account.pk).accrued
    Account.objects.filter(pk=room.account.pk).update(accrued=accrued + 7)
    assert audit_books(actor=ACTOR)
    case = Case.objects.get(kind=Kind.LEDGER_DIFFERENCE, closed_at=None)
    assert case.detail["difference"] == 1
    Account.objects.filter(pk=room.account.pk).update(accrued=accrued)
    assert audit_books(actor=ACTOR) == []
    assert not Case.objects.filter(kind=Kind.LEDGER_DIFFERENCE, closed_at=None).exists()
