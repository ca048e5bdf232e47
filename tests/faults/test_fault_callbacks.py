"""D1 to D4, D10 to D12, D15: what comes to the address of call-backs, and what of it moves money."""

import gzip
import json
import random
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.providers.mutations import mutated
from tests.providers.test_forged_callbacks import BOMBS
from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_online.house import PayHouse, make_house, order_of, yuan

from prewatt.api import callbacks
from prewatt.cases.models import Case
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.ledger.queries import house_balance
from prewatt.payments.models import Callback, MerchantKey, Payment, Unmatched, Verdict
from prewatt.payments.providers import strict, testpay
from prewatt.payments.providers.errors import CallbackForeign
from prewatt.payments.providers.values import RawCallback, TradeState
from prewatt.payments.queries.merchants import notify_path
from prewatt.payments.services.callbacks import REFUSED_ROWS_AN_HOUR
from prewatt.usecases import _credit, _providers
from prewatt.usecases._money import balance_of
from prewatt.usecases.configure_merchant import end_merchant_key

SUCCESS = b"success"
SIGNED = ("testpay-key", "testpay-time", "testpay-nonce", "testpay-signature")


@pytest.fixture
def room(pay_house: PayHouse) -> Room:
    return pay_house.town.add_room()


def sent(house: PayHouse, raw: RawCallback) -> HttpResponse:
    """Send a call-back as a provider does: over HTTP, to the address that it was told."""
    headers = {name: value for name, value in raw.headers.items() if name.lower() != "content-type"}
    usable = {
        name: value for name, value in headers.items() if name.isascii() and not set(value) & {"\r", "\n", "\x00"}
    }
    answer = Client(raise_request_exception=False).generic(
        "POST", notify_path(house.merchant), raw.body, raw.headers.get("content-type", "application/json"),
        headers=usable,
    )  # fmt: skip
    assert isinstance(answer, HttpResponse)
    return answer


def forged(true: RawCallback, draw: random.Random) -> RawCallback:
    """Change something that is signed, or the signature: the kind of content is neither."""
    while True:
        raw = mutated(true, draw)
        if raw.body != true.body or any(raw.headers.get(name) != true.headers[name] for name in SIGNED):
            return raw


@pytest.mark.timeout(600)
@pytest.mark.faults("D1")
def test_d1_nothing_forged_is_credited_and_a_flood_fills_no_table(
    pay_house: PayHouse, room: Room, faults: Faults
) -> None:
    view = pay_house.start(room)
    true = pay_house.raw(pay_house.pay(view))
    draw = random.Random(1)
    for _ in range(faults.times(short=60, full=1_000)):
        answer = sent(pay_house, forged(true, draw))
        assert answer.status_code in {400, 401}
        assert answer.content != SUCCESS
        faults.hit()
    assert (Payment.objects.count(), Unmatched.objects.count()) == (0, 0)
    assert Callback.objects.count() <= 2 * REFUSED_ROWS_AN_HOUR * 2, "two verdicts, and an hour may have ended"
    assert sum(Callback.objects.values_list("times", flat=True)) == faults.hits
    assert sent(pay_house, true).content == SUCCESS, "the true one is heard all the same"
    assert order_of(view).state == "credited"
    assert_sound()


@pytest.mark.faults("D1", control=True)
def test_d1_without_the_signature_forged_ones_are_credited(
    pay_house: PayHouse, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testpay, "is_ed25519_signed", lambda *_: True)
    view = pay_house.start(room)
    headers = pay_house.raw(b"{}").headers
    assert sent(pay_house, RawCallback(headers, pay_house.event(view), "", machine_now())).content == SUCCESS
    assert Payment.objects.count() == 1


@pytest.mark.faults("D2")
def test_d2_what_is_meant_for_another_merchant_is_refused_with_an_alarm(
    pay_house: PayHouse, room: Room, faults: Faults
) -> None:
    view = pay_house.start(room)
    pay_house.pay(view)
    for number in range(faults.times(short=5, full=200)):
        for change in ({"merchant_no": f"TP2{number:05}"}, {"app_id": f"app-{number}"}):
            answer = sent(pay_house, pay_house.raw(pay_house.event(view, **change)))
            assert (answer.status_code, Payment.objects.count()) == (403, 0)
            faults.hit()
    assert Case.objects.get(kind="callback_foreign").hits == faults.hits
    assert Callback.objects.filter(verdict="foreign").count() <= 2 * REFUSED_ROWS_AN_HOUR
    assert_sound()


@pytest.mark.faults("D2")
def test_d2_another_merchants_call_back_is_none_of_ours(
    pay_house: PayHouse, room: Room, faults: Faults, tmp_path: Any
) -> None:
    """The same provider, two merchants of ours: the second one's word does nothing for the first one's order."""
    other = make_house(pay_house.town, tmp_path / "other", merchant_no="TP200002", user=pay_house.user)
    view = pay_house.start(room)
    body = pay_house.event(view, merchant_no="TP200002", app_id=other.merchant.app_id)
    assert sent(pay_house, other.raw(body)).status_code == 401, "signed with a key that is not our provider's"
    assert sent(other, other.raw(body)).content == SUCCESS
    assert (Payment.objects.count(), Unmatched.objects.get().reason) == (0, "other_merchant")
    assert order_of(view).state == "pending"
    faults.hit(2)
    assert_sound()


@pytest.mark.faults("D2", control=True)
def test_d2_without_comparing_the_names_it_is_credited(
    pay_house: PayHouse, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = testpay.TestPay.read_callback

    def believing(adapter: testpay.TestPay, raw: RawCallback) -> Any:
        try:
            return bare(adapter, raw)
        except CallbackForeign:
            return adapter._trade(json.loads(raw.body)["order"])

    monkeypatch.setattr(testpay.TestPay, "read_callback", believing)
    view = pay_house.start(room)
    sent(pay_house, pay_house.raw(pay_house.event(view, app_id="another")))
    assert Payment.objects.count() == 1


NEAR: list[Any] = [0.1 + 0.2, 4_999, 5_001, "5000", "50.00", None, True, [], {}, 5e3]
AMOUNTS = st.one_of(st.integers(-(10**6), 10**12), st.floats(), st.sampled_from(NEAR))


@pytest.mark.timeout(600)
@pytest.mark.faults("D3")
def test_d3_another_amount_or_currency_is_never_credited(pay_house: PayHouse, room: Room, faults: Faults) -> None:
    view = pay_house.start(room)

    @settings(
        max_examples=faults.times(short=40, full=1_000),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(amount=AMOUNTS, currency=st.sampled_from(["CNY", "CNY", "EUR", "JPY", "XXX", ""]))
    def tell(amount: Any, currency: str) -> None:
        if type(amount) is int and (amount, currency) == (5_000, "CNY"):
            return
        before = Unmatched.objects.count()
        answer = sent(
            pay_house, pay_house.raw(pay_house.event(view, amount=amount, currency=currency, trade_no=uuid4().hex))
        )
        assert Payment.objects.count() == 0
        if answer.content == SUCCESS:
            assert Unmatched.objects.count() == before + 1
        else:
            assert answer.status_code == 400
        faults.hit()

    tell()
    reasons = set(Unmatched.objects.values_list("reason", flat=True))
    assert reasons <= {"other_amount", "other_currency", "paid_twice"}
    assert Case.objects.filter(kind="money_unmatched", closed_at=None).count() == Unmatched.objects.count()
    assert_sound()


@pytest.mark.faults("D3", control=True)
def test_d3_without_comparing_another_amount_is_credited(
    pay_house: PayHouse, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_credit, "mismatch", lambda **_: "")
    begin = _credit.begin_credit  # type: ignore[attr-defined]
    view = pay_house.start(room, "50")
    monkeypatch.setattr(_credit, "begin_credit", lambda **known: begin(**known | {"amount": yuan("50")}))
    sent(pay_house, pay_house.raw(pay_house.event(view, amount=4_999)))
    assert balance_of(account_id=room.account.pk) == yuan("49.99")


@pytest.mark.timeout(600)
@pytest.mark.faults("D4")
def test_d4_money_for_an_unknown_order_is_kept_and_listed(pay_house: PayHouse, faults: Faults) -> None:
    draw, told = random.Random(4), {}
    for _ in range(faults.times(short=15, full=500)):
        number, trade, minor = f"{draw.getrandbits(120):x}", f"TX{draw.getrandbits(40):x}", draw.randrange(1, 10**7)
        body = pay_house.event(number, amount=minor, trade_no=trade)
        for _ in range(draw.randrange(1, 4)):
            assert sent(pay_house, pay_house.raw(body)).content == SUCCESS
        told[trade] = minor
        faults.hit()
    rows = dict(Unmatched.objects.values_list("trade_no", "amount"))
    assert (rows, Payment.objects.count()) == (told, 0)
    assert Case.objects.filter(kind="money_unmatched", closed_at=None).count() == len(told)
    held = house_balance(book_id=pay_house.town.book_id, code="suspense")
    assert held == Money(sum(told.values()), "CNY")
    assert_sound(seals=True)


@pytest.mark.faults("D4", control=True)
def test_d4_without_suspense_it_is_answered_and_lost(pay_house: PayHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_credit, "_park", lambda *_: _credit.Credit(Verdict.REPEATED))
    assert sent(pay_house, pay_house.raw(pay_house.event(uuid4().hex))).content == SUCCESS
    assert Unmatched.objects.count() == 0


STATES = ("waiting", "failed", "closed", "refunded", "test", "PAID", "paid ", "", None, 1, "TRADE_SUCCESS")


@pytest.mark.faults("D10")
def test_d10_what_says_anything_but_paid_credits_nothing(pay_house: PayHouse, faults: Faults) -> None:
    for _ in range(faults.times(short=1, full=20)):
        for state in STATES:
            view = pay_house.start(pay_house.town.add_room())
            answer = sent(pay_house, pay_house.raw(pay_house.event(view, state=state)))
            assert answer.status_code in {200, 400}
            assert (Payment.objects.count(), Unmatched.objects.count()) == (0, 0), state
            assert order_of(view).state in {"pending", "expired", "failed"}
            faults.hit()
    assert_sound()


@pytest.mark.faults("D10", control=True)
def test_d10_who_does_not_look_at_the_state_credits(
    pay_house: PayHouse, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testpay, "_TRADE_STATES", dict.fromkeys(("waiting", "closed"), TradeState.PAID))
    sent(pay_house, pay_house.raw(pay_house.event(pay_house.start(room), state="waiting")))
    assert Payment.objects.count() == 1


@pytest.mark.timeout(600)
@pytest.mark.faults("D11")
def test_d11_old_call_backs_have_no_effect_for_ever(pay_house: PayHouse, room: Room, faults: Faults) -> None:
    old: list[RawCallback] = []
    for _ in range(faults.times(short=5, full=200)):
        old.append(pay_house.raw(pay_house.pay(pay_house.start(room))))
        assert sent(pay_house, old[-1]).content == SUCCESS
    before = (Payment.objects.count(), balance_of(account_id=room.account.pk))
    for after in (timedelta(minutes=10), timedelta(days=1), timedelta(days=100)):
        with time_machine.travel(old[0].received_at + after, tick=False):
            _providers.forget_providers()
            for raw in old:
                assert sent(pay_house, raw).status_code == 401, "its time stamp is old"
                again = pay_house.raw(raw.body)  # the provider itself says it once more
                assert sent(pay_house, again).content == SUCCESS
                unknown = pay_house.event(uuid4().hex)
                stale = pay_house.signed(unknown, at=machine_now() - timedelta(minutes=6))
                assert sent(pay_house, RawCallback(stale, unknown, "", machine_now())).status_code == 401
                faults.hit(3)
    assert (Payment.objects.count(), balance_of(account_id=room.account.pk)) == before
    assert Unmatched.objects.count() == 0
    assert_sound(seals=True)


@pytest.mark.faults("D11", control=True)
def test_d11_without_the_time_stamp_an_old_one_of_an_unknown_order_is_believed(
    pay_house: PayHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict, "is_fresh", lambda *_, **__: True)
    body = pay_house.event(uuid4().hex)
    stale = pay_house.signed(body, at=machine_now() - timedelta(days=100))
    assert sent(pay_house, RawCallback(stale, body, "", machine_now())).content == SUCCESS
    assert Unmatched.objects.count() == 1


@pytest.mark.timeout(600)
@pytest.mark.faults("D12")
def test_d12_both_keys_are_heard_while_they_are_in_force(pay_house: PayHouse, room: Room, faults: Faults) -> None:
    old, credited = pay_house.keys.own, 0
    for turn in range(faults.times(short=2, full=20)):
        fresh = pay_house.rotate()
        for key in (old, fresh, old, fresh):
            delivery = pay_house.pay(pay_house.start(room))
            assert sent(pay_house, pay_house.raw(delivery, key=key)).content == SUCCESS, f"{turn}: {key.serial}"
            credited += 1
            faults.hit()
        last = pay_house.event(pay_house.start(room))
        row = MerchantKey.objects.get(serial=old.serial, to_at=None)
        end_merchant_key(actor=ACTOR, merchant_public_id=pay_house.merchant.public_id, key_id=row.pk)
        _providers.forget_providers()
        assert sent(pay_house, pay_house.raw(last, key=old)).status_code == 401, "the window is over"
        pay_house.sign_with(fresh)
        old = fresh
    assert Payment.objects.count() == credited
    assert_sound()


@pytest.mark.faults("D12", control=True)
def test_d12_with_one_key_at_a_time_the_other_is_refused(pay_house: PayHouse, room: Room) -> None:
    view = pay_house.start(room)
    delivery = pay_house.pay(view)
    fresh = pay_house.rotate()
    row = MerchantKey.objects.get(serial=pay_house.keys.own.serial)
    end_merchant_key(actor=ACTOR, merchant_public_id=pay_house.merchant.public_id, key_id=row.pk)
    _providers.forget_providers()
    assert sent(pay_house, pay_house.raw(delivery)).status_code == 401
    assert sent(pay_house, pay_house.raw(delivery, key=fresh)).content == SUCCESS


TRAPS: list[tuple[bytes, dict[str, str]]] = [
    *((body, {}) for body in BOMBS),
    (b"x" * 10_000_000, {}),
    (gzip.compress(b"0" * 50_000_000), {"content-encoding": "gzip"}),
    (gzip.compress(b"0" * 50_000_000), {}),
    (b"{}", {"content-encoding": "br"}),
    (b"{}", {"content-type": "application/json; charset=utf-7"}),
    (b"{}", {"content-type": "multipart/form-data; boundary=x"}),
    (b"--x--", {"content-type": "multipart/form-data; boundary=x"}),
    (b"a=1&a=2", {"content-type": "application/x-www-form-urlencoded; charset=no-such"}),
    (b"{}", {"testpay-signature": "A" * 20_000}),
    (b"{}", {f"x-{number}": "1" for number in range(200)}),
]


@pytest.mark.timeout(600)
@pytest.mark.faults("D15")
def test_d15_traps_are_refused_without_burning_the_processor(pay_house: PayHouse, room: Room, faults: Faults) -> None:
    true = pay_house.raw(pay_house.pay(pay_house.start(room)))
    took_s = []
    for _ in range(faults.times(short=1, full=30)):
        for body, headers in TRAPS:
            raw = RawCallback({**true.headers, **headers}, body, "", machine_now())
            began_s = time.process_time()
            answer = sent(pay_house, raw)
            took_s.append(time.process_time() - began_s)
            assert answer.status_code in {400, 401, 413, 415}, (body[:40], headers)
            faults.hit()
    assert (Payment.objects.count(), Unmatched.objects.count()) == (0, 0)
    took_s.sort()
    assert took_s[int(len(took_s) * 0.99) - 1] <= 0.05, "seconds of processor time, 99 of 100"
    for address in (f"/pay/notify/nobody/{uuid4()}", f"/pay/notify/testpay/{uuid4()}"):
        assert Client().post(address, data=b"{}", content_type="application/json").status_code == 404
    assert Client().get(notify_path(pay_house.merchant)).status_code == 405
    assert_sound()


@pytest.mark.faults("D15", control=True)
def test_d15_without_limits_a_large_body_is_read_and_hashed(
    pay_house: PayHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "BODY_BYTES_MAX", 10**9)
    answer = sent(pay_house, pay_house.raw(b"x" * 10_000_000))
    assert answer.status_code not in {413, 415}
    assert Callback.objects.exists()
