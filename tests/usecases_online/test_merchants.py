"""Merchants: opened, changed, tested, with keys that nobody sees again, and offered where they may be used."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from tests.usecases_billing.town import ACTOR, Room, Town
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, make_house, order_of

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotPermitted
from prewatt.payments.errors import BadMerchantData, MerchantTaken, UnknownMerchant
from prewatt.payments.models import Merchant, MerchantKey
from prewatt.payments.queries.merchants import config_of, list_merchants, see_merchant
from prewatt.usecases import _providers
from prewatt.usecases.configure_merchant import (
    MerchantWish,
    change_merchant,
    check_merchant,
    end_merchant_key,
    open_merchant,
    put_merchant_key,
    retire_merchant,
    revive_merchant,
)
from prewatt.usecases.start_order import list_ways


@pytest.fixture
def chief(house: PayHouse) -> Actor:
    return Actor(process="web", user=make_cashier(house.town.site.scope, username="chief", role="administrator"))


WISH = MerchantWish(
    channel="alipay", merchant_no="2088", name="Alipay", gateway_url="https://openapi.alipay.com", app_id="2021"
)


def test_a_merchant_is_opened_by_who_may_and_once(house: PayHouse, chief: Actor) -> None:
    site = house.town.site.public_id
    public_id = open_merchant(actor=chief, site_public_id=site, wish=WISH)
    with pytest.raises(MerchantTaken):
        open_merchant(actor=chief, site_public_id=site, wish=WISH)
    cashier = Actor(process="web", user=house.user)
    with pytest.raises(NotPermitted):
        open_merchant(actor=cashier, site_public_id=site, wish=WISH)
    for wrong in (
        MerchantWish("cash", "1", "Cash", ""),
        MerchantWish("alipay", " ", "x", ""),
        MerchantWish("alipay", "1", "", ""),
    ):
        with pytest.raises(BadMerchantData):
            open_merchant(actor=chief, site_public_id=site, wish=wrong)
    with pytest.raises(UnknownMerchant):
        change_merchant(actor=cashier, merchant_public_id=public_id, changes={"name": "Mine"})
    with pytest.raises(BadMerchantData):
        change_merchant(actor=chief, merchant_public_id=public_id, changes={"merchant_no": "3"})
    change_merchant(actor=chief, merchant_public_id=public_id, changes={"name": "Alipay now", "is_default": True})
    assert chief.user is not None
    assert [one.name for one in list_merchants(user=chief.user)] == ["Alipay now", "Test provider"]
    assert [one.is_default for one in list_merchants(user=chief.user)] == [True, False]
    assert see_merchant(user=chief.user, public_id=public_id).notify_path == f"/pay/notify/alipay/{public_id}"


def test_keys_are_sealed_and_shown_to_nobody(house: PayHouse, chief: Actor) -> None:
    secret = house.keys.merchants["TP100001"].key.private_pem
    with connection.cursor() as cursor:
        for table in ("payments_merchantkey", "payments_merchantkeyevent", "payments_merchantevent"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{secret[40:60]}%"])
            assert cursor.fetchone() == (0,)
    assert chief.user is not None
    line = see_merchant(user=chief.user, public_id=house.merchant.public_id)
    assert {(one.kind, one.name) for one in line.keys} == {("secret", "private_key_pem"), ("peer", "")}
    assert secret not in repr(line)
    put_merchant_key(
        actor=chief, merchant_public_id=house.merchant.public_id, kind="secret", name="private_key_pem", text=secret,
        serial=house.keys.merchants["TP100001"].key.serial,
    )  # fmt: skip
    assert MerchantKey.objects.filter(kind="secret").count() == 1, "the same key again changes nothing"
    with pytest.raises(BadMerchantData):
        put_merchant_key(
            actor=chief, merchant_public_id=house.merchant.public_id, kind="secret", name="x", text=""
        )  # fmt: skip
    with pytest.raises(UnknownMerchant):
        end_merchant_key(actor=chief, merchant_public_id=house.merchant.public_id, key_id=10**9)


def test_an_older_secret_stands_beside_the_newer_one_until_it_runs_out(house: PayHouse, chief: Actor) -> None:
    merchant, safe = house.merchant, _providers.merchant_safe()
    for number in range(3):
        put_merchant_key(
            actor=chief, merchant_public_id=merchant.public_id, kind="secret", name="webhook_secret",
            text=f"whsec_{number}", overlap=timedelta(hours=1),
        )  # fmt: skip
    config, until = config_of(merchant=merchant, safe=safe, now=machine_now())
    assert [config.secrets.get(name) for name in ("webhook_secret", "webhook_secret_2", "webhook_secret_3")] == [
        "whsec_2", "whsec_1", "whsec_0",
    ]  # fmt: skip
    assert until is not None
    config, until = config_of(merchant=merchant, safe=safe, now=until + timedelta(minutes=1))
    assert (set(config.secrets), until) == ({"private_key_pem", "webhook_secret"}, None)


def test_a_test_question_is_answered_and_kept(house: PayHouse, chief: Actor) -> None:
    result = check_merchant(actor=chief, merchant_public_id=house.merchant.public_id)
    assert (result.ok, "order_unknown" in result.note) == (True, True)
    house.away = True
    assert not check_merchant(actor=chief, merchant_public_id=house.merchant.public_id).ok
    merchant = Merchant.objects.get(pk=house.merchant.pk)
    assert (merchant.test_ok, merchant.tested_at is not None) == (False, True)


def test_a_merchant_is_offered_within_its_scope(house: PayHouse, room: Room, chief: Actor, tmp_path: Path) -> None:
    assert [(one.channel, one.is_default, one.ways) for one in list_ways(account_id=room.account.pk)] == [
        ("testpay", True, ("page", "wap", "qr"))
    ]
    other = make_house(Town.build(), tmp_path / "other", merchant_no="TP2")
    elsewhere = other.town.add_room()
    assert [one.public_id for one in list_ways(account_id=elsewhere.account.pk)] == [other.merchant.public_id]
    with pytest.raises(UnknownMerchant):
        house.start(room, merchant_public_id=other.merchant.public_id)
    own_use = house.town.add_room(own_use=True)
    assert list_ways(account_id=own_use.account.pk) == []
    open_merchant(actor=chief, site_public_id=house.town.site.public_id, wish=WISH)
    assert len(list_ways(account_id=room.account.pk)) == 1, "one without keys is not offered"


def test_a_retired_merchant_takes_no_order_and_is_still_heard(house: PayHouse, room: Room, chief: Actor) -> None:
    view = house.start(room)
    delivery = house.pay(view)
    retire_merchant(actor=chief, merchant_public_id=house.merchant.public_id)
    with pytest.raises(UnknownMerchant):
        house.start(room)
    assert house.hear(delivery).body == b"success"
    assert order_of(view).state == "credited"
    revive_merchant(actor=chief, merchant_public_id=house.merchant.public_id)
    assert house.start(room).state == "pending"


def test_a_new_key_is_known_at_once_where_the_old_one_is_held(house: PayHouse, room: Room) -> None:
    """The process holds the adapter; a call-back that no key proves makes it look again."""
    assert house.hear(house.pay(house.start(room))).body == b"success"
    delivery = house.pay(house.start(room))
    fresh = house.rotate()
    assert house.hear(delivery, key=fresh).body == b"success"
    with time_machine.travel(machine_now() + timedelta(days=400), tick=False):
        assert _providers.provider_of(house.merchant) is not None


def test_what_was_changed_in_the_database_does_not_open(house: PayHouse, room: Room, settings: Any) -> None:
    MerchantKey.objects.filter(kind="peer").update(serial="another")
    _providers.forget_providers()
    assert list_ways(account_id=room.account.pk) == []
    assert house.hear(house.event("x")).status == 503, "the provider comes again when it is mended"


def test_an_actor_of_ours_needs_no_login(house: PayHouse) -> None:
    assert check_merchant(actor=ACTOR, merchant_public_id=house.merchant.public_id).ok
