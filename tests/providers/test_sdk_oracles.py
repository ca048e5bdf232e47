"""The providers' SDKs as judges: what we sign they accept, what they sign we accept, on real sockets too."""

import json
import warnings
from datetime import timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.providers.merchants import (
    alipay,
    alipay_config,
    alipay_standin,
    certified,
    certified_config,
    heard,
    order,
    refund,
    stripe_config,
    stripe_standin,
    wechat_config,
)
from tests.providers.standins.alipay import AlipayStandin, canonical
from tests.providers.standins.authority import certificates
from tests.providers.standins.rsa_keys import bare, private_pem, public_pem
from tests.providers.standins.socket import serving
from tests.providers.standins.wechat import AUTHORIZATION, WeChatStandin

from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.payments.providers.alipay import Alipay
from prewatt.payments.providers.errors import CallbackForged
from prewatt.payments.providers.stripe import Stripe
from prewatt.payments.providers.values import RefundState, TradeState, Way
from prewatt.payments.providers.wechat import WeChat

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the SDKs' own affairs
    import stripe as stripe_sdk
    from alipay import AliPay, DCAliPay
    from wechatpayv3 import WeChatPay, WeChatPayType
    from wechatpayv3.utils import rsa_verify

NUMBER = "PW20261122001"


def alipay_sdk(*, signs_with="own", believes="provider"):
    return AliPay(
        appid=alipay_config().app_id,
        app_private_key_string=private_pem(signs_with),
        alipay_public_key_string=public_pem(believes),
    )


class TestAlipay:
    def test_our_call_back_is_believed_by_the_sdk_and_changed_by_neither(self):
        standin = alipay_standin()
        alipay(standin).start(order(Way.QR))
        standin.pay(NUMBER)
        fields = standin.notice(NUMBER)
        unsigned = {name: value for name, value in fields.items() if name != "sign"}
        assert alipay_sdk().verify(dict(unsigned), fields["sign"])
        assert not alipay_sdk().verify(unsigned | {"total_amount": "88.89"}, fields["sign"])

    def test_what_the_sdk_signs_as_alipay_we_believe(self):
        standin = alipay_standin()
        alipay(standin).start(order(Way.QR))
        standin.pay(NUMBER)
        fields = {name: value for name, value in standin.notice(NUMBER).items() if name not in {"sign", "sign_type"}}
        body = alipay_sdk(signs_with="provider", believes="own").sign_data(fields)
        assert alipay(standin).read_callback(heard(f"{body}&sign_type=RSA2".encode())).amount == Money(8888, "CNY")
        stranger = alipay_sdk(signs_with="stranger", believes="own").sign_data(fields)
        with pytest.raises(CallbackForged):
            alipay(standin).read_callback(heard(f"{stranger}&sign_type=RSA2".encode()))

    def test_what_we_ask_carries_the_signature_that_the_sdk_expects(self):
        url = alipay(alipay_standin()).start(order(Way.PAGE)).url
        params = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        sign = params.pop("sign")
        assert alipay_sdk(believes="own")._verify(canonical(params).decode(), sign)

    def test_both_ask_the_same_gateway(self):
        standin = alipay_standin()
        with serving(standin) as base:
            ours = Alipay(alipay_config(gateway_url=f"{base}/gateway.do"))
            theirs = alipay_sdk()
            theirs._gateway = f"{base}/gateway.do"
            assert ours.start(order(Way.QR)).url == f"https://qr.alipay.com/{NUMBER}"
            made = theirs.api_alipay_trade_precreate(out_trade_no="PW2", total_amount="1.00", subject="x")
            assert made["qr_code"] == "https://qr.alipay.com/PW2"
            standin.pay("PW2")
            assert theirs.api_alipay_trade_query(out_trade_no="PW2")["trade_status"] == "TRADE_SUCCESS"
            assert ours.query("PW2").amount == Money(100, "CNY")
            assert ours.refund(refund(minor=50, order_no="PW2")).state is RefundState.SUCCEEDED


@pytest.mark.filterwarnings("ignore:X509:DeprecationWarning")  # the SDK's own affair
class TestAlipayWithCertificates:
    """``DCAliPay`` is the SDK's certificate mode."""

    @staticmethod
    def sdk(*, signs_with="own", alipay_cert=""):
        given = certificates()
        return DCAliPay(
            appid=alipay_config().app_id,
            app_private_key_string=private_pem(signs_with),
            app_public_key_cert_string=given["app_cert_pem"],
            alipay_public_key_cert_string=alipay_cert or given["alipay_cert_pem"],
            alipay_root_cert_string=given["alipay_root_cert_pem"],
        )

    def test_we_and_the_sdk_call_certificates_the_same(self):
        standin = AlipayStandin.in_certificate_mode()
        certified(standin).start(order(Way.QR))
        asked = standin.asked[0]
        assert asked["app_cert_sn"] == self.sdk().app_cert_sn
        assert asked["alipay_root_cert_sn"] == self.sdk().alipay_root_cert_sn
        assert standin.cert_sn == DCAliPay.get_cert_sn(certificates()["alipay_cert_pem"])

    def test_what_we_ask_carries_the_signature_that_the_sdk_expects(self):
        url = certified(AlipayStandin.in_certificate_mode()).start(order(Way.PAGE)).url
        params = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        sign = params.pop("sign")
        judge = self.sdk(alipay_cert=certificates()["app_cert_pem"])
        assert judge._verify(canonical(params).decode(), sign)

    def test_each_believes_what_the_other_signs_as_alipay(self):
        standin = AlipayStandin.in_certificate_mode()
        certified(standin).start(order(Way.QR))
        standin.pay(NUMBER)
        fields = standin.notice(NUMBER, alipay_cert_sn=standin.cert_sn)
        unsigned = {name: value for name, value in fields.items() if name != "sign"}
        assert self.sdk().verify(dict(unsigned), fields["sign"])
        del unsigned["sign_type"]
        body = self.sdk(signs_with="provider").sign_data(unsigned)
        assert certified(standin).read_callback(heard(f"{body}&sign_type=RSA2".encode())).amount == Money(8888, "CNY")
        stranger = self.sdk(signs_with="stranger").sign_data(unsigned)
        with pytest.raises(CallbackForged):
            certified(standin).read_callback(heard(f"{stranger}&sign_type=RSA2".encode()))

    def test_both_ask_the_same_gateway(self):
        standin = AlipayStandin.in_certificate_mode()
        with serving(standin) as base:
            ours = Alipay(certified_config(gateway_url=f"{base}/gateway.do"))
            theirs = self.sdk()
            theirs._gateway = f"{base}/gateway.do"
            assert ours.start(order(Way.QR)).url == f"https://qr.alipay.com/{NUMBER}"
            made = theirs.api_alipay_trade_precreate(out_trade_no="PW2", total_amount="1.00", subject="x")
            assert made["qr_code"] == "https://qr.alipay.com/PW2"
            standin.pay("PW2")
            assert theirs.api_alipay_trade_query(out_trade_no="PW2")["trade_status"] == "TRADE_SUCCESS"
            assert ours.query("PW2").amount == Money(100, "CNY")
            assert ours.refund(refund(minor=50, order_no="PW2")).state is RefundState.SUCCEEDED


@pytest.fixture(scope="module")
def wechat_standin():
    return WeChatStandin(serial="PUB_KEY_ID_0101", own_serial="0A1B2C3D")


@pytest.fixture(scope="module")
def wechat_base(wechat_standin):
    with serving(wechat_standin) as base:
        yield base


@pytest.fixture
def wechat_sdk(wechat_base):
    config = wechat_config()
    made = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=config.merchant_no,
        private_key=bare(config.secrets["private_key_pem"]),
        cert_serial_no="0A1B2C3D",
        apiv3_key=config.secrets["api_v3_key"],
        appid=config.app_id,
        notify_url="https://power.example.org/pay",
        public_key=bare(public_pem("provider")),
        public_key_id="PUB_KEY_ID_0101",
    )
    made._core._gate_way = wechat_base
    return made


@pytest.fixture
def our_wechat(wechat_base):
    peers = {"PUB_KEY_ID_0101": public_pem("provider")}
    return WeChat(wechat_config(gateway_url=wechat_base, peer_keys=peers, own_serial="0A1B2C3D"))


class TestWeChat:
    def test_both_ask_the_same_gateway(self, wechat_standin, wechat_sdk, our_wechat):
        late = machine_now() + timedelta(minutes=30)
        assert our_wechat.start(order(Way.QR, expires_at=late)).url == f"weixin://wxpay/bizpayurl?pr={NUMBER}"
        expires = late.astimezone(timezone(timedelta(hours=8))).isoformat(timespec="seconds")
        status, said = wechat_sdk.pay(
            description="x", out_trade_no="PWSDK1", amount={"total": 100}, time_expire=expires
        )
        assert (status, json.loads(said)["code_url"]) == (200, "weixin://wxpay/bizpayurl?pr=PWSDK1")
        wechat_standin.pay("PWSDK1")
        assert our_wechat.query("PWSDK1").amount == Money(100, "CNY")
        assert our_wechat.query("PWSDK1").state is TradeState.PAID

    def test_our_call_back_is_opened_by_the_sdk_and_by_us(self, wechat_standin, wechat_sdk, our_wechat):
        our_wechat.start(order(Way.QR, "PWSDK2", expires_at=machine_now() + timedelta(minutes=30)))
        wechat_standin.pay("PWSDK2")
        headers, body = wechat_standin.callback(wechat_standin.transaction("PWSDK2"))
        assert wechat_sdk.callback(headers, body.decode())["resource"]["out_trade_no"] == "PWSDK2"
        fact = our_wechat.read_callback(heard(body, headers, at=machine_now()))
        assert (fact.order_no, fact.state) == ("PWSDK2", TradeState.PAID)
        changed = body.replace(b"TRANSACTION", b"TRANSACTIOM")
        assert wechat_sdk.callback(headers, changed.decode()) is None
        with pytest.raises(CallbackForged):
            our_wechat.read_callback(heard(changed, headers, at=machine_now()))

    def test_our_authorization_is_what_the_sdk_would_verify(self, wechat_standin, our_wechat, wechat_sdk):
        our_wechat.query("PWSDK9")
        asked = wechat_standin.asked[-1]
        found = AUTHORIZATION.fullmatch(asked.headers["authorization"])
        assert found
        # The SDK signs "method, path, stamp, nonce, body"; it verifies "stamp, nonce, body" of what it is given.
        lines = f"{asked.method}\n{asked.url.raw_path.decode()}\n{found[4]}"
        assert rsa_verify(lines, found[2], "", found[3], wechat_sdk._core._private_key.public_key())


class TestStripe:
    def test_our_event_is_believed_by_the_sdk_and_by_us(self):
        standin = stripe_standin()
        stamp = int(machine_now().timestamp())
        body = standin.event("checkout.session.completed", {"object": "checkout.session", "id": "cs_1"})
        header = standin.signature(body, stamp=stamp)
        event = stripe_sdk.Webhook.construct_event(body, header, standin.webhook_secret)
        assert event["type"] == "checkout.session.completed"
        with pytest.raises(stripe_sdk.SignatureVerificationError):
            stripe_sdk.Webhook.construct_event(body + b" ", header, standin.webhook_secret)

    def test_what_the_sdk_signs_we_believe(self):
        standin = stripe_standin()
        with serving(standin) as base:
            ours = Stripe(stripe_config(gateway_url=base))
            session = standin.pay(ours.start(order(Way.CHECKOUT)).provider_ref)
        body, stamp = standin.event("checkout.session.completed", session), int(machine_now().timestamp())
        digest = stripe_sdk.WebhookSignature._compute_signature(f"{stamp}.{body.decode()}", standin.webhook_secret)
        raw = heard(body, {"stripe-signature": f"t={stamp},v1={digest}"}, at=machine_now())
        assert ours.read_callback(raw).state is TradeState.PAID

    def test_both_ask_the_same_gateway(self):
        standin = stripe_standin()
        with serving(standin) as base:
            ours = Stripe(stripe_config(gateway_url=base))
            theirs = stripe_sdk.StripeClient(standin.api_key, base_addresses={"api": base})
            made = theirs.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": NUMBER,
                    "expires_at": int((machine_now() + timedelta(hours=1)).timestamp()),
                    "success_url": "https://power.example.org/",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {"currency": "cny", "unit_amount": 8888, "product_data": {"name": "x"}},
                        }
                    ],
                    "metadata": {"app_id": "prewatt-east", "order_no": NUMBER},
                }
            )
            assert ours.query(NUMBER, made.id).amount == Money(8888, "CNY")
            intent = standin.pay(made.id)["payment_intent"]
            assert ours.refund(refund(trade_no=intent)).state is RefundState.SUCCEEDED
            assert [one.amount for one in theirs.v1.refunds.list({"payment_intent": intent}).data] == [3000]
            assert theirs.v1.checkout.sessions.retrieve(made.id).payment_status == "paid"
