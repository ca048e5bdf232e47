"""Stripe Checkout: what we ask, what we believe."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from tests.providers.merchants import BACK, NOW, STAMP, heard, order, refund, stripe, stripe_config, stripe_standin
from tests.providers.standins.stripe import PAID_AT, error

from prewatt.kernel.money import Money
from prewatt.payments.providers.errors import (
    AnswerNotProven,
    BadMerchant,
    BadStatement,
    CallbackForeign,
    CallbackForged,
    CallbackIrrelevant,
    CallbackMalformed,
    ProviderAway,
    ProviderRefused,
    WayNotOffered,
)
from prewatt.payments.providers.stripe import Stripe
from prewatt.payments.providers.stripe_facts import masked
from prewatt.payments.providers.values import RefundFact, RefundState, TradeFact, TradeState, Way

NUMBER = "PW20261122001"
PAID = datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC)


@pytest.fixture
def standin():
    return stripe_standin()


@pytest.fixture
def ref(standin):
    return stripe(standin).start(order(Way.CHECKOUT)).provider_ref


def told(standin, kind, subject, **changes):
    body = standin.event(kind, subject, **changes)
    return heard(body, {"stripe-signature": standin.signature(body, stamp=STAMP)})


class TestStarting:
    def test_a_session_is_made(self, standin):
        started = stripe(standin).start(order(Way.CHECKOUT, language="en"))
        session = standin.sessions[started.provider_ref]
        assert (started.kind, started.url) == ("redirect", session["url"])
        assert (session["amount_total"], session["currency"]) == (8888, "cny")
        assert session["metadata"] == {"app_id": "prewatt-east", "order_no": NUMBER}
        form = parse_qs(standin.asked[0].content.decode())
        assert form["success_url"] == form["cancel_url"] == [BACK]
        assert form["payment_intent_data[metadata][order_no]"] == [NUMBER]
        assert form["locale"] == ["en"]
        assert standin.asked[0].headers["stripe-version"] == "2024-06-20"

    def test_made_again_it_is_the_same(self, standin):
        ours = stripe(standin)
        assert ours.start(order(Way.CHECKOUT)) == ours.start(order(Way.CHECKOUT))
        assert len(standin.sessions) == 1

    def test_the_same_number_with_another_amount_is_refused(self, standin):
        stripe(standin).start(order(Way.CHECKOUT))
        with pytest.raises(ProviderRefused, match="idempotency_error"):
            stripe(standin).start(order(Way.CHECKOUT, minor=8889))

    def test_a_session_lives_longer_than_stripe_asks_for(self, standin):
        ref = stripe(standin).start(order(Way.CHECKOUT, expires_at=NOW)).provider_ref
        assert standin.sessions[ref]["expires_at"] - STAMP > 30 * 60

    def test_other_ways_are_refused(self, standin):
        with pytest.raises(WayNotOffered):
            stripe(standin).start(order(Way.QR))

    def test_amounts_are_in_the_minor_unit_of_any_currency(self, standin):
        for amount in (Money(500, "JPY"), Money(12_340, "KWD")):
            wish = order(Way.CHECKOUT, f"PW{amount.currency}", amount=amount)
            fact = stripe(standin).query(wish.order_no, stripe(standin).start(wish).provider_ref)
            assert fact.amount == amount


class TestCallbacks:
    def test_a_payment_is_read(self, standin, ref):
        fact = stripe(standin).read_callback(told(standin, "checkout.session.completed", standin.pay(ref)))
        assert isinstance(fact, TradeFact)
        assert (fact.state, fact.order_no, fact.amount) == (TradeState.PAID, NUMBER, Money(8888, "CNY"))
        assert fact.trade_no == standin.sessions[ref]["payment_intent"]
        assert fact.paid_at == PAID + timedelta(seconds=1)
        assert (fact.event_id, fact.payer_hint) == ("evt_1StandIn0000000001", "t***@example.org")
        assert (fact.merchant_no, fact.app_id) == ("acct_1StandIn", "prewatt-east")

    @pytest.mark.parametrize(
        ("kind", "pays", "state"),
        [
            ("checkout.session.completed", "unpaid", TradeState.WAITING),
            ("checkout.session.async_payment_failed", "unpaid", TradeState.CLOSED),
            ("checkout.session.async_payment_succeeded", "paid", TradeState.PAID),
        ],
    )
    def test_a_payment_that_takes_days(self, standin, ref, kind, pays, state):
        fact = stripe(standin).read_callback(told(standin, kind, standin.pay(ref, payment_status=pays)))
        assert fact.state is state

    def test_an_expired_session_is_closed(self, standin, ref):
        session = standin.sessions[ref] | {"status": "expired"}
        fact = stripe(standin).read_callback(told(standin, "checkout.session.expired", session))
        assert isinstance(fact, TradeFact)
        assert (fact.state, fact.trade_no, fact.paid_at) == (TradeState.CLOSED, "", None)

    @pytest.mark.parametrize("kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])
    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("succeeded", RefundState.SUCCEEDED),
            ("pending", RefundState.PENDING),
            ("requires_action", RefundState.PENDING),
            ("failed", RefundState.FAILED),
            ("canceled", RefundState.FAILED),
        ],
    )
    def test_a_refund_is_read(self, standin, ref, kind, word, state):
        intent = standin.pay(ref)["payment_intent"]
        stripe(standin).refund(refund(trade_no=intent))
        back = next(iter(standin.refunds.values())) | {"status": word}
        assert stripe(standin).read_callback(told(standin, kind, back)) == RefundFact(
            refund_no="RF1",
            order_no=NUMBER,
            trade_no=intent,
            refund_ref=back["id"],
            state=state,
            amount=Money(3000, "CNY"),
            raw_state=word,
        )

    def test_a_charge_says_only_that_some_of_it_went_back(self, standin, ref):
        intent = standin.pay(ref)["payment_intent"]
        charge = standin.intents[intent]["latest_charge"] | {"amount_refunded": 3000}
        fact = stripe(standin).read_callback(told(standin, "charge.refunded", charge))
        assert isinstance(fact, RefundFact)
        assert (fact.refund_no, fact.order_no, fact.trade_no, fact.amount) == ("", NUMBER, intent, None)

    def test_what_was_not_made_here_is_not_for_us(self, standin, ref):
        session = standin.pay(ref)
        for kind, subject in (("payout.paid", session), ("checkout.session.completed", session | {"metadata": {}})):
            with pytest.raises(CallbackIrrelevant):
                stripe(standin).read_callback(told(standin, kind, subject))

    def test_another_installation_account_or_mode_is_not_us(self, standin, ref):
        session = standin.pay(ref)
        other = session | {"metadata": {"app_id": "prewatt-west", "order_no": NUMBER}}
        calls = (
            told(standin, "checkout.session.completed", other),
            told(standin, "checkout.session.completed", session, account="acct_2Other"),
            told(standin, "checkout.session.completed", session, livemode=True),
            told(standin, "checkout.session.completed", session, livemode=None),
        )
        for call in calls:
            with pytest.raises(CallbackForeign):
                stripe(standin).read_callback(call)

    def test_our_own_account_may_be_named(self, standin, ref):
        call = told(standin, "checkout.session.completed", standin.pay(ref), account="acct_1StandIn")
        assert stripe(standin).read_callback(call).state is TradeState.PAID

    def test_while_a_secret_rolls_both_are_good(self, standin, ref):
        ours = stripe(standin, secrets={**stripe_config().secrets, "webhook_secret_2": "whsec_next"})
        body = standin.event("checkout.session.completed", standin.pay(ref))
        old, new = (standin.signature(body, stamp=STAMP, secret=secret) for secret in ("", "whsec_next"))
        both = f"{old},{new.split(',')[1]}"
        for header in (old, new, both):
            assert ours.read_callback(heard(body, {"stripe-signature": header})).state is TradeState.PAID

    @pytest.mark.parametrize(
        "header",
        [
            "",
            f"t={STAMP}",
            f"t={STAMP},v0={'0' * 64}",
            f"t={STAMP},v1={'0' * 64}",
            f"t={STAMP},v1=",
            f"v1={'0' * 64}",
            "t=x,v1=y",
            f"t={STAMP}," + ",".join([f"v1={'0' * 64}"] * 50),
        ],
    )
    def test_what_is_not_proven_is_refused(self, standin, ref, header):
        body = standin.event("checkout.session.completed", standin.pay(ref))
        with pytest.raises(CallbackForged):
            stripe(standin).read_callback(heard(body, {"stripe-signature": header}))

    @pytest.mark.parametrize("late_s", [301, -301])
    def test_a_stamp_outside_of_five_minutes_is_refused(self, standin, ref, late_s):
        call = told(standin, "checkout.session.completed", standin.pay(ref))
        with pytest.raises(CallbackForged):
            stripe(standin).read_callback(heard(call.body, dict(call.headers), at=NOW + timedelta(seconds=late_s)))

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount_total": 88.88},
            {"amount_total": "8888"},
            {"amount_total": None},
            {"amount_total": 0},
            {"currency": "xxx"},
            {"currency": None},
            {"payment_status": "no_payment_required"},
            {"status": "done"},
            {"payment_intent": None},
            {"client_reference_id": None},
            {"metadata": "x"},
        ],
    )
    def test_what_is_signed_but_makes_no_sense_is_refused(self, standin, ref, changes):
        with pytest.raises(CallbackMalformed):
            stripe(standin).read_callback(told(standin, "checkout.session.completed", standin.pay(ref) | changes))

    @pytest.mark.parametrize("changes", [{"data": None}, {"created": 0}, {"created": 1.5}, {"id": ""}])
    def test_an_event_that_makes_no_sense_is_refused(self, standin, ref, changes):
        with pytest.raises(CallbackMalformed):
            stripe(standin).read_callback(told(standin, "checkout.session.completed", standin.pay(ref), **changes))

    def test_an_unknown_refund_state_is_refused(self, standin):
        back = {"id": "re_1", "metadata": {"app_id": "prewatt-east"}, "status": "lost"}
        with pytest.raises(CallbackMalformed):
            stripe(standin).read_callback(told(standin, "refund.updated", back))

    def test_the_answers(self, standin):
        assert stripe(standin).answer(ok=True).status == 200
        assert stripe(standin).answer(ok=False, message="forged").status == 400


class TestAsking:
    def test_how_a_payment_stands(self, standin, ref):
        ours = stripe(standin)
        assert ours.query("PWX").state is TradeState.UNKNOWN
        assert ours.query("PWX", "cs_test_nothing").state is TradeState.UNKNOWN
        assert ours.query(NUMBER, ref).state is TradeState.WAITING
        standin.pay(ref)
        fact = ours.query(NUMBER, ref)
        assert (fact.state, fact.amount, fact.paid_at) == (TradeState.PAID, Money(8888, "CNY"), PAID)

    def test_a_lost_reference_is_found_by_our_number_once_paid(self, standin, ref):
        assert stripe(standin).query(NUMBER).state is TradeState.UNKNOWN
        standin.pay(ref)
        assert stripe(standin).query(NUMBER).state is TradeState.PAID

    def test_a_session_that_vanished_is_unknown(self, standin, ref):
        standin.pay(ref)
        standin.sessions.clear()
        assert stripe(standin).query(NUMBER).state is TradeState.UNKNOWN

    def test_a_payment_that_takes_days(self, standin, ref):
        intent = standin.pay(ref, payment_status="unpaid")["payment_intent"]
        assert stripe(standin).query(NUMBER, ref).state is TradeState.WAITING
        standin.intents[intent]["status"] = "requires_payment_method"
        assert stripe(standin).query(NUMBER, ref).state is TradeState.CLOSED

    def test_closing(self, standin, ref):
        ours = stripe(standin)
        assert ours.close("PWX").state is TradeState.UNKNOWN
        assert ours.close(NUMBER, ref).state is TradeState.CLOSED
        assert ours.close(NUMBER, ref).raw_state == "expired/unpaid"

    def test_closing_what_was_paid_tells_that(self, standin, ref):
        standin.pay(ref)
        assert stripe(standin).close(NUMBER, ref).state is TradeState.PAID

    def test_paid_between_the_two_questions_of_closing(self, standin, ref):
        asked = []

        def handler(request):
            asked.append(request)
            if request.url.path.endswith("/expire"):
                standin.pay(ref)
            return standin(request)

        assert stripe(handler).close(NUMBER, ref).state is TradeState.PAID

    def test_refunds_in_parts_then_all(self, standin, ref):
        ours, intent = stripe(standin), standin.pay(ref)["payment_intent"]
        assert ours.query_refund(refund(trade_no=intent)).state is RefundState.UNKNOWN
        first = ours.refund(refund(trade_no=intent))
        assert (first.state, first.amount) == (RefundState.SUCCEEDED, Money(3000, "CNY"))
        assert ours.query(NUMBER, ref).state is TradeState.PAID
        ours.refund(refund("RF2", 5888, trade_no=intent))
        assert ours.query(NUMBER, ref).state is TradeState.REFUNDED
        with pytest.raises(ProviderRefused, match="amount_too_large"):
            ours.refund(refund("RF3", 1, trade_no=intent))

    def test_a_refund_repeated_long_after_stripe_forgot_the_key(self, standin, ref):
        ours, intent = stripe(standin), standin.pay(ref)["payment_intent"]
        first = ours.refund(refund(trade_no=intent))
        standin.once.clear()
        assert ours.refund(refund(trade_no=intent)) == first
        assert len(standin.refunds) == 1

    def test_long_lists_are_read_to_their_end(self, standin, ref):
        ours, intent = stripe(standin), standin.pay(ref)["payment_intent"]
        standin.page = 2
        for number in range(5):
            ours.refund(refund(f"RF{number}", 100, trade_no=intent))
        assert ours.query_refund(refund("RF4", trade_no=intent)).state is RefundState.SUCCEEDED
        assert ours.query_refund(refund("RF9", trade_no=intent)).state is RefundState.UNKNOWN

    def test_a_list_without_end_is_left(self, standin, monkeypatch):
        monkeypatch.setattr("prewatt.payments.providers.stripe._PAGES_MAX", 3)
        standin.answers["/v1/refunds"] = httpx.Response(200, json={"data": [{"id": "re_1"}], "has_more": True})
        with pytest.raises(AnswerNotProven, match="3 pages"):
            stripe(standin).query_refund(refund(trade_no="pi_1"))

    @pytest.mark.parametrize("status", [409, 429, 500, 503])
    def test_when_stripe_does_not_know_neither_do_we(self, standin, ref, status):
        standin.answers[f"/v1/checkout/sessions/{ref}"] = httpx.Response(status, json={})
        with pytest.raises(ProviderAway):
            stripe(standin).query(NUMBER, ref)

    def test_a_wrong_key_is_told_without_showing_it(self, standin):
        with pytest.raises(ProviderRefused, match="Invalid API Key") as told_:
            stripe(standin, secrets={"api_key": "sk_test_wrong", "webhook_secret": "x"}).probe()
        assert "sk_test_wrong" not in str(told_.value)

    def test_other_refusals_are_told(self, standin, ref):
        standin.answers[f"/v1/checkout/sessions/{ref}"] = error(400, "parameter_invalid", "No")
        with pytest.raises(ProviderRefused, match="parameter_invalid"):
            stripe(standin).query(NUMBER, ref)

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id":1,"id":2}'])
    def test_what_is_no_answer(self, standin, ref, body):
        standin.answers[f"/v1/checkout/sessions/{ref}"] = httpx.Response(200, content=body)
        with pytest.raises(AnswerNotProven):
            stripe(standin).query(NUMBER, ref)

    def test_an_answer_about_another_order_is_not_ours(self, standin, ref):
        with pytest.raises(AnswerNotProven, match="another order"):
            stripe(standin).query("PW2", ref)

    def test_the_probe(self, standin):
        assert stripe(standin).probe() == "Stripe answered to this key, in test mode"


class TestStatements:
    def test_a_day_is_fetched(self, standin, ref):
        intent = standin.pay(ref)["payment_intent"]
        charge = standin.intents[intent]["latest_charge"]
        stripe(standin).refund(refund(trade_no=intent))
        back = next(iter(standin.refunds.values()))
        standin.page = 1
        standin.move("charge", charge, amount=8888, fee=288, created=PAID_AT)
        standin.move("refund", back, amount=-3000, fee=0, created=PAID_AT + 60)
        standin.move("payout", {"id": "po_1"}, amount=-5000, fee=0, created=PAID_AT + 90)
        standin.move("charge", charge, amount=1, fee=0, created=PAID_AT - 86_400)
        paid, returned = stripe(standin).fetch_statement(date(2026, 11, 22))
        assert (paid.kind, paid.trade_no, paid.order_no) == ("payment", intent, NUMBER)
        assert (paid.amount, paid.fee, paid.at) == (Money(8888, "CNY"), Money(288, "CNY"), PAID)
        assert (returned.kind, returned.refund_no, returned.amount) == ("refund", "RF1", Money(3000, "CNY"))

    def test_a_person_may_give_the_itemized_report(self, standin):
        data = (
            b"balance_transaction_id,created,available_on,currency,gross,fee,net,reporting_category,source_id,"
            b"payment_intent_id,payment_metadata[order_no]\r\n"
            b"txn_1,2026-11-22 06:30:05,2026-11-24 00:00:00,cny,88.88,2.88,86.00,charge,ch_1,pi_1,PW1\r\n"
            b"txn_2,2026-11-22 07:30:05,2026-11-24 00:00:00,cny,-30.00,0.00,-30.00,refund,re_1,pi_1,PW1\r\n"
            b"txn_3,2026-11-22 08:30:05,2026-11-24 00:00:00,cny,-50.00,0.00,-50.00,payout,po_1,,\r\n"
        )
        paid, back = stripe(standin).parse_statement(data)
        assert (paid.trade_no, paid.order_no, paid.amount, paid.fee) == (
            "pi_1",
            "PW1",
            Money(8888, "CNY"),
            Money(288, "CNY"),
        )
        assert (back.kind, back.amount, back.at) == (
            "refund",
            Money(3000, "CNY"),
            datetime(2026, 11, 22, 7, 30, 5, tzinfo=UTC),
        )
        for was, is_now in ((b"cny", b"zzz"), (b"2026-11-22 06:30:05", b"22/11/2026"), (b"88.88", b"88.888")):
            with pytest.raises(BadStatement):
                stripe(standin).parse_statement(data.replace(was, is_now))


class TestMerchant:
    @pytest.mark.parametrize("lacks", ["api_key", "webhook_secret"])
    def test_what_is_missing_is_said(self, lacks):
        secrets = {name: value for name, value in stripe_config().secrets.items() if name != lacks}
        with pytest.raises(BadMerchant, match=lacks):
            Stripe(stripe_config(secrets=secrets))

    def test_no_secret_shows(self):
        shown = repr(stripe_config()) + repr(Stripe(stripe_config()))
        assert "sk_test" not in shown
        assert "whsec" not in shown

    def test_a_mail_address_is_masked(self):
        assert masked("tenant@example.org") == "t***@example.org"
        assert masked("none") == ""
