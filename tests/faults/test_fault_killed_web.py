"""D5, D9: call-backs thrice each, from many clients in random order, while the web processes are killed at random.

Every payment is credited once, none is lost, and nothing was answered with success before it was committed.
``bench/callbacks.py`` does the same with 10,000 payments.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.callbacks_farm import AMOUNT, Crowd, Farm, make_orders
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.faults.processes import url_of
from tests.usecases_online.house import PayHouse

from prewatt.payments.models import Order, Payment, Unmatched
from prewatt.payments.queries.merchants import notify_path
from prewatt.usecases._money import balance_of

ROOMS = 12
CLIENTS = 16
TIMES = 3


@pytest.fixture
def farm(
    busy_house: PayHouse, committed_database: str, postgres_url: str, tmp_path: Path, settings: Any, faults: Faults
) -> Iterator[Farm]:
    farm = Farm(
        count=faults.times(short=2, full=3), database_url=url_of(postgres_url, committed_database),
        folder=tmp_path / "data", key_file=settings.METER_KEY_FILE,
    )  # fmt: skip
    with farm:
        yield farm


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.faults("D5", "D9")
def test_d5_every_payment_is_credited_once_while_web_processes_are_killed(
    busy_house: PayHouse, farm: Farm, faults: Faults
) -> None:
    rooms = [busy_house.town.add_room() for _ in range(ROOMS)]
    payments = make_orders(
        merchant=busy_house.merchant, accounts=[one.account for one in rooms],
        count=faults.times(short=40, full=500),
    )  # fmt: skip
    crowd = Crowd(
        farm=farm, keys=busy_house.keys, path=notify_path(busy_house.merchant), work=list(payments) * TIMES
    )  # fmt: skip
    pace = (0.3, 0.6) if not faults.full else (1.0, 3.0)
    with farm.being_killed(kills=faults.times(short=2, full=500), between_s=pace) as killed:
        tally = crowd.run(clients=CLIENTS)
    faults.hit(len(killed) + tally.repeated)
    assert killed, "nothing was killed"
    assert tally.delivered == TIMES * len(payments)
    assert set(tally.refused) <= {503}
    assert (Payment.objects.count(), Unmatched.objects.count()) == (len(payments), 0)
    assert set(Payment.objects.values_list("trade_no", flat=True)) == {one.trade_no for one in payments}
    assert set(Order.objects.values_list("state", flat=True)) == {"credited"}
    assert sum(balance_of(account_id=one.account.pk).minor for one in rooms) == AMOUNT * len(payments)
    assert_sound(seals=True)
