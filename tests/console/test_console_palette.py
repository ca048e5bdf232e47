"""The palette offers the pages that a login may open, accounts within its scope, and deeds that it may do."""

from django.test import Client
from django.urls import reverse
from tests.console.conftest import SignIn
from tests.usecases_billing.town import Town


def offered(client: Client, **wanted: str) -> str:
    answer = client.get(reverse("console:palette"), wanted, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_pages_are_offered_by_right_and_found_by_either_tongue(sign_in: SignIn, admin: Client) -> None:
    assert reverse("console:users") in offered(admin)
    engineer = sign_in("engineer")
    assert reverse("console:users") not in offered(engineer)
    assert reverse("console:till") not in offered(engineer)
    engineer.cookies["prewatt_language"] = "zh-hans"
    for word in ("comms", "通讯"):
        assert reverse("console:comms") in offered(engineer, q=word), word
    assert 'href="' not in offered(engineer, q="no such thing")


def test_an_account_is_found_by_room_and_its_deeds_are_offered_to_who_may_do_them(
    town: Town, sign_in: SignIn, admin: Client
) -> None:
    room = town.rooms[0]
    account = str(room.account.public_id)
    assert reverse("console:account", args=[account]) in offered(admin, q=room.account.number)
    deeds = offered(admin, account=account)
    assert f"{reverse('console:till')}?account={account}" in deeds
    assert reverse("console:clear", args=[account]) in deeds
    cashier = offered(sign_in("cashier"), account=account)
    assert reverse("console:refund", args=[account]) in cashier
    assert reverse("console:clear", args=[account]) not in cashier
    assert reverse("console:refund", args=[account]) not in offered(sign_in("auditor"), account=account)
    assert "pw-deed" not in offered(admin, account="nonsense")
