"""H6: somebody deletes a tenant who has a balance, by the desk, by the API, at the database. Settled ones close."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.db import IntegrityError, InternalError, connection, models, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from tests.api.test_api_desk import Machine
from tests.console.conftest import build_town, make_user, pay
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import Town, set_clock

from prewatt.tenancy.models import Account, AccountState, Bucket, Customer, Tenancy
from prewatt.usecases import close_account as closing
from prewatt.usecases._money import balance_of

BY_HAND = (
    "DELETE FROM tenancy_customer WHERE id = (SELECT customer_id FROM tenancy_account WHERE id = %s)",
    "DELETE FROM tenancy_account WHERE id = %s",
    "DELETE FROM payments_payment WHERE account_id = %s",
    "DELETE FROM ledger_posting WHERE ledger_account_id = (SELECT ledger_account_id FROM tenancy_bucket WHERE id = %s)",
)


@pytest.fixture
def town(db: None) -> Town:
    set_clock("2026-11-20T12:00")
    town = build_town(rooms=1)
    pay(town.rooms[0])
    return town


def by_the_desk(town: Town) -> Iterator[int]:
    """Every way that a page or a guessed address offers."""
    client = Client()
    client.force_login(make_user(town, "administrator", username=f"chief-{uuid4().hex[:6]}"))
    account = town.rooms[0].account.public_id
    where = reverse("console:close_account", args=[account])
    yield client.post(where, {"reason": "Gone", "token": str(uuid4())}).status_code
    where = reverse("console:blank_customer", args=[account])
    yield client.post(where, {"reason": "Gone", "token": str(uuid4())}).status_code
    yield client.delete(reverse("console:account", args=[account])).status_code
    yield client.post(f"/accounts/{account}/delete").status_code
    yield client.post(f"/admin/tenancy/account/{town.rooms[0].account.pk}/delete/").status_code
    with pytest.raises(NoReverseMatch):
        reverse("admin:index")


def by_the_api(town: Town) -> Iterator[int]:
    machine = Machine(town, "administrator")
    account = town.rooms[0].account
    yield machine.post(f"accounts/{account.public_id}/close", {"reason": "Gone"}).status_code
    for path in (f"accounts/{account.public_id}", f"customers/{account.customer.public_id}"):
        yield machine.client.delete(f"/api/v1/{path}", headers=machine.headers).status_code
        yield machine.post(f"{path}/delete", {}).status_code


def refused(town: Town, ways: tuple[Callable[[Town], Iterator[int]], ...], faults: Faults) -> None:
    before = balance_of(account_id=town.rooms[0].account.pk)
    for way in ways:
        for status in way(town):
            faults.hit()
            assert status in {404, 405, 422}
    account = Account.objects.get(pk=town.rooms[0].account.pk)
    assert account.state == AccountState.OPEN
    assert Customer.objects.get(pk=account.customer_id).name != ""
    assert balance_of(account_id=account.pk) == before
    assert Tenancy.objects.filter(account=account, period__upper_inf=True).exists()


@pytest.mark.faults("H6")
def test_a_tenant_with_a_balance_cannot_be_deleted(town: Town, faults: Faults) -> None:
    for _ in range(faults.times(short=1, full=10)):
        refused(town, (by_the_desk, by_the_api), faults)
    assert_sound()


@pytest.mark.faults("H6", control=True)
def test_without_the_settlement_the_account_closes_with_money_on_it(
    town: Town, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "require_settled", lambda _: None)
    with pytest.raises(AssertionError):
        refused(town, (by_the_desk, by_the_api), faults)
    account = Account.objects.get(pk=town.rooms[0].account.pk)
    assert account.state == AccountState.CLOSED
    assert balance_of(account_id=account.pk)


@pytest.mark.faults("H6")
def test_the_database_keeps_what_money_stands_on(town: Town, faults: Faults) -> None:
    account = town.rooms[0].account
    for row in (account.customer, account):
        with pytest.raises(models.ProtectedError):
            row.delete()
        faults.hit()
    for statement in BY_HAND:
        with pytest.raises((IntegrityError, InternalError)):
            by_hand(statement, Bucket.objects.get(account=account).pk if "bucket" in statement else account.pk)
        faults.hit()
    assert_sound()


def by_hand(statement: str, number: int) -> None:
    """What somebody does who has the database's own console."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [number])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
