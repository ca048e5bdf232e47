"""The oracle itself: it says nothing about a sound estate, and finds each kind of damage."""

from typing import Any

import pytest
from django.db import connection, transaction
from tests.faults.invariants import broken, ledger_text, lies_about_relays, lost_payments, password_forms
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.kernel.money import Money
from prewatt.usecases.disconnect_point import disconnect_point
from prewatt.usecases.take_payment import take_payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def mall() -> Mall:
    """A room with use, money, a command and a proof."""
    mall = Mall(rooms=2)
    for room in mall.rooms:
        mall.town.assign(room.tenancy, "shop")
        mall.town.read(room, mall.now, 0)
    mall.wait(hours=1)
    for room in mall.rooms:
        mall.town.read(room, mall.now, 5_000)
    take_payment(
        actor=mall.person(), account_id=mall.rooms[0].account.pk, amount=Money(5_000, "CNY"), channel="cash", token="t1"
    )
    disconnect_point(actor=ACTOR, point_public_id=mall.rooms[1].point.public_id, reason="test")
    mall.carry_out(mall.rooms[1])
    return mall


def test_a_sound_estate_is_sound(mall: Mall) -> None:
    assert broken(secrets=password_forms("864213"), settled=True, seals=True) == []
    assert lost_payments(["t1"]) == set()
    assert lost_payments(["t1", "t2"]) == {"t2"}
    assert "5000" in ledger_text()


DAMAGE = {
    "I1": "UPDATE ledger_posting SET amount = amount + 1 WHERE seq IS NULL",
    "I2 a balance": "UPDATE ledger_ledgeraccount SET balance = balance + 1 WHERE kind = 'party'",
    "I2 the accrued": "UPDATE tenancy_account SET accrued = accrued + 1",
    "I3": "UPDATE metering_reading SET quality = 2",
    "I4 what is rated": "UPDATE metering_dayusage SET quantity_wh = quantity_wh + 10",
    "I4 no line": "UPDATE metering_dayusage SET quantity_wh = -1",
    "I4 positions": "UPDATE billing_position SET peak_wh = 1",
    "I5": "UPDATE payments_payment SET amount = amount + 1",
    "I6 a command has": "UPDATE supply_command SET decision_id = NULL, action_id = NULL",
    "I6 a command that": "UPDATE supply_command SET ended_at = NULL",
    "I6 every": "UPDATE supply_command SET state = 'sent', ended_at = NULL",
    "I7": "UPDATE supply_relay SET proven_at = NULL",
    "I8": "UPDATE supply_hold SET effect = 'protect'",
    "I11": "UPDATE supply_command SET error = 'password 864213'",
}


def test_damage_is_found(mall: Mall) -> None:
    for promise, statement in DAMAGE.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {statement.split()[1]} DISABLE TRIGGER USER")  # what forbids the damage
            cursor.execute(statement)
            assert cursor.rowcount
            found = broken(secrets=password_forms("864213"), settled=True)
            assert [one for one in found if one.startswith(promise)]
            transaction.set_rollback(True)
    assert broken(settled=True) == []


def test_a_relay_that_was_not_so_is_found(mall: Mall) -> None:
    opened = {"kind": "relay_opened", "at": mall.now.isoformat()}
    truth: dict[str, Any] = {"is_open": True, "relay_acts": [opened]}
    closed: dict[str, Any] = {"is_open": False, "relay_acts": []}
    addresses = [room.installation.address for room in mall.rooms]
    assert lies_about_relays({addresses[0]: closed, addresses[1]: truth}) == []
    assert len(lies_about_relays({addresses[0]: truth, addresses[1]: closed})) == 1
    late = opened | {"at": "2099-01-01T00:00:00+00:00"}
    assert len(lies_about_relays({addresses[1]: {"is_open": True, "relay_acts": [late]}})) == 1
