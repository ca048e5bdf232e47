"""Alipay's certificates: entered together, checked together, renewed without losing what is under way."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
import time_machine
from tests.providers.standins.alipay import AlipayStandin, names_of
from tests.providers.standins.authority import certificate, certificates, issued, pem_of
from tests.providers.standins.rsa_keys import private_pem, public_pem
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.payments.errors import BadMerchantData, UnknownMerchant
from prewatt.payments.models import Merchant, MerchantKey
from prewatt.payments.providers.errors import AnswerNotProven, BadCertificate, BadMerchant
from prewatt.payments.providers.registry import provider_for
from prewatt.payments.providers.values import TradeState
from prewatt.payments.queries.merchants import config_of, see_merchant
from prewatt.usecases._providers import merchant_safe
from prewatt.usecases.configure_merchant import (
    MerchantWish,
    end_merchant_key,
    open_merchant,
    put_merchant_certificates,
    put_merchant_key,
)

WISH = MerchantWish(
    channel="alipay", merchant_no="2088000000000001", name="Alipay", gateway_url="https://standin/gateway.do",
    app_id="2021000000000001",
)  # fmt: skip


@pytest.fixture
def chief(house: PayHouse) -> Actor:
    return Actor(process="web", user=make_cashier(house.town.site.scope, username="chief", role="administrator"))


@pytest.fixture
def merchant(house: PayHouse, chief: Actor) -> UUID:
    return open_merchant(actor=chief, site_public_id=house.town.site.public_id, wish=WISH)


@pytest.fixture
def entered(chief: Actor, merchant: UUID) -> UUID:
    texts = certificates() | {"private_key_pem": private_pem("own")}
    put_merchant_certificates(actor=chief, merchant_public_id=merchant, texts=texts)
    return merchant


def _asked(public_id: UUID, standin: AlipayStandin) -> TradeState:
    """How an order that nobody made stands, asked with what is in force."""
    merchant = Merchant.objects.get(public_id=public_id)
    config, _ = config_of(merchant=merchant, safe=merchant_safe(), now=machine_now())
    return provider_for(config, transport=httpx.MockTransport(standin)).query("PW1").state


def test_all_go_in_at_once_and_speak_as_alipay_wants(chief: Actor, entered: UUID) -> None:
    assert _asked(entered, AlipayStandin.in_certificate_mode()) is TradeState.UNKNOWN
    assert chief.user is not None
    line = see_merchant(user=chief.user, public_id=entered)
    serials = {one.name: one.serial for one in line.keys}
    assert serials["app_cert_pem"] == names_of(certificates()["app_cert_pem"])[0]
    assert serials["public_key_pem"] == names_of(certificates()["alipay_cert_pem"])[0]
    assert "BEGIN" not in repr(line)


def test_a_refusal_keeps_nothing(chief: Actor, merchant: UUID) -> None:
    texts = certificates() | {"private_key_pem": private_pem("own")}
    for missing in texts:
        given = {name: text for name, text in texts.items() if name != missing}
        with pytest.raises(BadCertificate) as told:
            put_merchant_certificates(actor=chief, merchant_public_id=merchant, texts=given)
        assert set(told.value.faults) == {missing}
    with time_machine.travel(machine_now() + timedelta(days=40_000), tick=False), pytest.raises(BadCertificate):
        put_merchant_certificates(actor=chief, merchant_public_id=merchant, texts=texts)
    for empty in ({}, {"app_cert_pem": ""}, {"unknown": "x"}):
        with pytest.raises(BadMerchantData, match="Nothing"):
            put_merchant_certificates(actor=chief, merchant_public_id=merchant, texts=empty)
    assert not MerchantKey.objects.filter(merchant__public_id=merchant).exists()


def test_only_alipay_has_them_and_only_who_may_enters_them(house: PayHouse, chief: Actor, merchant: UUID) -> None:
    with pytest.raises(BadMerchantData):
        put_merchant_certificates(actor=chief, merchant_public_id=house.merchant.public_id, texts=certificates())
    cashier = Actor(process="web", user=house.user)
    with pytest.raises(UnknownMerchant):
        put_merchant_certificates(actor=cashier, merchant_public_id=merchant, texts=certificates())


def test_from_the_plain_key_to_certificates_and_back(chief: Actor, merchant: UUID) -> None:
    for kind, name, text in (
        ("secret", "private_key_pem", private_pem("own")), ("peer", "public_key_pem", public_pem("provider")),
    ):  # fmt: skip
        put_merchant_key(
            actor=chief, merchant_public_id=merchant, kind=kind, name=name, text=text,
            serial="plain" if kind == "peer" else "",
        )  # fmt: skip
    plain, strict = AlipayStandin(), AlipayStandin.in_certificate_mode()
    assert _asked(merchant, plain) is TradeState.UNKNOWN
    put_merchant_certificates(actor=chief, merchant_public_id=merchant, texts=certificates())
    assert _asked(merchant, strict) is TradeState.UNKNOWN
    with pytest.raises(AnswerNotProven):
        _asked(merchant, plain)
    key = MerchantKey.objects.get(name="app_cert_pem")
    end_merchant_key(actor=chief, merchant_public_id=merchant, key_id=key.pk)
    assert _asked(merchant, plain) is TradeState.UNKNOWN


def test_alipay_renews_its_certificate(chief: Actor, entered: UUID) -> None:
    renewed = AlipayStandin.in_certificate_mode()
    renewed.certified = certificates() | {"alipay_cert_pem": issued("provider-next")}
    renewed.signs_with = "provider-next"
    with pytest.raises(AnswerNotProven, match="not configured"):
        _asked(entered, renewed)
    put_merchant_certificates(
        actor=chief, merchant_public_id=entered, texts={"alipay_cert_pem": issued("provider-next")}
    )
    for alipay in (renewed, AlipayStandin.in_certificate_mode()):
        assert _asked(entered, alipay) is TradeState.UNKNOWN, "until the old one is ended, both are good"


def test_a_new_private_key_comes_with_its_certificate(chief: Actor, entered: UUID) -> None:
    with pytest.raises(BadMerchantData, match="has a certificate"):
        put_merchant_key(
            actor=chief, merchant_public_id=entered, kind="secret", name="private_key_pem", text=private_pem("next")
        )
    with pytest.raises(BadCertificate, match="does not belong"):
        put_merchant_certificates(
            actor=chief, merchant_public_id=entered, texts={"private_key_pem": private_pem("next")}
        )
    put_merchant_certificates(
        actor=chief, merchant_public_id=entered,
        texts={"private_key_pem": private_pem("next"), "app_cert_pem": pem_of(certificate("next"))},
    )  # fmt: skip
    config, until = config_of(
        merchant=Merchant.objects.get(public_id=entered), safe=merchant_safe(), now=machine_now()
    )  # fmt: skip
    assert config.secrets["private_key_pem"] == private_pem("next")
    assert (set(config.secrets), until) == ({"private_key_pem", "app_cert_pem", "alipay_root_cert_pem"}, None)


@pytest.mark.parametrize(
    ("kind", "name", "text", "error"),
    [
        ("peer", "public_key_pem", issued("provider"), BadMerchantData),
        ("secret", "app_cert_pem", pem_of(certificate("own")), BadMerchantData),
        ("peer", "public_key_pem", "AAAA", BadMerchant),
        ("secret", "private_key_pem", public_pem("own"), BadMerchant),
    ],
)  # fmt: skip
def test_one_by_one_certificates_and_broken_keys_are_refused(
    chief: Actor, merchant: UUID, kind: str, name: str, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        put_merchant_key(actor=chief, merchant_public_id=merchant, kind=kind, name=name, text=text, serial="1")
