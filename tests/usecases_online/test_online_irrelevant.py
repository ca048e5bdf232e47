"""A call-back that is truly the provider's, but about nothing that we keep: it need not come again."""

import pytest
from tests.usecases_billing.town import Room
from tests.usecases_online.house import PayHouse

from prewatt.payments.models import Callback, Payment
from prewatt.payments.providers.errors import CallbackIrrelevant
from prewatt.payments.providers.testpay import TestPay


@pytest.mark.django_db
def test_it_is_answered_with_success_and_changes_nothing(
    house: PayHouse, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise CallbackIrrelevant("It is about a coupon.")

    delivery = house.pay(house.start(room))
    monkeypatch.setattr(TestPay, "read_callback", read)
    answer = house.hear(delivery)
    assert (answer.status, answer.body) == (200, b"success")
    assert Callback.objects.get().detail == "It is about a coupon."
    assert not Payment.objects.exists()
