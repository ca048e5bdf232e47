"""Rows D1, D2, D3, D12 and D15, as far as the adapters go: no changed call-back is believed, whatever was changed.

What a call-back says is its fact. An Alipay form whose fields come in another order, or are escaped otherwise, is the
same signed statement: it may be believed when, and only when, it says the same.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.merchants import (
    NOW,
    STAMP,
    alipay,
    alipay_standin,
    certified,
    heard,
    now,
    order,
    stripe,
    stripe_standin,
    wechat,
    wechat_standin,
)
from tests.providers.mutations import mutated
from tests.providers.standins.alipay import AlipayStandin, Trade
from tests.providers.standins.rsa_keys import certificate_pem, public_pem
from tests.providers.standins.testpay import TestPayStandin, merchant_config

from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.payments.providers import alipay as alipay_module
from prewatt.payments.providers import strict, wechat_signing
from prewatt.payments.providers import stripe as stripe_module
from prewatt.payments.providers import testpay as testpay_module
from prewatt.payments.providers.alipay import Alipay
from prewatt.payments.providers.errors import CallbackForeign, CallbackForged, CallbackMalformed
from prewatt.payments.providers.strict import CALLBACK_BYTES_MAX
from prewatt.payments.providers.testpay import TestPay
from prewatt.payments.providers.values import RawCallback, TradeFact, TradeState, Way
from prewatt.testpay.values import Choice

NUMBER = "PW20261122001"
CHANNELS = ("alipay", "alipay_certified", "wechat", "stripe", "testpay")
BELIEVE = {
    "alipay": (alipay_module, "is_rsa_signed"),
    "alipay_certified": (alipay_module, "is_rsa_signed"),
    "wechat": (wechat_signing, "is_rsa_signed"),
    "stripe": (stripe_module, "is_same"),
    "testpay": (testpay_module, "is_ed25519_signed"),
}


class Heard(NamedTuple):
    """A true call-back about a payment, who is told, and how to tell it with other content under a true signature."""

    provider: Any
    raw: RawCallback
    say: Callable[..., RawCallback]


def _alipay(_: Path) -> Heard:
    standin = alipay_standin()
    return _alipay_at(standin, alipay(standin))


def _alipay_certified(_: Path) -> Heard:
    standin = AlipayStandin.in_certificate_mode()
    return _alipay_at(standin, certified(standin), alipay_cert_sn=standin.cert_sn)


def _alipay_at(standin: AlipayStandin, ours: Alipay, **named: str) -> Heard:
    ours.start(order(Way.QR))
    standin.pay(NUMBER)

    def say(*, amount: object = None, who: str = "", **_: object) -> RawCallback:
        changes = named | ({"total_amount": str(amount)} if amount is not None else {})
        return heard(standin.body(NUMBER, **changes | ({"seller_id": who} if who else {})))

    return Heard(ours, say(), say)


def _wechat(_: Path) -> Heard:
    standin = wechat_standin()
    ours = wechat(standin)
    ours.start(order(Way.QR))
    standin.pay(NUMBER)

    def say(*, amount: object = None, currency: str = "CNY", who: str = "") -> RawCallback:
        told = standin.transaction(NUMBER)
        told |= {"amount": {"total": amount, "currency": currency}} if amount is not None else {}
        headers, body = standin.callback(told | ({"mchid": who} if who else {}))
        return heard(body, headers)

    return Heard(ours, say(), say)


def _stripe(_: Path) -> Heard:
    standin = stripe_standin()
    ours = stripe(standin)
    session = standin.pay(ours.start(order(Way.CHECKOUT)).provider_ref)

    def say(*, amount: object = None, currency: str = "cny", who: str = "") -> RawCallback:
        told = session | ({"amount_total": amount, "currency": currency.lower()} if amount is not None else {})
        body = standin.event("checkout.session.completed", told, **({"account": who} if who else {}))
        return heard(body, {"stripe-signature": standin.signature(body, stamp=STAMP)})

    return Heard(ours, say(), say)


def _testpay(folder: Path) -> Heard:
    standin = TestPayStandin(folder, now=now)
    ours = TestPay(merchant_config(standin.keys), transport=httpx.MockTransport(standin), now=now)
    ours.start(order(Way.WAP))
    paid, _ = standin.book.choose(f"TP100001/{NUMBER}", Choice.PAY)
    standin.journal.close()

    def say(*, amount: object = None, currency: str = "CNY", who: str = "") -> RawCallback:
        changes: dict[str, Any] = {"amount": amount, "currency": currency} if amount is not None else {}
        told = replace(paid, **changes | {"merchant_no": who or paid.merchant_no})
        standin.book._owe("trade", told, {}, url="https://x", wait_ms=0)
        headers, body = standin.callback()
        return heard(body, headers)

    return Heard(ours, say(), say)


_MAKE = {
    "alipay": _alipay,
    "alipay_certified": _alipay_certified,
    "wechat": _wechat,
    "stripe": _stripe,
    "testpay": _testpay,
}


@pytest.fixture(scope="module", params=CHANNELS)
def call(request, tmp_path_factory):
    return _MAKE[request.param](tmp_path_factory.mktemp("standin"))


def is_believed(call, raw):
    """Whether something else than the truth is believed."""
    try:
        return call.provider.read_callback(raw) != call.provider.read_callback(call.raw)
    except Refused:
        return False


@pytest.mark.faults("D1")
def test_no_changed_callback_is_believed(call, faults):
    @settings(max_examples=faults.times(short=200, full=1000), deadline=None, database=None)
    @given(seed=st.integers(0, 2**48))
    def change(seed):
        raw = mutated(call.raw, Random(seed))
        assert not is_believed(call, raw)
        faults.hit()

    change()


@pytest.mark.faults("D1", control=True)
@pytest.mark.parametrize("channel", CHANNELS)
def test_without_the_signature_changed_callbacks_are_believed(channel, monkeypatch, tmp_path):
    call = _MAKE[channel](tmp_path)
    monkeypatch.setattr(*BELIEVE[channel], lambda *_: True)
    found = (is_believed(call, mutated(call.raw, Random(seed))) for seed in range(2000))
    # WeChat Pay's content is sealed besides: there only the number of the event can be changed.
    assert any(found)


@pytest.mark.faults("D2")
def test_a_truly_signed_callback_for_another_merchant_is_refused(call, faults):
    for number in range(2, faults.times(short=7, full=202)):
        with pytest.raises(CallbackForeign):
            call.provider.read_callback(call.say(who=f"2088000000{number:06d}"))
        faults.hit()


@pytest.mark.faults("D2", control=True)
@pytest.mark.parametrize("channel", CHANNELS)
def test_without_comparing_another_merchants_callback_is_believed(channel, tmp_path):
    call = _MAKE[channel](tmp_path)
    call.provider._config = replace(call.provider._config, merchant_no="2088000000000002")
    fact = call.provider.read_callback(call.say(who="2088000000000002"))
    assert fact.state is TradeState.PAID


def test_another_merchants_key_signs_nothing_here(tmp_path):
    strangers = alipay_standin()
    alipay(strangers).start(order(Way.QR))
    strangers.pay(NUMBER)
    strangers.signs_with = "stranger"
    with pytest.raises(CallbackForged):
        alipay(strangers).read_callback(heard(strangers.body(NUMBER)))
    other = wechat_standin()
    wechat(other).start(order(Way.QR))
    other.signs_with = "stranger"
    headers, body = other.callback(other.transaction(NUMBER))
    with pytest.raises(CallbackForged):
        wechat(other).read_callback(heard(body, headers))


NO_AMOUNT = st.one_of(
    st.floats(),
    st.integers(max_value=0),
    st.integers(min_value=10**13),
    st.text(max_size=12),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=2),
    st.decimals(places=3, min_value=0, max_value=99).map(str),
    st.just("0.30000000000000004"),
)


@pytest.mark.faults("D3")
def test_an_amount_is_read_exactly_or_not_at_all(call, faults):
    is_alipay = call.provider.channel == "alipay"

    @settings(max_examples=faults.times(short=50, full=500), deadline=None, database=None)
    @given(minor=st.integers(1, 10**11))
    def exact(minor):
        amount = f"{minor // 100}.{minor % 100:02d}" if is_alipay else minor
        fact = call.provider.read_callback(call.say(amount=amount))
        assert isinstance(fact, TradeFact)
        assert fact.amount == Money(minor, "CNY")
        faults.hit()

    exact()


@pytest.mark.faults("D3")
def test_what_is_no_amount_is_refused(call, faults):
    is_alipay = call.provider.channel == "alipay"

    @settings(max_examples=faults.times(short=100, full=1000), deadline=None, database=None)
    @given(amount=NO_AMOUNT)
    def refused(amount):
        try:
            raw = call.say(amount=amount)
        except UnicodeEncodeError:
            return
        if amount is None or (is_alipay and _reads_as_amount(str(amount))):
            return
        with pytest.raises(CallbackMalformed):
            call.provider.read_callback(raw)
        faults.hit()

    refused()


@pytest.mark.faults("D3", control=True)
def test_a_lenient_reader_believes_fractions(tmp_path, monkeypatch):
    monkeypatch.setattr(strict, "whole_of", lambda fields, name: int(float(fields[name])))
    for channel in ("wechat", "stripe", "testpay"):
        call = _MAKE[channel](tmp_path)
        assert call.provider.read_callback(call.say(amount=0.1 + 88.2)).amount == Money(88, "CNY")


def _reads_as_amount(text):
    whole, _, part = text.partition(".")
    digits = f"{whole}{part}"
    is_plain = digits.isascii() and digits.isdigit() and (whole == "0" or not whole.startswith("0"))
    return is_plain and bool(int(digits)) and len(part) <= 2 and len(whole) <= 10 and not text.endswith(".")


@pytest.mark.faults("D3")
def test_another_currency_is_told_as_it_is(tmp_path, faults):
    for channel in ("wechat", "stripe", "testpay"):
        call = _MAKE[channel](tmp_path)
        assert call.provider.read_callback(call.say(amount=8888, currency="USD")).amount == Money(8888, "USD")
        with pytest.raises(CallbackMalformed):
            call.provider.read_callback(call.say(amount=8888, currency="DOGE"))
        faults.hit(2)


@pytest.mark.faults("D12")
def test_two_keys_of_the_provider_are_good_at_once(faults):
    standin = alipay_standin()
    ours = alipay(standin, peer_keys={"1": public_pem("provider"), "2": public_pem("provider-next")})
    ours.start(order(Way.QR))
    standin.pay(NUMBER)
    cards = wechat_standin()
    theirs = {"PLATFORM0001": certificate_pem("provider"), "PLATFORM0002": certificate_pem("provider-next")}
    other = wechat(cards, peer_keys=theirs)
    other.start(order(Way.QR))
    cards.pay(NUMBER)
    for serial, key in (("PLATFORM0001", "provider"), ("PLATFORM0002", "provider-next")) * 5:
        standin.signs_with, cards.signs_with, cards.serial = key, key, serial
        assert ours.read_callback(heard(standin.body(NUMBER))).state is TradeState.PAID
        headers, body = cards.callback(cards.transaction(NUMBER))
        assert other.read_callback(heard(body, headers)).state is TradeState.PAID
        faults.hit(2)


@pytest.mark.faults("D12", control=True)
def test_with_the_newest_key_alone_what_the_older_signed_is_lost():
    standin = alipay_standin()
    ours = alipay(standin, peer_keys={"2": public_pem("provider-next")})
    standin.trades[NUMBER] = Trade("20261122220014", "88.88", "电费", "", "TRADE_SUCCESS")
    with pytest.raises(CallbackForged):
        ours.read_callback(heard(standin.body(NUMBER)))


BOMBS = [
    b"",
    b"\x00" * 1000,
    b"A" * (CALLBACK_BYTES_MAX + 1),
    b"a=1&" * 60_000,
    b"a=" + b"%41" * 80_000,
    b"a=1&a=2",
    b"a",
    b"=",
    b"a=%zz",
    b"a=%ff%fe",
    "金额=1".encode("gb18030"),
    "amount=1".encode("utf-16"),
    b"[" * 100_000,
    b'{"a":' * 40_000,
    b'{"a":1,"a":2}',
    b'{"a":NaN}',
    b'{"a":1e999999}',
    b'{"a":' + b"9" * 200_000 + b"}",
    b'{"a":"\\ud800"}',
    b"PK\x03\x04" + b"\x00" * 1000,
    b"\x1f\x8b\x08" + b"\x00" * 1000,
    b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaa'>]><x>&a;</x>",
]


@pytest.mark.faults("D15")
def test_bodies_that_are_traps_are_refused_at_once(call, faults):
    for body in BOMBS:
        began = time.perf_counter()
        with pytest.raises((CallbackForged, CallbackMalformed)):
            call.provider.read_callback(RawCallback(call.raw.headers, body, "", NOW))
        assert time.perf_counter() - began < 0.5
        faults.hit()


@pytest.mark.faults("D15", control=True)
def test_a_lenient_reader_believes_the_last_of_two(monkeypatch):
    for name in ("object_pairs_hook", "parse_constant"):
        monkeypatch.setitem(strict._JSON, name, None)
    assert strict.read_json(b'{"amount":8888,"amount":1}') == {"amount": 1}
