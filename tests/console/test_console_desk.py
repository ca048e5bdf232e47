"""What the desk does: taking money, giving it back, undoing it; cutting, restoring, protecting; signing in."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import make_user, pay
from tests.usecases_billing.town import ACTOR

from prewatt.access.audit import Actor
from prewatt.kernel.ids import uuid7
from prewatt.metering.models import MeterState
from prewatt.payments.models import Payment
from prewatt.supply.models import ModeChange, Relay
from prewatt.usecases.set_supply_mode import set_supply_mode

PART = {"HX-Request": "true"}


def _sent(room, **changes):
    return {"account": room.account.public_id, "amount": "300", "channel": "cash", "token": str(uuid7())} | changes


def _go_live(town):
    MeterState.objects.update(comm="online")
    for room in town.rooms:
        pay(room, 30_000)
    for relay in Relay.objects.all():
        relay.reported, relay.proven_at = "on", relay.desired_at
        relay.save(update_fields=["reported", "proven_at"])
    admin = make_user(town, "administrator", username="signer")
    set_supply_mode(
        actor=Actor("test", admin), site_id=town.site.pk, mode="live", statement="The test goes live.", previewed=[]
    )


def test_the_till_takes_a_top_up_once_however_often_its_form_is_sent(town, admin):
    room = town.rooms[0]
    form = _sent(room)
    first, second = (admin.post(reverse("console:till"), form) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Payment.objects.count() == 1
    text = admin.get(first["Location"]).content.decode()
    assert "人民币叁佰元整" in text
    assert "R-2026-T1-000001" in text
    assert admin.get(reverse("console:till_done", args=[room.account.public_id])).status_code == 200


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "above zero"),
        ("-5", "above zero"),
        ("12.345", "At most 2 decimals"),
        ("much", "not an amount"),
        ("2000000", "more than one trade"),
    ],
)  # fmt: skip
def test_the_till_refuses_an_amount_that_is_none(town, admin, amount, words):
    answer = admin.post(reverse("console:till"), _sent(town.rooms[0], amount=amount))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Payment.objects.exists()


def test_the_till_says_what_an_amount_does_before_it_is_taken(town, admin):
    room = town.rooms[0]  # 24 kWh at 0.80 are owed
    wanted = {"account": room.account.public_id, "amount": "100"}
    text = admin.get(reverse("console:till_preview"), wanted, headers=PART).content.decode()
    assert "¥19.20" in text
    assert "¥80.80" in text
    assert "enough for power" in text
    assert 'hx-swap-oob="true"' in text
    text = admin.get(reverse("console:till_preview"), wanted | {"amount": "5"}, headers=PART).content.decode()
    assert "short of power" in text
    text = admin.get(reverse("console:till_preview"), wanted | {"amount": "5.001"}, headers=PART).content.decode()
    assert "At most 2 decimals" in text


def test_the_till_finds_and_opens_an_account(town, admin):
    room = town.rooms[0]
    found = admin.get(reverse("console:till_find"), {"q": room.account.number}).content.decode()
    assert room.account.number in found or "Nothing found" in found
    text = admin.get(reverse("console:till"), {"account": room.account.public_id}).content.decode()
    assert "¥1,000" in text
    assert admin.get(reverse("console:till"), {"account": "nonsense"}).status_code == 404


def test_a_refund_needs_a_reason_and_at_most_the_balance(town, admin):
    room = town.rooms[0]
    pay(room, 30_000)
    address = reverse("console:refund", args=[room.account.public_id])
    form = {"amount": "500", "channel": "cash", "reason": "paid twice", "token": str(uuid7())}
    assert "¥280.80" in admin.get(address).content.decode()
    assert "more than the balance" in admin.post(address, form, headers=PART).content.decode()
    assert admin.post(address, form | {"amount": "50", "reason": ""}).status_code == 422
    answer = admin.post(address, form | {"amount": "50"}, headers=PART)
    assert answer.status_code == 204
    text = admin.get(answer["HX-Redirect"]).content.decode()
    assert "F-2026-" in text
    assert "paid twice" in text


def test_clearing_says_that_the_power_may_go(town, admin):
    room = town.rooms[0]
    pay(room, 30_000)
    address = reverse("console:clear", args=[room.account.public_id])
    assert "may be cut" in admin.get(address, headers=PART).content.decode()
    answer = admin.post(address, {"reason": "moved out", "token": str(uuid7())})
    assert answer.status_code == 302
    assert "C-2026-" in admin.get(answer["Location"]).content.decode()


def test_a_wrong_top_up_is_reversed_and_its_paper_says_void(town, admin):
    room = town.rooms[0]
    paid = pay(room, 30_000)
    address = reverse("console:reverse", args=[paid.payment_public_id])
    assert "R-2026-T1-000001" in admin.get(address).content.decode()
    assert admin.post(address, {"reason": "wrong room", "token": str(uuid7())}).status_code == 302
    paper = admin.get(reverse("console:receipt", args=[paid.document_public_id])).content.decode()
    assert "VOID" in paper
    ledger = admin.get(reverse("console:account_tab", args=[room.account.public_id, "ledger"])).content.decode()
    assert "reversed" in ledger


def test_a_receipt_prints_on_80_mm_and_on_a4(town, admin):
    paid = pay(town.rooms[0], 30_000)
    address = reverse("console:receipt", args=[paid.document_public_id])
    assert "pw-receipt " not in admin.get(address, {"paper": "a4"}).content.decode()
    text = admin.get(address, {"print": "1"}).content.decode()
    assert "data-print-now" in text
    assert "<svg" in text


def test_a_cut_begins_with_a_dry_run_and_wants_the_number_typed(town, admin):
    _go_live(town)
    room = town.rooms[0]
    address = f"{reverse('console:supply', args=['disconnect'])}?rooms={room.point.public_id}"
    assert "will be cut" in admin.get(address, headers=PART).content.decode()
    form = {"reason": "rebuilding", "count": "4", "token": str(uuid7())}
    assert "type 1" in admin.post(address, form, headers=PART).content.decode()
    assert Relay.objects.get(metering_point=room.point).desired == "on"
    assert admin.post(address, form | {"count": "1"}, headers=PART).status_code == 204
    assert Relay.objects.get(metering_point=room.point).desired == "off"
    live = admin.get(reverse("console:account_live", args=[room.account.public_id])).content.decode()
    assert "Cutting…" in live
    assert "Cut wanted" in live


def test_restoring_and_protecting_need_a_reason_alone(town, admin):
    _go_live(town)
    room = town.rooms[0]

    def send(verb, **form):
        address = f"{reverse('console:supply', args=[verb])}?rooms={room.point.public_id}"
        return admin.post(address, {"reason": "asked for", "token": str(uuid7())} | form)

    assert send("disconnect", count="1").status_code == 302
    assert send("reconnect").status_code == 302
    assert Relay.objects.get(metering_point=room.point).desired == "on"
    assert send("protect").status_code == 302
    address = f"{reverse('console:supply', args=['disconnect'])}?rooms={room.point.public_id}"
    assert "spared: protected" in admin.get(address).content.decode()
    assert send("unprotect").status_code == 302


def test_a_refusal_is_said_and_changes_nothing(town, admin):
    room = town.rooms[0]  # the site is not live
    address = f"{reverse('console:supply', args=['disconnect'])}?rooms={room.point.public_id}"
    Relay.objects.filter(metering_point=room.point).update(reported="on")
    MeterState.objects.update(comm="online")
    answer = admin.post(address, {"reason": "a test", "count": "1", "token": str(uuid7())}, headers=PART)
    assert answer.status_code == 422
    assert "No room was changed" in answer.content.decode()
    assert admin.get(reverse("console:supply", args=["disconnect"])).status_code == 422
    assert admin.get(reverse("console:supply", args=["explode"])).status_code == 404


def test_all_cuts_are_stopped_and_allowed_again(town, admin):
    assert admin.post(reverse("console:stop_cuts"), {"reason": "storm", "token": str(uuid7())}).status_code == 302
    assert "All cuts stopped" in admin.get(reverse("console:guard")).content.decode()
    assert admin.post(reverse("console:resume_cuts"), {"reason": "over", "token": str(uuid7())}).status_code == 302
    assert "All cuts stopped" not in admin.get(reverse("console:guard")).content.decode()


def test_going_live_shows_first_who_would_be_cut_and_is_signed(town, admin):
    address = reverse("console:mode") + "?mode=live"
    page = admin.get(address, headers=PART)
    text = page.content.decode()
    assert "Sign and switch" in text
    seen = page.context["form"]["seen"].value()
    count = page.context["form"].expected
    form = {"statement": "I have read the list.", "count": str(count + 1), "seen": seen}
    assert "read it" in admin.post(address, form, headers=PART).content.decode()
    assert admin.post(address, form | {"count": str(count), "seen": "forged"}).status_code == 422
    assert admin.post(address, form | {"count": str(count)}).status_code == 302
    assert ModeChange.objects.get().mode == "live"
    for other in ("shadow", "off"):
        address = reverse("console:mode") + f"?mode={other}&building={town.building.public_id}"
        assert admin.get(address, headers=PART).status_code == 200
    assert admin.get(reverse("console:mode") + "?mode=full").status_code == 422


def test_signing_in_and_out(town):
    make_user(town, "cashier")
    client = Client()
    assert client.get("/sign-in").status_code == 200
    assert client.post("/sign-in", {"username": "cashier", "password": "wrong"}).status_code == 422
    answer = client.post("/sign-in", {"username": "Cashier", "password": "correct horse", "next": "/till"})
    assert answer["Location"] == "/till"
    assert client.get("/sign-in")["Location"] == "/"
    assert client.post("/sign-out").status_code == 302
    assert client.get("/till").status_code == 302


def test_signing_in_leads_nowhere_else_and_waits_after_five_failures(town):
    make_user(town, "cashier")
    client = Client()
    answer = client.post(
        "/sign-in", {"username": "cashier", "password": "correct horse", "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"
    client = Client()
    for _ in range(5):
        client.post("/sign-in", {"username": "cashier", "password": "guess"})
    answer = client.post("/sign-in", {"username": "cashier", "password": "correct horse"})
    assert answer.status_code == 422
    assert "Too many attempts" in answer.content.decode()


def test_language_and_theme_are_kept_by_the_browser(town, admin):
    assert admin.post("/prefer", {"language": "zh-hans", "next": "/rooms"})["Location"] == "/rooms"
    assert "房间监控" in admin.get("/rooms").content.decode()
    admin.post("/prefer", {"theme": "dark"})
    assert 'data-bs-theme="dark"' in admin.get("/").content.decode()
    admin.post("/prefer", {"theme": "auto"})
    assert "data-bs-theme" not in admin.get("/").content.decode().split("<head>")[0]
    assert ACTOR.user is None
