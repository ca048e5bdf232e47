"""Online payments at the desk: each page and action for the right person, and closed to the wrong one."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.console.conftest import make_user
from tests.providers.standins.authority import certificates
from tests.providers.standins.rsa_keys import private_pem
from tests.usecases_billing.town import ACTOR
from tests.usecases_online.house import make_house, order_of, speaking

from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.clock import machine_now
from prewatt.kernel.ids import uuid7
from prewatt.notices.models import Notice
from prewatt.payments.models import Merchant, MerchantKey, Refund, StatementLine, Unmatched
from prewatt.payments.reconciliation import statement_zone
from prewatt.usecases import _providers
from prewatt.usecases.reconcile_day import reconcile_day

PART = {"HX-Request": "true"}
QUERIES_MAX = 18


@pytest.fixture
def house(town, tmp_path, settings, monkeypatch):
    path: Path = tmp_path / "meter.key"
    MeterSafe.open(path, create=True)
    settings.METER_KEY_FILE = path
    _providers._safe_at.cache_clear()
    with speaking(make_house(town, tmp_path / "testpay"), monkeypatch) as house:
        yield house


@pytest.fixture
def paid(house):
    view = house.start(house.town.rooms[0], "100")
    house.hear(house.pay(view))
    return order_of(view)


@pytest.fixture
def parked(house):
    house.hear(house.event("nobody0rdered"))
    return Unmatched.objects.get()


@pytest.fixture
def cashier(sign_in):
    return sign_in("cashier")


def _text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def _second(town):
    client = Client()
    client.force_login(make_user(town, "administrator", username="second"))
    return client


def _today() -> date:
    return machine_now().astimezone(statement_zone("testpay")).date()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_tabs_answer_in_both_languages_and_cost_a_bounded_number_of_queries(admin, paid, parked, language):
    admin.cookies["prewatt_language"] = language
    for name in ("payments", "suspense", "refunds", "statements", "channels", "outbox"):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            text = _text(admin.get(reverse(f"console:{name}")))
        assert len(seen) <= QUERIES_MAX, name
        assert ('lang="zh-Hans"' if language == "zh-hans" else 'lang="en"') in text


def test_who_does_not_reconcile_has_no_section_but_finds_an_order(cashier, paid):
    assert 'href="/payments"' not in _text(cashier.get("/"))
    text = _text(cashier.get(reverse("console:order", args=[paid.public_id])))
    assert "Paid, as the provider says" in text
    assert "called back" not in text
    for name in ("suspense", "statements", "channels"):
        assert cashier.get(reverse(f"console:{name}")).status_code == 403


def test_orders_are_found_by_number_and_state_and_tell_their_life(admin, house, paid):
    open_order = house.start(house.town.rooms[1], "30")
    found = _text(admin.get(reverse("console:payments"), {"q": paid.order_no}))
    assert paid.order_no in found
    assert open_order.order_no not in found
    assert paid.order_no not in _text(admin.get(reverse("console:payments"), {"state": "pending"}))
    text = _text(admin.get(reverse("console:order", args=[paid.public_id])))
    assert "What the provider called back" in text
    assert "192.0.2.7" in text
    assert "can be paid until" in _text(admin.get(reverse("console:order", args=[open_order.public_id])))


def test_money_in_suspense_is_credited_only_after_the_account_was_shown(admin, house, parked):
    address = reverse("console:suspense_credit", args=[parked.public_id])
    account = house.town.rooms[0].account
    assert parked.trade_no in _text(admin.get(reverse("console:suspense")))
    assert "No order of this number" in _text(admin.get(address, headers=PART))
    form = {"number": "nonsense", "reason": "he showed his phone"}
    assert "There is no open account" in admin.post(address, form, headers=PART).content.decode()
    shown = admin.post(address, form | {"number": account.number}, headers=PART)
    assert str(account.public_id) in _text(shown)
    assert Unmatched.objects.get().state == "open"
    sent = form | {"number": account.number, "account": str(account.public_id)}
    assert admin.post(address, sent, headers=PART).status_code == 204
    assert Unmatched.objects.get().state == "credited"
    assert parked.trade_no in _text(admin.get(reverse("console:suspense"), {"all": "1"}))


def test_money_in_suspense_goes_back_when_another_person_approves(admin, town, parked):
    address = reverse("console:suspense_refund", args=[parked.public_id])
    assert "another person" in _text(admin.get(address, headers=PART))
    assert admin.post(address, {"reason": "not for us", "token": str(uuid7())}, headers=PART).status_code == 204
    assert Unmatched.objects.get().state == "refunding"
    refund = Refund.objects.get()
    approve = reverse("console:refund_approve", args=[refund.public_id])
    assert "another person approves" in _text(admin.get(reverse("console:refunds")))
    refused = admin.post(approve, {"sent": "1"}, headers=PART)
    assert refused.status_code == 422
    assert "You asked for this refund yourself" in refused.content.decode()
    assert _second(town).post(approve, headers=PART).status_code == 204
    refund.refresh_from_db()
    assert refund.state == "approved"


def test_a_top_up_goes_back_to_its_channel_from_the_ledger(cashier, town, paid):
    account = paid.account
    address = reverse("console:ask_back", args=[paid.payment.public_id])
    ledger = _text(cashier.get(reverse("console:account_tab", args=[account.public_id, "ledger"])))
    assert address in ledger
    assert reverse("console:reverse", args=[paid.payment.public_id]) not in ledger
    assert "100" in _text(cashier.get(address, headers=PART))
    form = {"amount": "500", "reason": "moved out", "token": str(uuid7())}
    assert cashier.post(address, form, headers=PART).status_code == 422
    assert cashier.post(address, form | {"amount": "20"}, headers=PART).status_code == 204
    refund = Refund.objects.get()
    assert (refund.amount, refund.state) == (2_000, "requested")
    assert refund.refund_no in _text(cashier.get(reverse("console:refunds")))
    for verb in ("approve", "refuse"):
        assert cashier.post(reverse(f"console:refund_{verb}", args=[refund.public_id])).status_code == 403
    second = _second(town)
    refuse = reverse("console:refund_refuse", args=[refund.public_id])
    assert second.post(refuse, {"note": ""}, headers=PART).status_code == 422
    assert second.post(refuse, {"note": "still lives here"}, headers=PART).status_code == 204
    assert "still lives here" in _text(second.get(reverse("console:refunds")))


def test_a_statement_is_read_from_a_file_and_its_differences_are_settled_one_by_one(admin, house, paid):
    address = reverse("console:read_statement")
    row = {
        "kind": "refund", "trade_no": paid.trade_no, "order_no": paid.order_no, "refund_no": "made-there",
        "amount": 1_000, "fee": 0, "currency": "CNY", "at": int(machine_now().timestamp()),
    }  # fmt: skip
    assert str(house.merchant.public_id) in _text(admin.get(address, headers=PART))
    form = {"merchant": str(house.merchant.public_id), "day": _today().isoformat()}

    def send(text):
        return admin.post(address, form | {"file": SimpleUploadedFile("day.json", text.encode())}, headers=PART)

    refused = send("no statement")
    assert refused.status_code == 422
    assert "could not be read" in refused.content.decode()
    answer = send(json.dumps({"rows": [row]}))
    assert answer.status_code == 204
    page = answer["HX-Redirect"]
    lines = StatementLine.objects.exclude(difference="").filter(resolved_at=None)
    assert {line.difference for line in lines} == {"missing_here", "missing_there"}
    assert "Not in our books" in _text(admin.get(page))
    for line in lines:
        settle = reverse("console:settle_line", args=[line.public_id])
        assert "Settle the line" in _text(admin.get(settle, headers=PART))
        assert admin.post(settle, {"how": "noted", "note": ""}, headers=PART).status_code == 422
        assert admin.post(settle, {"how": "noted", "note": "asked there"}, headers=PART).status_code == 204
    assert "asked there" in _text(admin.get(page))
    assert "to settle" not in _text(admin.get(reverse("console:statements")))


def test_a_provider_that_is_away_is_said_in_the_dialog(admin, house):
    house.away = True
    form = {"merchant": str(house.merchant.public_id), "day": _today().isoformat()}
    answer = admin.post(reverse("console:read_statement"), form, headers=PART)
    assert answer.status_code == 422
    assert "gave no answer" in answer.content.decode()


def test_a_statement_is_fetched_and_its_page_costs_a_bounded_number_of_queries(admin, house, paid):
    house.book.settings.statements_today = True
    day = reconcile_day(actor=ACTOR, merchant_public_id=house.merchant.public_id, day=_today())
    with CaptureQueriesContext(connection) as seen:
        assert "Every line agrees" in _text(admin.get(reverse("console:statement", args=[day.public_id])))
    assert len(seen) <= QUERIES_MAX


def test_a_channel_is_added_changed_retired_and_taken_up_again(admin, house):
    form = {
        "channel": "alipay", "merchant_no": "2088000000000001", "app_id": "2021000000000001", "name": "Alipay",
        "gateway_url": "", "options": "note", "is_default": "",
    }  # fmt: skip
    add = reverse("console:channel_add")
    assert "name=value" in admin.post(add, form, headers=PART).content.decode()
    answer = admin.post(add, form | {"options": "note=ab12"}, headers=PART)
    assert answer.status_code == 204
    merchant = Merchant.objects.get(channel="alipay")
    text = _text(admin.get(answer["HX-Redirect"]))
    assert f"/pay/notify/alipay/{merchant.public_id}" in text
    assert "ab12" in text
    edit = reverse("console:channel_edit", args=[merchant.public_id])
    assert "ab12" in _text(admin.get(edit, headers=PART))
    assert admin.post(edit, form | {"name": "Ali", "options": "", "is_default": "on"}, headers=PART).status_code == 204
    merchant.refresh_from_db()
    assert (merchant.name, merchant.options, merchant.is_default) == ("Ali", {}, True)
    turn = reverse("console:channel_turn", args=[merchant.public_id])
    for state in ("retired", "active"):
        assert admin.get(turn, headers=PART).status_code == 200
        assert admin.post(turn, headers=PART).status_code == 204
        merchant.refresh_from_db()
        assert merchant.state == state


def test_keys_go_in_and_never_come_out_and_end(admin, house):
    merchant = house.merchant
    address = reverse("console:channel_key", args=[merchant.public_id])
    secret = "MC4CAQAwBQYDK2VwBCIEI-very-secret"
    form = {"what": "peer", "text": secret, "serial": "", "overlap": "7"}
    refused = admin.post(address, form, headers=PART)
    assert refused.status_code == 422
    assert secret not in refused.content.decode(), "a form that comes back does not bring the key"
    assert admin.post(address, form | {"serial": "tp-2"}, headers=PART).status_code == 204
    key = MerchantKey.objects.get(serial="tp-2")
    text = _text(admin.get(reverse("console:channel", args=[merchant.public_id])))
    assert "tp-2" in text
    assert secret not in text
    end = reverse("console:channel_key_end", args=[merchant.public_id, key.pk])
    assert "tp-2" in _text(admin.get(end, headers=PART))
    assert admin.post(end, headers=PART).status_code == 204
    key.refresh_from_db()
    assert key.to_at is not None
    assert admin.get(reverse("console:channel_key_end", args=[merchant.public_id, 0])).status_code == 404


def test_certificates_are_entered_together_and_refused_by_field(admin, cashier, house):
    facts = {
        "channel": "alipay", "merchant_no": "2088000000000001", "app_id": "2021000000000001", "name": "Alipay",
        "gateway_url": "", "options": "", "is_default": "",
    }  # fmt: skip
    page = admin.post(reverse("console:channel_add"), facts, headers=PART)["HX-Redirect"]
    merchant = Merchant.objects.get(channel="alipay")
    address = reverse("console:channel_certificates", args=[merchant.public_id])
    assert address in _text(admin.get(page))
    assert "appCertPublicKey" in _text(admin.get(address, headers=PART))
    assert cashier.get(address).status_code == 403
    form = certificates() | {"private_key_pem": private_pem("own")}
    broken = form | {
        "private_key_pem": "not-a-key",
        "app_cert_pem": "-----BEGIN CERTIFICATE-----",
        "alipay_cert_pem": "",
    }
    answer = admin.post(address, broken, headers=PART)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert re.findall(r'id="id_(\w+)_error"', text) == ["private_key_pem", "app_cert_pem", "alipay_cert_pem"]
    assert "not-a-key" not in text, "a private key does not come back"
    assert form["alipay_root_cert_pem"].splitlines()[1] in text, "a certificate is public, and need not be pasted again"
    assert not MerchantKey.objects.filter(merchant=merchant).exists()
    nothing = admin.post(address, {"app_cert_pem": ""}, headers=PART)
    assert (nothing.status_code, "Nothing was entered" in nothing.content.decode()) == (422, True)
    answer = admin.post(address, form, headers=PART)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, page)
    text = _text(admin.get(page))
    assert "Alipay&#x27;s root certificates" in text
    assert form["app_cert_pem"].splitlines()[1] not in text
    key = reverse("console:channel_key", args=[merchant.public_id])
    alone = {"what": "peer", "serial": "1", "text": form["alipay_cert_pem"], "overlap": "7"}
    answer = admin.post(key, alone, headers=PART)
    assert (answer.status_code, re.findall(r'id="id_(\w+)_error"', answer.content.decode())) == (422, ["text"])
    assert admin.get(reverse("console:channel_certificates", args=[house.merchant.public_id])).status_code == 404


def test_a_test_shows_what_the_provider_answered(admin, cashier, house):
    address = reverse("console:channel_test", args=[house.merchant.public_id])
    assert cashier.post(address).status_code == 403
    text = _text(admin.post(address, follow=True))
    assert "answered with a valid signature" in text
    house.away = True
    assert "gave no answer" in _text(admin.post(address, follow=True))


def _notice(town, **more):
    facts = {
        "account": town.rooms[0].account, "kind": "level_1", "cause_key": uuid7().hex, "channel": "mail",
        "recipient": "lin@example.cn", "language": "en", "subject": "Low balance", "body": "…",
        "created_at": machine_now(), "due_at": machine_now(),
    }  # fmt: skip
    return Notice.objects.create(**facts | more)


def test_the_outbox_counts_finds_and_sends_again_what_failed(admin, sign_in, town):
    failed = _notice(town, state="failed", error="mailbox unavailable")
    _notice(town, state="delivered", recipient="wang@example.cn")
    page = reverse("console:outbox")
    assert "mailbox unavailable" in _text(admin.get(page, {"state": "failed"}))
    assert "lin@example.cn" not in _text(admin.get(page, {"q": "wang"}))
    assert "No message fits" in _text(admin.get(page, {"channel": "sms"}))
    assert page in _text(admin.get(reverse("console:letters")))
    again = reverse("console:send_again", args=[failed.public_id])
    assert sign_in("auditor").post(again).status_code == 403
    assert "mailbox unavailable" in _text(admin.get(again, headers=PART))
    assert admin.post(again, headers=PART).status_code == 204
    failed.refresh_from_db()
    assert failed.state == "pending"
    assert admin.post(again, {"sent": "1"}, headers=PART).status_code == 422
