"""A customer leaves: settled, closed, taken out, blanked; and what is over its time is forgotten."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import build_town, make_user, pay
from tests.usecases_billing.town import ACTOR, Room, Town, set_clock

from prewatt.access.audit import Actor
from prewatt.access.history import history_of
from prewatt.access.models import Action, IdempotentRequest, User
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.errors import NotPermitted, Refused
from prewatt.ledger.queries import list_postings
from prewatt.notices.models import Notice, Preference
from prewatt.payments.models import Callback
from prewatt.tenancy.errors import NotSettled, StillCustomer
from prewatt.tenancy.models import Account, AccountShare, Customer, PortalInvitation, Tenancy
from prewatt.tenancy.queries import find_accounts, get_account
from prewatt.usecases.clear_to_zero import clear_to_zero
from prewatt.usecases.close_account import close_account
from prewatt.usecases.forget_old import forget_old
from prewatt.usecases.personal_data import JSON_NAME, TEXT_NAME, blank_customer, export_personal_data

Building = Callable[[], AbstractContextManager[None]]
NAMES = ("Zhang Wei", "+8613811112222", "zhang@example.org", "TAX-4711", "张伟")
pytestmark = pytest.mark.django_db


class Desk:
    """A town with an administrator, and a tenant who is known by name."""

    def __init__(self) -> None:
        set_clock("2026-11-20T12:00")
        self.town: Town = build_town(rooms=2)
        self.room: Room = self.town.rooms[0]
        self.user = make_user(self.town, "administrator")
        self.actor = Actor(process="web", user=self.user)
        pay(self.room)
        account = self.room.account
        Customer.objects.filter(pk=account.customer_id).update(
            name="Zhang Wei", phone=NAMES[1], email=NAMES[2], tax_no=NAMES[3], pinyin="zhang wei zw"
        )
        self.tenant = User.objects.create(username="zhang", name="张伟", email=NAMES[2], created_at=machine_now())
        now = machine_now()
        AccountShare.objects.create(account=account, user=self.tenant, role="owner", from_at=now)
        PortalInvitation.objects.create(
            account=account, role="owner", name="张伟", recipient=NAMES[2], language="en", token_hash="0" * 64,
            created_at=now, expires_at=now + timedelta(days=7),
        )  # fmt: skip
        Preference.objects.create(account=account, second_name="张伟", second_phone=NAMES[1])
        notice(account, body="Zhang Wei, your balance is low.", recipient=NAMES[1])

    def settle(self) -> None:
        """Give the money back by an entry, and let the tenancy end: what a move-out leaves behind."""
        clear_to_zero(actor=ACTOR, account_id=self.room.account.pk, reason="Moves out", token="clear-1")
        row = Tenancy.objects.get(pk=self.room.tenancy.pk)
        row.period = type(row.period)(row.period.lower, estate_now())
        row.save()

    def close(self) -> None:
        self.settle()
        close_account(actor=self.actor, account_id=self.room.account.pk, reason="Moved out")


def notice(account: Account, *, body: str, recipient: str) -> Notice:
    return Notice.objects.create(
        account=account, kind="level_1", cause_key=f"1:{len(body)}", channel="sms", recipient=recipient, language="en",
        subject="Low", body=body, facts={"name": "Zhang Wei"}, state="delivered", created_at=estate_now(),
        due_at=machine_now(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def desk(building: Building) -> Desk:
    with building():
        return Desk()


def test_an_account_is_closed_only_when_it_is_settled(desk: Desk) -> None:
    account = desk.room.account.pk
    with pytest.raises(NotSettled, match="not zero"):
        close_account(actor=desk.actor, account_id=account, reason="Moved out")
    clear_to_zero(actor=ACTOR, account_id=account, reason="Moves out", token="clear-1")
    with pytest.raises(NotSettled, match="pays for a room"):
        close_account(actor=desk.actor, account_id=account, reason="Moved out")
    assert Action.objects.filter(verb="close_account", outcome="refused").count() == 2


def test_a_closed_account_takes_no_money_and_its_shares_end(desk: Desk) -> None:
    desk.close()
    account = Account.objects.get(pk=desk.room.account.pk)
    assert account.state == "closed"
    assert not AccountShare.objects.filter(account=account, to_at=None).exists()
    with pytest.raises(Refused, match="closed"):
        pay(desk.room)
    with pytest.raises(Refused, match="closed"):
        close_account(actor=desk.actor, account_id=account.pk, reason="Once more")


def test_personal_data_is_taken_out_and_the_trail_says_only_that(desk: Desk) -> None:
    packed = export_personal_data(actor=desk.actor, account_public_id=desk.room.account.public_id)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        found = json.loads(archive.read(JSON_NAME))
        text = archive.read(TEXT_NAME).decode()
    assert found["customer"]["phone"] == NAMES[1]
    assert found["payments"][0]["amount"] == "100.00 CNY"
    assert found["messages"][0]["body"].startswith("Zhang Wei")
    assert all(name in text for name in NAMES)
    action = Action.objects.get(verb="export_personal_data")
    assert (action.subject_kind, action.actor) == ("customer", desk.user)
    assert not any(name in f"{action.detail}{action.reason}{action.subject_id}" for name in NAMES)


def test_a_customer_with_an_open_account_is_not_blanked(desk: Desk) -> None:
    with pytest.raises(StillCustomer):
        blank_customer(actor=desk.actor, account_public_id=desk.room.account.public_id, reason="Asked for")
    assert Customer.objects.get(pk=desk.room.account.customer_id).name == "Zhang Wei"


def test_blanked_means_in_no_table_and_no_history(desk: Desk) -> None:
    before = len(list_postings(ledger_account_ids=_ledger(desk), limit=100))
    desk.close()
    blank_customer(actor=desk.actor, account_public_id=desk.room.account.public_id, reason="Asked for in writing")
    registers = (Customer, User, PortalInvitation, Preference)
    tables = [*(table.objects for table in (*registers, Notice, Account)), *map(history_of, registers)]
    for table in tables:
        told = [str(row) for row in table.values()]
        assert not [row for row in told if any(name in row for name in NAMES)]
    code = Customer.objects.get(pk=desk.room.account.customer_id).code
    facts = get_account(user=desk.user, public_id=desk.room.account.public_id)
    assert facts.customer_name == code
    assert not find_accounts(user=desk.user, text="Zhang")
    assert len(list_postings(ledger_account_ids=_ledger(desk), limit=100)) == before + 1
    tenant = User.objects.get(pk=desk.tenant.pk)
    assert (tenant.is_active, tenant.email, tenant.has_usable_password()) == (False, None, False)
    action = Action.objects.get(verb="blank_customer")
    assert action.reason == "Asked for in writing"


def test_who_shares_another_account_keeps_the_login(desk: Desk) -> None:
    AccountShare.objects.create(
        account=desk.town.rooms[1].account, user=desk.tenant, role="viewer", from_at=machine_now()
    )
    desk.close()
    blank_customer(actor=desk.actor, account_public_id=desk.room.account.public_id, reason="Asked for")
    assert User.objects.get(pk=desk.tenant.pk).email == NAMES[2]


def test_nobody_blanks_what_reaches_beyond_their_right(desk: Desk) -> None:
    elsewhere = build_town(rooms=1)
    Account.objects.filter(pk=elsewhere.rooms[0].account.pk).update(customer=desk.room.account.customer_id)
    with pytest.raises(NotPermitted):
        export_personal_data(actor=desk.actor, account_public_id=desk.room.account.public_id)
    small = make_user(desk.town, "manager", username="manager")
    with pytest.raises(Refused):
        export_personal_data(
            actor=Actor(process="web", user=small), account_public_id=desk.room.account.public_id
        )  # fmt: skip


def test_the_desk_closes_takes_out_and_blanks(desk: Desk) -> None:
    client = Client()
    client.force_login(desk.user)
    where = {"public_id": desk.room.account.public_id}
    form = {"reason": "Moved out", "token": "0199d000-0000-7000-8000-000000000000"}
    assert client.get(reverse("console:close_account", kwargs=where)).status_code == 200
    refused = client.post(reverse("console:close_account", kwargs=where), form)
    assert refused.status_code == 422
    assert client.get(reverse("console:personal_data", kwargs=where)).status_code == 405
    packed = client.post(reverse("console:personal_data", kwargs=where))
    assert (packed.status_code, packed["Cache-Control"]) == (200, "no-store")
    desk.settle()
    assert client.post(reverse("console:close_account", kwargs=where), form).status_code == 302
    assert b"Blank" in client.get(reverse("console:account", kwargs=where)).content
    assert client.get(reverse("console:blank_customer", kwargs=where)).status_code == 200
    assert client.post(reverse("console:blank_customer", kwargs=where), form).status_code == 302
    assert b"Zhang" not in client.get(reverse("console:account", kwargs=where)).content


def test_what_is_over_its_time_is_forgotten(desk: Desk) -> None:
    forget_old()
    account = desk.room.account
    young = notice(account, body="Young", recipient="+8613900139000")
    Notice.objects.exclude(pk=young.pk).update(created_at=estate_now() - timedelta(days=731))
    ago = machine_now() - timedelta(days=400)
    IdempotentRequest.objects.create(
        user=desk.user, key="old-key-1", body_hash="0", status=200, answer={"name": "Zhang"}, machine_at=ago
    )
    Callback.objects.create(
        key="k", channel="testpay", verdict="forged", body_hash="0", first_at=ago, last_at=ago, detail="Zhang",
        address="192.0.2.1",
    )  # fmt: skip
    PortalInvitation.objects.update(created_at=ago, expires_at=ago)
    assert forget_old() == Notice.objects.exclude(pk=young.pk).count() + 3
    assert forget_old() == 0
    old = Notice.objects.exclude(pk=young.pk).first()
    assert old is not None
    assert (old.body, old.facts, old.state) == ("", {}, "delivered")
    assert Notice.objects.get(pk=young.pk).body == "Young"
    assert not IdempotentRequest.objects.exists()
    assert (Callback.objects.get().detail, Callback.objects.get().address) == ("", "")
    assert PortalInvitation.objects.get().recipient == ""


def _ledger(desk: Desk) -> tuple[int, ...]:
    return get_account(user=desk.user, public_id=desk.room.account.public_id).ledger_account_ids
