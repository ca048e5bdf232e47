"""WeChat Pay: what we ask, what we believe."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from tests.providers.merchants import NOTIFY, NOW, STAMP, heard, order, refund, wechat, wechat_config, wechat_standin
from tests.providers.standins.rsa_keys import certificate_pem, private_pem, public_pem, verify
from tests.providers.standins.wechat import bill_row

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
    StatementNotReady,
    WayNotOffered,
)
from prewatt.payments.providers.values import RefundFact, RefundState, TradeFact, TradeState, Way
from prewatt.payments.providers.wechat import WeChat

NUMBER = "PW20261122001"


@pytest.fixture
def standin():
    return wechat_standin()


@pytest.fixture
def paid(standin):
    wechat(standin).start(order(Way.QR))
    standin.pay(NUMBER)
    return standin


def told(standin, **changes):
    """A call-back about the payment, changed before it was sealed."""
    headers, body = standin.callback(standin.transaction(NUMBER) | changes)
    return heard(body, headers)


class TestStarting:
    def test_native_is_a_qr_code(self, standin):
        started = wechat(standin).start(order(Way.QR))
        assert (started.kind, started.url) == ("qr", f"weixin://wxpay/bizpayurl?pr={NUMBER}")
        wish = standin.asked[0].content.decode()
        assert f'"notify_url":"{NOTIFY}"' in wish
        assert '"amount":{"total":8888,"currency":"CNY"}' in wish
        assert '"time_expire":"2026-11-22T15:00:10+08:00"' in wish

    def test_jsapi_hands_signed_parameters_to_the_bridge(self, standin):
        started = wechat(standin).start(order(Way.JSAPI, payer="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"))
        given = started.params
        assert started.kind == "jsapi"
        assert given["package"] == f"prepay_id=wx22143000{NUMBER}"
        lines = (given["appId"], given["timeStamp"], given["nonceStr"], given["package"])
        verify("own", "".join(f"{line}\n" for line in lines).encode(), given["paySign"])
        assert given["signType"] == "RSA"
        assert '"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}' in standin.asked[0].content.decode()

    def test_h5_leads_back_to_us(self, standin):
        started = wechat(standin).start(order(Way.H5, address="203.0.113.7"))
        assert started.kind == "redirect"
        assert started.url.startswith("https://wx.tenpay.com/")
        assert started.url.endswith("&redirect_url=https%3A%2F%2Fpower.example.org%2Fmy%2Forders%2F0190")
        assert '"payer_client_ip":"203.0.113.7"' in standin.asked[0].content.decode()

    def test_a_way_needs_to_know_its_payer(self, standin):
        for way in (Way.JSAPI, Way.H5, Way.PAGE):
            with pytest.raises(WayNotOffered):
                wechat(standin).start(order(way))

    def test_a_long_subject_is_cut_between_two_letters(self, standin):
        wechat(standin).start(order(Way.QR, subject="电" * 100))
        assert f'"description":"{"电" * 42}"' in standin.asked[0].content.decode()

    def test_another_key_than_ours_is_not_understood_there(self, standin):
        stranger = wechat(standin, secrets={**wechat_config().secrets, "private_key_pem": private_pem("stranger")})
        with pytest.raises(AnswerNotProven, match="SIGN_ERROR"):
            stranger.start(order(Way.QR))


class TestCallbacks:
    def test_a_payment_is_read(self, paid):
        assert wechat(paid).read_callback(told(paid)) == TradeFact(
            order_no=NUMBER,
            trade_no=paid.trades[NUMBER].transaction_id,
            state=TradeState.PAID,
            amount=Money(8888, "CNY"),
            merchant_no="1900000001",
            app_id="wx0000000000000001",
            paid_at=datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC),
            raw_state="SUCCESS",
            event_id="EV-2026112214300612345",
            payer_hint="jWeS6o",
        )

    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("REFUND", TradeState.REFUNDED),
            ("NOTPAY", TradeState.WAITING),
            ("USERPAYING", TradeState.WAITING),
            ("PAYERROR", TradeState.WAITING),
            ("CLOSED", TradeState.CLOSED),
            ("REVOKED", TradeState.CLOSED),
        ],
    )
    def test_only_success_is_paid(self, paid, word, state):
        assert wechat(paid).read_callback(told(paid, trade_state=word)).state is state

    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("SUCCESS", RefundState.SUCCEEDED),
            ("ABNORMAL", RefundState.PENDING),
            ("CLOSED", RefundState.FAILED),
            ("PROCESSING", RefundState.PENDING),
        ],
    )
    def test_a_refund_is_read(self, paid, status, state):
        wechat(paid).refund(refund())
        headers, body = paid.callback(paid.refund_told("RF1", status), f"REFUND.{status}")
        assert wechat(paid).read_callback(heard(body, headers)) == RefundFact(
            refund_no="RF1",
            order_no=NUMBER,
            trade_no=paid.trades[NUMBER].transaction_id,
            refund_ref=paid.trades[NUMBER].refunds["RF1"]["refund_id"],
            state=state,
            amount=Money(3000, "CNY"),
            raw_state=status,
        )

    def test_an_unknown_refund_state_is_refused(self, paid):
        wechat(paid).refund(refund())
        headers, body = paid.callback(paid.refund_told("RF1", "LOST"), "REFUND.SUCCESS")
        with pytest.raises(CallbackMalformed):
            wechat(paid).read_callback(heard(body, headers))

    def test_other_events_are_not_for_us(self, paid):
        headers, body = paid.callback({"mchid": "1900000001"}, "COUPON.USE")
        with pytest.raises(CallbackIrrelevant):
            wechat(paid).read_callback(heard(body, headers))

    @pytest.mark.parametrize("changes", [{"mchid": "1900000002"}, {"appid": "wx0000000000000002"}, {"mchid": None}])
    def test_another_merchant_or_app_is_not_us(self, paid, changes):
        with pytest.raises(CallbackForeign):
            wechat(paid).read_callback(told(paid, **changes))

    def test_another_merchants_refund_is_not_ours(self, paid):
        wechat(paid).refund(refund())
        headers, body = paid.callback(paid.refund_told("RF1") | {"mchid": "1900000002"}, "REFUND.SUCCESS")
        with pytest.raises(CallbackForeign):
            wechat(paid).read_callback(heard(body, headers))

    @pytest.mark.parametrize("late_s", [301, -301, 90 * 86_400])
    def test_a_stamp_outside_of_five_minutes_is_refused(self, paid, late_s):
        call = told(paid)
        with pytest.raises(CallbackForged, match="five minutes"):
            wechat(paid).read_callback(heard(call.body, dict(call.headers), at=NOW + timedelta(seconds=late_s)))

    @pytest.mark.parametrize("stamp", ["", "now", "-5", "1e9", f" {STAMP}", f"{STAMP}.0", "٠" * 10, "9" * 30])
    def test_a_stamp_that_is_none_is_refused(self, paid, stamp):
        call = told(paid)
        with pytest.raises(CallbackForged):
            wechat(paid).read_callback(heard(call.body, {**call.headers, "wechatpay-timestamp": stamp}))

    @pytest.mark.parametrize(
        "change",
        [
            {"wechatpay-serial": "PLATFORM0009"},
            {"wechatpay-serial": ""},
            {"wechatpay-signature": "WECHATPAY/SIGNTEST/abc"},  # WeChat Pay itself sends such, to see whether we look
            {"wechatpay-signature": ""},
            {"wechatpay-nonce": "other"},
            {"wechatpay-signature-type": "WECHATPAY2-SM2-WITH-SM3"},
        ],
    )
    def test_what_is_not_proven_is_refused(self, paid, change):
        call = told(paid)
        with pytest.raises(CallbackForged):
            wechat(paid).read_callback(heard(call.body, {**call.headers, **change}))

    def test_the_seal_is_a_proof_too(self, paid):
        paid.api_v3_key = "f" * 32
        with pytest.raises(CallbackForged, match="another key"):
            wechat(paid).read_callback(told(paid))

    def test_while_the_seal_key_rotates_both_are_good(self, paid):
        ours = wechat(paid, secrets={**wechat_config().secrets, "api_v3_key_2": "f" * 32})
        assert ours.read_callback(told(paid)).state is TradeState.PAID
        paid.api_v3_key = "f" * 32
        assert ours.read_callback(told(paid)).state is TradeState.PAID

    @pytest.mark.parametrize(
        "resource", [{"algorithm": "AEAD_SM4_GCM"}, {"nonce": "short"}, {"ciphertext": "!"}, {"associated_data": "x"}]
    )
    def test_another_seal_is_refused(self, paid, resource):
        event = paid.event(paid.transaction(NUMBER))
        headers, body = paid.callback(paid.transaction(NUMBER), resource=event["resource"] | resource)
        with pytest.raises(CallbackForged):
            wechat(paid).read_callback(heard(body, headers))

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount": {"total": 88.88, "currency": "CNY"}},
            {"amount": {"total": "8888", "currency": "CNY"}},
            {"amount": {"total": True, "currency": "CNY"}},
            {"amount": {"total": 0, "currency": "CNY"}},
            {"amount": {"total": -1, "currency": "CNY"}},
            {"amount": {"total": 10**30, "currency": "CNY"}},
            {"amount": {"total": 8888, "currency": "XXX"}},
            {"amount": {"total": 8888}},
            {"amount": 8888},
            {"amount": None},
            {"trade_state": "PAID"},
            {"transaction_id": ""},
            {"success_time": "2026-11-22 14:30:05"},
            {"success_time": "2026-13-22T14:30:05+08:00"},
            {"out_trade_no": ["a"]},
        ],
    )
    def test_what_is_signed_but_makes_no_sense_is_refused(self, paid, changes):
        with pytest.raises(CallbackMalformed):
            wechat(paid).read_callback(told(paid, **changes))

    def test_another_currency_is_told_as_it_is(self, paid):
        fact = wechat(paid).read_callback(told(paid, amount={"total": 8888, "currency": "USD"}))
        assert fact.amount == Money(8888, "USD")

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"resource":1}', b"\xff", b'{"a":1,"a":1}', b"[" * 5000])
    def test_a_signed_body_that_is_no_event(self, paid, body):
        with pytest.raises(CallbackMalformed):
            wechat(paid).read_callback(heard(body, paid.proof(body)))

    def test_the_answers(self, standin):
        good, bad = wechat(standin).answer(ok=True), wechat(standin).answer(ok=False, message="forged")
        assert (good.status, good.body.decode()) == (200, '{"code": "SUCCESS", "message": "成功"}')
        assert (bad.status, bad.body.decode()) == (500, '{"code": "FAIL", "message": "forged"}')


class TestAsking:
    def test_how_a_payment_stands(self, standin):
        ours = wechat(standin)
        assert ours.query(NUMBER).state is TradeState.UNKNOWN
        ours.start(order(Way.QR))
        waiting = ours.query(NUMBER)
        assert (waiting.state, waiting.trade_no, waiting.amount) == (TradeState.WAITING, "", Money(8888, "CNY"))
        standin.pay(NUMBER)
        fact = ours.query(NUMBER)
        assert (fact.state, fact.amount) == (TradeState.PAID, Money(8888, "CNY"))
        assert fact.trade_no == standin.trades[NUMBER].transaction_id

    def test_closing(self, standin):
        ours = wechat(standin)
        assert ours.close(NUMBER).state is TradeState.UNKNOWN
        ours.start(order(Way.QR))
        assert ours.close(NUMBER).state is TradeState.CLOSED
        assert ours.query(NUMBER).state is TradeState.CLOSED

    def test_closing_what_was_paid_tells_that(self, paid):
        assert wechat(paid).close(NUMBER).state is TradeState.PAID

    def test_refunds_take_their_time(self, paid):
        ours = wechat(paid)
        assert ours.query_refund(refund()).state is RefundState.UNKNOWN
        first = ours.refund(refund())
        assert (first.state, first.amount) == (RefundState.PENDING, Money(3000, "CNY"))
        assert ours.refund(refund()) == first
        paid.refund_told("RF1")
        assert ours.query_refund(refund()).state is RefundState.SUCCEEDED
        assert ours.query(NUMBER).state is TradeState.REFUNDED

    def test_refusals_are_told(self, standin):
        path = f"/v3/pay/transactions/out-trade-no/{NUMBER}"
        said = 403, {"code": "NO_AUTH", "message": "商户无权限"}
        standin.answers = {path: said, f"{path}/close": said, "/v3/refund/domestic/refunds/RF1": said}
        for ask in (wechat(standin).query, wechat(standin).close, lambda _: wechat(standin).query_refund(refund())):
            with pytest.raises(ProviderRefused, match="商户无权限") as refusal:
                ask(NUMBER)
            assert refusal.value.provider_code == "NO_AUTH"

    @pytest.mark.parametrize("said", [(500, {"code": "SYSTEM_ERROR"}), (429, {"code": "RATE_LIMIT_EXCEEDED"})])
    def test_when_wechat_does_not_know_neither_do_we(self, standin, said):
        standin.answers["/v3/refund/domestic/refunds"] = said
        with pytest.raises(ProviderAway):
            wechat(standin).refund(refund())

    def test_the_public_key_is_asked_for_where_it_is_known(self, standin):
        wechat(standin).query(NUMBER)
        assert "wechatpay-serial" not in standin.asked[0].headers
        peers = {"PLATFORM0001": certificate_pem("provider"), "PUB_KEY_ID_0101": public_pem("provider-next")}
        ours = wechat(standin, peer_keys=peers)
        standin.serial, standin.signs_with = "PUB_KEY_ID_0101", "provider-next"
        assert ours.query(NUMBER).state is TradeState.UNKNOWN
        assert standin.asked[-1].headers["wechatpay-serial"] == "PUB_KEY_ID_0101"

    def test_the_probe_is_a_signed_question(self, standin):
        assert "ORDER_NOT_EXIST" in wechat(standin).probe()


class TestBelieving:
    def test_while_certificates_rotate_both_are_good(self, paid):
        peers = {"PLATFORM0001": certificate_pem("provider"), "PLATFORM0002": certificate_pem("provider-next")}
        ours = wechat(paid, peer_keys=peers)
        assert ours.query(NUMBER).state is TradeState.PAID
        assert ours.read_callback(told(paid)).state is TradeState.PAID
        paid.serial, paid.signs_with = "PLATFORM0002", "provider-next"
        assert ours.query(NUMBER).state is TradeState.PAID
        assert ours.read_callback(told(paid)).state is TradeState.PAID

    @pytest.mark.parametrize(
        "mangle",
        [
            lambda answer: httpx.Response(
                200, headers=answer.headers, content=answer.content.replace(b"8888", b"8889")
            ),
            lambda answer: httpx.Response(404, headers=answer.headers, content=b'{"code":"ORDER_NOT_EXIST"}'),
            lambda answer: httpx.Response(200, content=answer.content),
            lambda _: httpx.Response(404, json={"code": "ORDER_NOT_EXIST"}),
            lambda _: httpx.Response(404, content=b"<html>"),
        ],
    )
    def test_an_answer_that_is_not_signed_tells_nothing(self, paid, mangle):
        paid.mangle = mangle
        with pytest.raises(AnswerNotProven):
            wechat(paid).query(NUMBER)

    def test_an_answer_about_another_order_is_not_ours(self, paid):
        wechat(paid).start(order(Way.QR, "PW2"))
        paid.answers[f"/v3/pay/transactions/out-trade-no/{NUMBER}"] = 200, paid.transaction("PW2")
        with pytest.raises(AnswerNotProven, match="another out_trade_no"):
            wechat(paid).query(NUMBER)


class TestStatements:
    ROWS = (
        bill_row(transaction_id="42001", order_no=NUMBER, state="SUCCESS", amount="88.88", fee="0.53000"),
        bill_row(
            transaction_id="42001", order_no=NUMBER, state="REFUND", fee="-0.18000", refund_no="RF1", refund="30.00",
            refund_state="SUCCESS",
        ),
        bill_row(
            transaction_id="42001", order_no=NUMBER, state="REFUND", fee="0.00000", refund_no="RF2", refund="5.00",
            refund_state="FAIL",
        ),
    )  # fmt: skip

    def test_a_day_is_fetched(self, standin):
        standin.bills["2026-11-22"] = standin.bill(self.ROWS)
        paid, back = wechat(standin).fetch_statement(date(2026, 11, 22))
        assert (paid.kind, paid.trade_no, paid.order_no) == ("payment", "42001", NUMBER)
        assert (paid.amount, paid.fee, paid.refund_no) == (Money(8888, "CNY"), Money(53, "CNY"), "")
        assert (back.kind, back.refund_no, back.amount) == ("refund", "RF1", Money(3000, "CNY"))
        assert back.fee == Money(-18, "CNY")

    def test_a_day_without_a_file(self, standin):
        with pytest.raises(StatementNotReady):
            wechat(standin).fetch_statement(date(2026, 11, 22))
        standin.answers["/v3/bill/tradebill"] = 400, {"code": "PARAM_ERROR", "message": ""}
        with pytest.raises(ProviderRefused):
            wechat(standin).fetch_statement(date(2026, 11, 22))

    @pytest.mark.parametrize("hash_type", ["SHA1", "MD5"])
    def test_a_file_must_be_the_one_that_was_announced(self, standin, hash_type):
        standin.bills["2026-11-22"] = standin.bill(self.ROWS)
        url = "https://standin/v3/billdownload/file?token=2026-11-22"
        announced = {"hash_type": hash_type, "hash_value": "0" * 40, "download_url": url}
        standin.answers["/v3/bill/tradebill"] = 200, announced
        with pytest.raises(AnswerNotProven):
            wechat(standin).fetch_statement(date(2026, 11, 22))

    @pytest.mark.parametrize(
        "row",
        [
            bill_row(transaction_id="1", order_no="2", state="PAID", amount="1.00", fee="0"),
            bill_row(transaction_id="1", order_no="2", state="SUCCESS", amount="1.00", fee="0").replace("`CNY", "`USD"),
            bill_row(transaction_id="1", order_no="2", state="SUCCESS", amount="1.001", fee="0"),
        ],
    )
    def test_a_row_that_is_not_understood_stops_it(self, standin, row):
        with pytest.raises(BadStatement):
            wechat(standin).parse_statement(standin.bill([row]))


class TestMerchant:
    @pytest.mark.parametrize(
        "changes",
        [
            {"own_serial": ""},
            {"peer_keys": {}},
            {"secrets": {"private_key_pem": private_pem("own")}},
            {"secrets": {"private_key_pem": private_pem("own"), "api_v3_key": "short"}},
        ],
    )
    def test_what_is_missing_is_said(self, changes):
        with pytest.raises(BadMerchant):
            WeChat(wechat_config(**changes))

    def test_no_secret_shows(self):
        config = wechat_config()
        shown = repr(config) + repr(WeChat(config)) + repr(WeChat(config)._signer)
        assert "PRIVATE KEY" not in shown
        assert config.secrets["api_v3_key"] not in shown
