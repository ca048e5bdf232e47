"""Alipay: what we ask, what we believe."""

from datetime import UTC, date, datetime

import httpx
import pytest
from tests.providers.merchants import BACK, NOTIFY, alipay, alipay_config, alipay_standin, heard, order, refund
from tests.providers.standins.alipay import bill_row, refusal
from tests.providers.standins.rsa_keys import bare, private_pem, public_pem

from prewatt.kernel.money import Money
from prewatt.payments.providers.alipay import Alipay
from prewatt.payments.providers.errors import (
    AnswerNotProven,
    BadMerchant,
    BadStatement,
    CallbackForeign,
    CallbackMalformed,
    ProviderAway,
    ProviderRefused,
    StatementNotReady,
    WayNotOffered,
)
from prewatt.payments.providers.registry import CHANNELS, provider_for
from prewatt.payments.providers.values import RefundFact, RefundState, TradeFact, TradeState, Way

NUMBER = "PW20261122001"


@pytest.fixture
def standin():
    return alipay_standin()


@pytest.fixture
def paid(standin):
    alipay(standin).start(order(Way.QR))
    standin.pay(NUMBER)
    return standin


class TestStarting:
    def test_a_page_is_a_signed_address(self, standin):
        started = alipay(standin).start(order(Way.PAGE))
        params = standin.open_page(started.url)
        assert started.kind == "redirect"
        assert params["method"] == "alipay.trade.page.pay"
        assert params["notify_url"] == NOTIFY
        assert params["return_url"] == BACK
        assert params["timestamp"] == "2026-11-22 14:30:10"  # Beijing's, as Alipay wants it
        assert '"time_expire":"2026-11-22 15:00:10"' in params["biz_content"]
        assert standin.trades[NUMBER].amount == "88.88"

    def test_a_phone_comes_back_when_it_gives_up(self, standin):
        params = standin.open_page(alipay(standin).start(order(Way.WAP)).url)
        assert params["method"] == "alipay.trade.wap.pay"
        assert f'"quit_url":"{BACK}"' in params["biz_content"]
        assert '"product_code":"QUICK_WAP_WAY"' in params["biz_content"]

    def test_a_qr_code_is_asked_for(self, standin):
        started = alipay(standin).start(order(Way.QR))
        assert (started.kind, started.url) == ("qr", f"https://qr.alipay.com/{NUMBER}")
        assert standin.asked[0]["notify_url"] == NOTIFY

    def test_other_ways_and_currencies_are_refused(self, standin):
        with pytest.raises(WayNotOffered, match="jsapi"):
            alipay(standin).start(order(Way.JSAPI))
        with pytest.raises(WayNotOffered, match="EUR"):
            alipay(standin).start(order(Way.QR, amount=Money(100, "EUR")))

    def test_another_key_than_ours_is_not_understood_there(self, standin):
        stranger = alipay(standin, secrets={"private_key_pem": private_pem("stranger")})
        with pytest.raises(AnswerNotProven, match=r"isv\.invalid-signature"):
            stranger.start(order(Way.QR))


class TestCallbacks:
    def test_a_payment_is_read(self, paid):
        fact = alipay(paid).read_callback(heard(paid.body(NUMBER)))
        assert fact == TradeFact(
            order_no=NUMBER,
            trade_no=paid.trades[NUMBER].trade_no,
            state=TradeState.PAID,
            amount=Money(8888, "CNY"),
            merchant_no="2088000000000001",
            app_id="2021000000000001",
            paid_at=datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC),
            raw_state="TRADE_SUCCESS",
            event_id="2026112200222143006000001",
            payer_hint="159***620",
        )

    @pytest.mark.parametrize(
        ("status", "changes", "state"),
        [
            ("WAIT_BUYER_PAY", {"gmt_payment": ""}, TradeState.WAITING),
            ("TRADE_CLOSED", {"gmt_payment": ""}, TradeState.CLOSED),
            ("TRADE_CLOSED", {}, TradeState.REFUNDED),
            ("TRADE_FINISHED", {}, TradeState.PAID),
            ("TRADE_SUCCESS", {"refund_fee": "0.00"}, TradeState.PAID),
        ],
    )
    def test_only_paid_is_paid(self, paid, status, changes, state):
        body = paid.body(NUMBER, trade_status=status, **changes)
        assert alipay(paid).read_callback(heard(body)).state is state

    def test_after_a_refund_the_sum_of_all_of_them_is_told(self, paid):
        body = paid.body(NUMBER, refund_fee="30.00", out_biz_no="RF1", gmt_refund="2026-11-22 15:00:00.000")
        fact = alipay(paid).read_callback(heard(body))
        assert fact == RefundFact(
            refund_no="RF1",
            order_no=NUMBER,
            trade_no=paid.trades[NUMBER].trade_no,
            refund_ref="",
            state=RefundState.SUCCEEDED,
            amount=None,
            raw_state="TRADE_SUCCESS",
        )

    def test_while_a_key_rotates_both_are_good(self, paid):
        ours = alipay(paid, peer_keys={"old": public_pem("provider"), "new": public_pem("provider-next")})
        before = ours.read_callback(heard(paid.body(NUMBER)))
        paid.signs_with = "provider-next"
        assert ours.read_callback(heard(paid.body(NUMBER))) == before

    @pytest.mark.parametrize("changes", [{"app_id": "2021000000000002"}, {"seller_id": "2088000000000002"}])
    def test_another_app_or_seller_is_not_us(self, paid, changes):
        with pytest.raises(CallbackForeign):
            alipay(paid).read_callback(heard(paid.body(NUMBER, **changes)))

    @pytest.mark.parametrize(
        "changes",
        [
            {"total_amount": "88.888"},
            {"total_amount": "0.30000000000000004"},
            {"total_amount": "8.888e1"},
            {"total_amount": "-88.88"},
            {"total_amount": "0.00"},
            {"total_amount": "٨٨.٨٨"},
            {"total_amount": "88,88"},
            {"total_amount": ""},
            {"trade_status": "TRADE_PAID"},
            {"gmt_payment": "2026-02-30 10:00:00"},
            {"gmt_payment": "yesterday"},
            {"trade_no": ""},
            {"trade_no": "a b"},
            {"out_trade_no": "x" * 200},
            {"buyer_logon_id": "nul\x00"},
            {"charset": "gbk"},
        ],
    )
    def test_what_is_signed_but_makes_no_sense_is_refused(self, paid, changes):
        with pytest.raises(CallbackMalformed):
            alipay(paid).read_callback(heard(paid.body(NUMBER, **changes)))

    def test_the_answers_are_the_two_words(self, standin):
        assert alipay(standin).answer(ok=True).body == b"success"
        assert alipay(standin).answer(ok=False, message="forged").body == b"fail"
        assert alipay(standin).answer(ok=False).status == 200


class TestAsking:
    def test_how_a_payment_stands(self, standin):
        ours = alipay(standin)
        assert ours.query(NUMBER).state is TradeState.UNKNOWN
        ours.start(order(Way.QR))
        assert ours.query(NUMBER).state is TradeState.WAITING
        standin.pay(NUMBER)
        fact = ours.query(NUMBER)
        assert (fact.state, fact.amount, fact.raw_state) == (TradeState.PAID, Money(8888, "CNY"), "TRADE_SUCCESS")
        assert fact.paid_at == datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC)

    def test_closing(self, standin):
        ours = alipay(standin)
        assert ours.close(NUMBER).state is TradeState.UNKNOWN
        ours.start(order(Way.QR))
        assert ours.close(NUMBER).state is TradeState.CLOSED
        assert ours.query(NUMBER).state is TradeState.CLOSED

    def test_closing_what_was_paid_tells_that(self, paid):
        assert alipay(paid).close(NUMBER).state is TradeState.PAID

    def test_refunds_in_parts_then_all(self, paid):
        ours = alipay(paid)
        assert ours.query_refund(refund()).state is RefundState.UNKNOWN
        first = ours.refund(refund())
        assert (first.state, first.amount) == (RefundState.SUCCEEDED, Money(3000, "CNY"))
        assert ours.query_refund(refund()).amount == Money(3000, "CNY")
        assert ours.query(NUMBER).state is TradeState.PAID
        ours.refund(refund("RF2", 5888))
        assert ours.query(NUMBER).state is TradeState.REFUNDED

    def test_a_refund_asked_for_twice_moves_nothing_and_is_asked_about(self, paid):
        ours = alipay(paid)
        ours.refund(refund())
        again = ours.refund(refund())
        assert (again.state, again.raw_state) == (RefundState.PENDING, "fund_change=N")
        assert paid.trades[NUMBER].refunds == {"RF1": "30.00"}
        assert ours.query_refund(refund()).state is RefundState.SUCCEEDED

    def test_a_refund_of_what_is_not_known_there(self, standin):
        assert alipay(standin).query_refund(refund()).state is RefundState.UNKNOWN
        with pytest.raises(ProviderRefused, match=r"ACQ\.TRADE_NOT_EXIST"):
            alipay(standin).refund(refund())

    @pytest.mark.parametrize("method", ["query", "close"])
    def test_other_refusals_are_told(self, standin, method):
        standin.answers[f"alipay.trade.{method}"] = refusal("ACQ.INVALID_PARAMETER", "参数无效")
        with pytest.raises(ProviderRefused, match="参数无效") as told:
            getattr(alipay(standin), method)(NUMBER)
        assert told.value.provider_code == "ACQ.INVALID_PARAMETER"

    @pytest.mark.parametrize(
        "said", [{"code": "20000", "msg": "Service Currently Unavailable"}, refusal("ACQ.SYSTEM_ERROR")]
    )
    def test_when_alipay_does_not_know_neither_do_we(self, standin, said):
        standin.answers["alipay.trade.query"] = said
        with pytest.raises(ProviderAway):
            alipay(standin).query(NUMBER)

    def test_the_probe_is_a_signed_question(self, standin):
        assert "ACQ.TRADE_NOT_EXIST" in alipay(standin).probe()
        assert standin.asked[0]["method"] == "alipay.trade.query"


class TestBelieving:
    """An answer counts when the very text that was sent is signed, and when it is about what was asked."""

    def test_while_a_key_rotates_both_are_good(self, paid):
        ours = alipay(paid, peer_keys={"old": public_pem("provider"), "new": public_pem("provider-next")})
        paid.signs_with = "provider-next"
        assert ours.query(NUMBER).state is TradeState.PAID

    @pytest.mark.parametrize(
        "mangle",
        [
            lambda body: body.replace(b"88.88", b"88.89"),
            lambda body: body.replace(b"TRADE_SUCCESS", b"TRADE_FINISHED"),
            lambda body: body.replace(b'"sign":"', b'"sign":"A'),
            lambda body: body.replace(b'"sign":', b'"sing":'),
            lambda body: body.replace(b'{"alipay', b'{"x":1,"alipay', 1).replace(b'"code"', b' "code"'),
            lambda body: body[:-10],
            lambda _: b"",
            lambda _: b"[]",
            lambda _: b"<html>",
            lambda body: body.replace(b"_response", b"_answer"),
            lambda body: body.replace(b'"sign"', b'"sign":"x","sign"'),
            lambda body: body.replace(b'"trade_status"', b'"trade_status":"WAIT_BUYER_PAY","trade_status"'),
            lambda _: b'{"alipay_trade_query_response":"text","sign":""}',
        ],
    )
    def test_anything_else_is_not_believed(self, paid, mangle):
        paid.mangle = mangle
        with pytest.raises(AnswerNotProven):
            alipay(paid).query(NUMBER)

    def test_spaces_around_the_signed_text_do_not_matter(self, paid):
        paid.mangle = lambda body: body.replace(
            b'{"alipay_trade_query_response":', b' { "alipay_trade_query_response" : '
        )
        assert alipay(paid).query(NUMBER).state is TradeState.PAID

    def test_an_answer_about_another_order_is_not_ours(self, paid):
        alipay(paid).start(order(Way.QR, "PW2"))
        paid.answers["alipay.trade.query"] = {
            "code": "10000", "out_trade_no": "PW2", "trade_no": "1", "trade_status": "TRADE_SUCCESS",
            "total_amount": "88.88",
        }  # fmt: skip
        with pytest.raises(AnswerNotProven, match="another out_trade_no"):
            alipay(paid).query(NUMBER)

    def test_an_error_may_carry_another_name(self, standin):
        standin.mangle = lambda body: body.replace(b"alipay_trade_query_response", b"error_response")
        assert alipay(standin).query(NUMBER).state is TradeState.UNKNOWN

    def test_no_answer_and_other_statuses_leave_it_unknown(self):
        with pytest.raises(ProviderAway, match="502"):
            alipay(lambda _: httpx.Response(502)).query(NUMBER)


class TestStatements:
    ROWS = (
        bill_row(trade_no="2026112222001", order_no=NUMBER, kind="交易", amount="88.88", fee="-0.53"),
        bill_row(trade_no="2026112222001", order_no=NUMBER, kind="退款", amount="-30.00", fee="0.18", refund_no="RF1"),
    )

    def test_a_day_is_fetched(self, standin):
        standin.bills["2026-11-22"] = standin.bill(self.ROWS)
        paid, back = alipay(standin).fetch_statement(date(2026, 11, 22))
        assert (paid.kind, paid.order_no, paid.amount, paid.fee) == (
            "payment",
            NUMBER,
            Money(8888, "CNY"),
            Money(53, "CNY"),
        )
        assert (paid.trade_no, paid.refund_no) == ("2026112222001", "")
        assert paid.at == datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC)
        assert (back.kind, back.refund_no, back.amount) == ("refund", "RF1", Money(3000, "CNY"))
        assert back.fee == Money(-18, "CNY")

    def test_a_day_without_a_file(self, standin):
        with pytest.raises(StatementNotReady):
            alipay(standin).fetch_statement(date(2026, 11, 22))
        standin.answers["alipay.data.dataservice.bill.downloadurl.query"] = refusal("isv.insufficient-isv-permissions")
        with pytest.raises(ProviderRefused):
            alipay(standin).fetch_statement(date(2026, 11, 22))

    def test_the_old_address_is_asked_by_tls(self, standin):
        seen = []

        def handler(request):
            seen.append(str(request.url))
            if request.url.host == "standin":
                return standin(request)
            return httpx.Response(404)

        standin.answers["alipay.data.dataservice.bill.downloadurl.query"] = {
            "code": "10000", "bill_download_url": "http://dwbillcenter.alipay.com/downloadBillFile.resource?x=1",
        }  # fmt: skip
        with pytest.raises(ProviderAway, match="404"):
            alipay(handler).fetch_statement(date(2026, 11, 22))
        assert seen[-1].startswith("https://dwbillcenter.alipay.com/")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_a_person_may_give_the_table_alone(self, standin, encoding):
        data = standin.bill(self.ROWS, encoding=encoding, zipped=False)
        assert len(alipay(standin).parse_statement(data)) == 2

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (bill_row(trade_no="1", order_no="2", kind="转账", amount="1.00", fee="0"), "neither"),
            (bill_row(trade_no="1", order_no="2", kind="交易", amount="1.005", fee="0"), "amount"),
            (bill_row(trade_no="", order_no="2", kind="交易", amount="1.00", fee="0"), "trade_no"),
            (bill_row(trade_no="1", order_no="2", kind="交易", amount="0.00", fee="0"), "above zero"),
            (bill_row(trade_no="1", order_no="2", kind="交易", amount="1.00", fee="none"), "fee"),
            (bill_row(trade_no="1", order_no="2", kind="交易", amount="1.00", fee="0", at="2026-11-22"), "time"),
            ("1,2,3", "cells"),
        ],
    )
    def test_a_row_that_is_not_understood_stops_it(self, standin, row, why):
        with pytest.raises(BadStatement, match=why):
            alipay(standin).parse_statement(standin.bill([row]))

    def test_what_is_no_statement(self, standin):
        for data in (b"", b"hello", b"PK\x03\x04 not a zip", "总计,1".encode("gb18030")):
            with pytest.raises(BadStatement):
                alipay(standin).parse_statement(data)


class TestMerchant:
    def test_keys_are_read_as_they_are_given_out(self, paid):
        secret = {"private_key_pem": bare(private_pem("own"))}
        ours = alipay(paid, secrets=secret, peer_keys={"": bare(public_pem("provider"))})
        assert ours.query(NUMBER).state is TradeState.PAID

    @pytest.mark.parametrize(
        "changes",
        [
            {"merchant_no": ""},
            {"app_id": ""},
            {"secrets": {}},
            {"secrets": {"private_key_pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}},
            {"secrets": {"private_key_pem": "不"}},
            {"peer_keys": {}},
            {"peer_keys": {"": "AAAA"}},
            {"peer_keys": {"": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}},
            {"gateway_url": "http://openapi.alipay.com/gateway.do"},
            {"gateway_url": "https://[broken"},
        ],
    )
    def test_what_is_missing_is_said(self, changes):
        with pytest.raises(BadMerchant) as told:
            Alipay(alipay_config(**changes))
        assert "AAAA" not in str(told.value)

    def test_the_registry_knows_it(self):
        assert sorted(CHANNELS) == ["alipay", "stripe", "testpay", "wechat"]
        assert provider_for(alipay_config()).channel == "alipay"
        with pytest.raises(BadMerchant, match="paypal"):
            provider_for(alipay_config(channel="paypal"))

    def test_no_secret_shows(self):
        config = alipay_config()
        told = repr(config) + repr(provider_for(config))
        assert "PRIVATE KEY" not in told
        assert bare(private_pem("own"))[:40] not in told
