"""The adapter of the test provider, against the provider's own code."""

import json
from dataclasses import replace
from datetime import date, timedelta

import httpx
import pytest
from tests.providers.merchants import BACK, NOTIFY, NOW, heard, order
from tests.providers.merchants import refund as wish_for_refund
from tests.providers.standins.testpay import TestPayStandin, merchant_config

from prewatt.kernel.money import Money
from prewatt.payments.providers.errors import (
    AnswerNotProven,
    BadMerchant,
    BadStatement,
    CallbackForeign,
    CallbackForged,
    CallbackMalformed,
    ProviderAway,
    ProviderRefused,
    StatementNotReady,
)
from prewatt.payments.providers.testpay import TestPay
from prewatt.payments.providers.values import RefundFact, RefundState, TradeFact, TradeState, Way
from prewatt.testpay import signing
from prewatt.testpay.values import Choice

NUMBER = "PW20261122001"
KEY = f"TP100001/{NUMBER}"
DAY = date(2026, 11, 22)


class Clock:
    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def standin(tmp_path, clock):
    made = TestPayStandin(tmp_path, now=clock)
    yield made
    made.journal.close()


def ours(standin, clock, **changes):
    config = replace(merchant_config(standin.keys), **changes)
    return TestPay(config, transport=httpx.MockTransport(standin), now=clock)


@pytest.fixture
def provider(standin, clock):
    return ours(standin, clock)


def refund(standin, **changes):
    return wish_for_refund(trade_no=standin.book.orders[KEY].trade_no, **changes)


def told(standin, at=NOW):
    headers, body = standin.callback()
    return heard(body, headers, at=at)


def test_an_order_is_made_and_made_again(provider, standin):
    started = provider.start(order(Way.WAP))
    made = standin.book.orders[KEY]
    assert (started.kind, started.provider_ref) == ("redirect", made.trade_no)
    assert started.url == f"http://power.example.org:8190/pay/{made.token}"
    assert (made.amount, made.currency, made.notify_url, made.return_url) == (8888, "CNY", NOTIFY, BACK)
    assert provider.start(order(Way.QR)) == replace(started, kind="qr")
    with pytest.raises(ProviderRefused, match="order_conflict"):
        provider.start(order(Way.WAP, minor=8889))


def test_how_a_payment_stands(provider, standin):
    assert provider.query(NUMBER).state is TradeState.UNKNOWN
    provider.start(order(Way.WAP))
    assert provider.query(NUMBER).state is TradeState.WAITING
    standin.book.choose(KEY, Choice.PAY)
    fact = provider.query(NUMBER)
    assert (fact.state, fact.amount, fact.paid_at) == (TradeState.PAID, Money(8888, "CNY"), NOW)
    assert (fact.merchant_no, fact.app_id, fact.payer_hint) == ("TP100001", "prewatt-demo", "te***er")


def test_a_failed_payment_and_a_closed_order_are_closed(provider, standin):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.FAIL)
    assert provider.read_callback(told(standin)).state is TradeState.CLOSED
    provider.start(order(Way.WAP, "PW2"))
    assert provider.close("PW2").state is TradeState.CLOSED
    assert provider.close("PW9").state is TradeState.UNKNOWN


def test_closing_what_was_paid_tells_that(provider, standin):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    assert provider.close(NUMBER).state is TradeState.PAID


def test_a_payment_is_heard(provider, standin):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    fact = provider.read_callback(told(standin))
    assert (fact.state, fact.order_no, fact.amount) == (TradeState.PAID, NUMBER, Money(8888, "CNY"))
    assert isinstance(fact, TradeFact)
    assert fact.event_id.startswith("ev-")


def test_refunds_settle_and_are_heard(provider, standin, clock):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    assert provider.query_refund(refund(standin)).state is RefundState.UNKNOWN
    first = provider.refund(refund(standin))
    assert (first.state, first.amount) == (RefundState.PENDING, Money(3000, "CNY"))
    assert provider.refund(refund(standin)) == first
    clock.wait(2)
    assert provider.query_refund(refund(standin)).state is RefundState.SUCCEEDED
    assert provider.read_callback(told(standin, at=clock.at)) == RefundFact(
        refund_no="RF1",
        order_no=NUMBER,
        trade_no=standin.book.orders[KEY].trade_no,
        refund_ref=first.refund_ref,
        state=RefundState.SUCCEEDED,
        amount=Money(3000, "CNY"),
        raw_state="succeeded",
    )
    with pytest.raises(ProviderRefused, match="refund_too_large"):
        provider.refund(refund(standin, number="RF2", minor=5889))
    provider.refund(refund(standin, number="RF2", minor=5888))
    assert provider.query(NUMBER).state is TradeState.REFUNDED


def test_a_day_is_fetched_when_it_is_over(provider, standin, clock):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    provider.refund(refund(standin))
    with pytest.raises(StatementNotReady):
        provider.fetch_statement(DAY)
    clock.wait(86_400)
    paid, back = provider.fetch_statement(DAY)
    assert (paid.kind, paid.amount, paid.fee, paid.at) == ("payment", Money(8888, "CNY"), Money(53, "CNY"), NOW)
    assert (back.kind, back.refund_no, back.amount) == ("refund", "RF1", Money(3000, "CNY"))
    assert back.fee == Money(-18, "CNY")
    data = standin(_signed(standin, clock, f"/v1/statements/{DAY}")).content
    assert provider.parse_statement(data) == [paid, back]
    for wrong in (b"", b"{}", data.replace(b'"payment"', b'"gift"'), data.replace(b"8888", b"88.88")):
        with pytest.raises(BadStatement):
            provider.parse_statement(wrong)


def _signed(standin, clock, path):
    seen = []

    def keep(request):
        seen.append(request)
        return httpx.Response(500)

    provider = TestPay(merchant_config(standin.keys), transport=httpx.MockTransport(keep), now=clock)
    with pytest.raises(ProviderAway):
        provider._ask("GET", path)
    return seen[0]


def test_while_the_provider_changes_its_key_both_are_good(standin, clock):
    keys = dict(merchant_config(standin.keys).peer_keys)
    standin.rotate()
    keys |= merchant_config(standin.keys).peer_keys
    provider = ours(standin, clock, peer_keys=keys)
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    assert provider.read_callback(told(standin)).state is TradeState.PAID


def test_another_key_of_the_provider_is_not_believed(provider, standin):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    standin.rotate()
    with pytest.raises(CallbackForged, match="no key"):
        provider.read_callback(told(standin))
    with pytest.raises(AnswerNotProven):
        provider.query(NUMBER)


@pytest.mark.parametrize(
    "change", [{"testpay-signature": "AAAA"}, {"testpay-time": "0"}, {"testpay-nonce": "x"}, {"testpay-key": ""}]
)
def test_what_is_not_proven_is_refused(provider, standin, change):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    call = told(standin)
    with pytest.raises(CallbackForged):
        provider.read_callback(heard(call.body, {**call.headers, **change}))


def test_an_old_callback_is_refused(provider, standin):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    with pytest.raises(CallbackForged, match="five minutes"):
        provider.read_callback(told(standin, at=NOW + timedelta(seconds=301)))


def test_an_answer_to_another_question_is_not_believed(standin, clock):
    first = standin(_signed(standin, clock, f"/v1/orders/{NUMBER}"))
    replaying = TestPay(merchant_config(standin.keys), transport=httpx.MockTransport(lambda _: first), now=clock)
    with pytest.raises(AnswerNotProven, match="signature"):
        replaying.query(NUMBER)


@pytest.mark.parametrize(("field", "value"), [("merchant_no", "TP100002"), ("app_id", "other")])
def test_another_merchant_or_app_is_not_us(provider, standin, field, value):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    with pytest.raises(CallbackForeign):
        provider.read_callback(_told_as(standin, **{field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "done"),
        ("amount", 88.88),
        ("amount", "8888"),
        ("amount", 0),
        ("currency", "XXX"),
        ("trade_no", None),
        ("paid_at", "now"),
        ("payer", "x" * 1000),
    ],
)
def test_what_is_signed_but_makes_no_sense_is_refused(provider, standin, field, value):
    provider.start(order(Way.WAP))
    standin.book.choose(KEY, Choice.PAY)
    with pytest.raises(CallbackMalformed):
        provider.read_callback(_told_as(standin, **{field: value}))


def _told_as(standin, **changes):
    """A call-back whose order was changed before it was signed."""
    event_id = list(standin.book.deliveries)[-1]
    known = standin.book.deliveries[event_id]
    event = json.loads(known.body)
    event["order"] |= changes
    standin.book.deliveries[event_id] = replace(known, body=json.dumps(event))
    return told(standin)


def test_a_refund_that_makes_no_sense_is_refused(provider, standin):
    body = b'{"kind":"refund","order":{"merchant_no":"TP100001","app_id":"prewatt-demo"},"refund":{"state":"lost"}}'
    own, stamp = standin.keys.own, str(int(NOW.timestamp()))
    proof = signing.sign(own.private, signing.message("callback", own.serial, stamp, "n", body=body))
    headers = {"testpay-key": own.serial, "testpay-time": stamp, "testpay-nonce": "n", "testpay-signature": proof}
    with pytest.raises(CallbackMalformed):
        provider.read_callback(heard(body, headers))


def test_an_outage_leaves_it_unknown(provider, standin):
    standin.book.settings.outage = True
    with pytest.raises(ProviderAway):
        provider.query(NUMBER)


def test_a_key_that_is_not_known_there_is_refused(standin, clock):
    with pytest.raises(ProviderRefused, match="not_signed"):
        ours(standin, clock, own_serial="merchant-0").query(NUMBER)
    stranger = merchant_config(standin.keys, number="TP100002").secrets
    with pytest.raises(ProviderRefused, match="not_signed"):
        ours(standin, clock, secrets=stranger).query(NUMBER)


def test_an_old_or_changed_question_is_refused(standin, clock):
    late = Clock()
    late.wait(-301)
    with pytest.raises(ProviderRefused, match="five minutes"):
        TestPay(merchant_config(standin.keys), transport=httpx.MockTransport(standin), now=_then(late, clock)).query(
            "X"
        )


def _then(first, second):
    """A clock that jumps after its first look."""
    looks = iter([first])

    def look():
        return next(looks, second)()

    return look


def test_merchants_do_not_see_each_other(standin, clock, provider):
    provider.start(order(Way.WAP))
    other = TestPay(merchant_config(standin.keys, number="TP100002"), transport=httpx.MockTransport(standin), now=clock)
    assert other.query(NUMBER).state is TradeState.UNKNOWN


def test_other_refusals_are_told(provider, standin):
    with pytest.raises(ProviderRefused, match="bad_question"):
        provider._ask("GET", "/v1/statements/yesterday")
    with pytest.raises(ProviderRefused, match="no such question"):
        provider._ask("GET", "/v1/nothing")
    with pytest.raises(ProviderRefused, match="bad_question"):
        provider.start(order(Way.WAP, minor=10**12))
    with pytest.raises(ProviderRefused, match="order_unknown"):
        provider.refund(wish_for_refund())


@pytest.mark.parametrize("changes", [{"own_serial": ""}, {"peer_keys": {}}, {"peer_keys": {"a": "b"}}, {"secrets": {}}])
def test_what_is_missing_is_said(standin, clock, changes):
    with pytest.raises(BadMerchant):
        ours(standin, clock, **changes)


def test_the_answers_and_the_probe(provider):
    assert provider.answer(ok=True).body == b"success"
    assert provider.answer(ok=False).status == 500
    assert "order_unknown" in provider.probe()
