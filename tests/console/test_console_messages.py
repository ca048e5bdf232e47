"""How an account is told: shown beside its messages, kept by the desk for a tenant who asked, on the record."""

from datetime import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import SignIn
from tests.usecases_billing.town import Room, Town, rows

from prewatt.access.models import Action
from prewatt.notices.models import Preference
from prewatt.notices.values import Wishes
from prewatt.tenancy.models import Account, Customer
from prewatt.usecases.keep_preference import see_preference

FORM = {
    "language": "en", "channel": "mail", "level_1": "200", "level_2": "50.00", "warn_days": "5", "quiet_from": "22:00",
    "quiet_to": "07:00", "muted": ["top_up"], "second_name": "Xu", "second_phone": "+8613900000000", "second_mail": "",
    "reason": "asked at the desk",
}  # fmt: skip


@pytest.fixture
def room(town: Town) -> Room:
    return town.rooms[0]


def address(room: Room) -> str:
    return reverse("console:message_settings", args=[room.account.public_id])


def send(client: Client, room: Room, **changes: Any) -> Any:
    return client.post(address(room), {**FORM, **changes})


def notices_tab(client: Client, room: Room) -> str:
    return client.get(reverse("console:account_tab", args=[room.account.public_id, "notices"])).content.decode()


def test_the_desk_keeps_how_an_account_is_told(room: Room, sign_in: SignIn) -> None:
    cashier = sign_in("cashier")
    answer = send(cashier, room)
    assert answer.status_code == 302
    assert answer["Location"].endswith("?tab=notices#pw-tab")
    assert see_preference(account_id=room.account.pk) == Wishes(
        channels=("mail",), muted=("top_up",), quiet_from=time(22), quiet_to=time(7), warn_days=5, second_name="Xu",
        second_phone="+8613900000000",
    )  # fmt: skip
    account = Account.objects.get(pk=room.account.pk)
    assert (account.level_1, account.level_2, account.customer.language) == (20_000, 5_000, "en")
    action = Action.objects.get(verb="keep_preference")
    assert (action.reason, action.subject_id, action.actor and action.actor.username) == (
        "asked at the desk", account.number, "cashier",
    )  # fmt: skip
    text = notices_tab(cashier, room)
    for said in ("English", "Mail, Text message", "¥200.00 · ¥50.00 · 5 days left", "22:00–07:00", "Xu +86139"):
        assert said in text
    form = cashier.get(address(room)).content.decode()
    for kept in ('value="200.00"', 'value="22:00"', '<option value="mail" selected>'):
        assert kept in form


def test_what_is_left_empty_is_the_sites_own(room: Room, admin: Client) -> None:
    send(admin, room)
    empty = dict.fromkeys(("channel", "level_1", "level_2", "warn_days", "quiet_from", "quiet_to"), "")
    send(admin, room, **empty, muted=[], second_name="", second_phone="", language="zh-hans")
    assert see_preference(account_id=room.account.pk) == Wishes()
    account = Account.objects.get(pk=room.account.pk)
    assert (account.level_1, account.level_2, account.customer.language) == (None, None, "zh-hans")
    history = rows(
        "SELECT channels::text, (metadata ->> 'action')::int FROM notices_preferenceevent "
        "JOIN pghistory_context context ON context.id = pgh_context_id ORDER BY pgh_id"
    )
    actions = Action.objects.filter(verb="keep_preference").order_by("pk").values_list("pk", flat=True)
    assert history == [('["mail"]', actions[0]), ("[]", actions[1])], "what was kept, and by which action"
    assert "¥100.00 · ¥30.00" in notices_tab(admin, room)


@pytest.mark.parametrize(
    "changes",
    [
        {"level_1": "10"},
        {"level_1": "20", "level_2": ""},
        {"level_1": "a lot"},
        {"level_2": "-1"},
        {"quiet_to": ""},
        {"second_name": ""},
        {"language": "fr"},
        {"muted": ["last_call"]},
        {"reason": ""},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_makes_no_sense_is_refused_and_nothing_of_it_is_kept(
    room: Room, admin: Client, changes: dict[str, Any]
) -> None:
    assert send(admin, room, **changes).status_code == 422
    assert not Preference.objects.exists()
    account = Account.objects.get(pk=room.account.pk)
    assert (account.level_1, account.customer.language) == (None, "zh-hans")


def test_whoever_only_looks_sees_the_settings_and_no_way_to_change_them(room: Room, sign_in: SignIn) -> None:
    auditor = sign_in("auditor")
    assert "Ways to tell, in order" in notices_tab(auditor, room)
    assert "Message settings" not in notices_tab(auditor, room)
    assert send(auditor, room).status_code == 403
    assert not Preference.objects.exists()


def test_the_language_is_the_customers_and_holds_for_all_its_accounts(room: Room, town: Town, admin: Client) -> None:
    other = Account.objects.get(pk=town.rooms[1].account.pk)
    Account.objects.filter(pk=other.pk).update(customer=room.account.customer)
    send(admin, room)
    assert Customer.objects.get(accounts=other).language == "en"
    assert Account.objects.get(pk=other.pk).level_1 is None
    admin.cookies["prewatt_language"] = "zh-hans"
    assert "消息设置" in admin.get(address(town.rooms[1])).content.decode()
