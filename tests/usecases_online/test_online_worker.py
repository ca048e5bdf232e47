"""The worker looks after payments by itself: what is silent is asked for, what is approved is sent."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from django.db import connection
from tests.usecases_billing.town import Town
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, age_all, make_house, order_of, speaking, yuan

from prewatt.access.audit import Actor
from prewatt.jobs.worker import lanes_of
from prewatt.kernel.clock import monotonic_s
from prewatt.payments.models import Payment, Refund, Unmatched
from prewatt.usecases.ask_refund import approve_refund, ask_refund

WORKER = Actor(process="worker")


@pytest.fixture
def busy(
    committed_database: str, estate_clock: None, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PayHouse]:
    with speaking(make_house(Town.build(), tmp_path / "testpay"), monkeypatch) as house:
        yield house


@pytest.mark.timeout(300)
def test_the_payments_lane_brings_everything_to_its_end(busy: PayHouse) -> None:
    room = busy.town.add_room()
    silent, early = busy.start(room), busy.start(room)
    busy.pay_silently(silent)
    busy.hear(busy.event(early.order_no.replace(early.order_no[:4], "zzzz")))
    Unmatched.objects.update(order_no=early.order_no)
    age_all(seconds=31)
    stopping = Event()
    (lane,) = [one for one in lanes_of(actor=WORKER, stopping=stopping) if one.name == "payments"]
    lane.start()
    try:
        assert comes(lambda: order_of(silent).state == "credited"), "asked for"
        assert comes(lambda: order_of(early).state == "credited"), "joined"
        payment = Payment.objects.get(order__public_id=silent.public_id)
        chief = Actor(process="web", user=make_cashier(busy.town.site.scope, username="chief", role="administrator"))
        line = ask_refund(
            actor=Actor(process="web", user=busy.user), payment_public_id=payment.public_id, amount=yuan("10"),
            reason="moves out", token="r",
        )  # fmt: skip
        approve_refund(actor=chief, refund_public_id=line.public_id)
        assert comes(lambda: Refund.objects.get().state in {"sent", "succeeded"}), "sent"
    finally:
        stopping.set()
        lane.call()
        lane.join(20)
    assert not lane.is_alive()


def comes(is_so: object, *, within_s: float = 90.0) -> bool:
    """Look until it is so; the pace is the worker's."""
    assert callable(is_so)
    pause, end_s = Event(), monotonic_s() + within_s
    while monotonic_s() < end_s:
        if is_so():
            return True
        pause.wait(0.05)
    connection.close()
    return False
