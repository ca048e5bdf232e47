"""The account's page: how long the money lasts, the last hours, what it costs, and what the guard bar says of money."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.console.conftest import build_town, make_user, pay
from tests.usecases_billing.town import ACTOR, set_clock

from prewatt.kernel.clock import estate_now, machine_now
from prewatt.payments.models import Payment
from prewatt.supply.models import Command
from prewatt.tenancy.models import Account, Tenancy
from prewatt.usecases.audit_books import audit_books, audit_overdue_books
from prewatt.usecases.see_guard import PaymentsState, see_guard
from prewatt.usecases.see_site import see_site

ACCOUNT_QUERIES_MAX = 26
PEEK_QUERIES_MAX = 15


def _page(client, room, name="account", *more):
    return client.get(reverse(f"console:{name}", args=[room.account.public_id, *more])).content.decode()


def _lasts(room, **left):
    Account.objects.filter(pk=room.account.pk).update(empties_at=estate_now() + timedelta(**left), daily_cost=2_000)


def _data(text, name):
    (said,) = re.findall(rf'<script id="{name}"[^>]*>(.*?)</script>', text)
    return json.loads(said)


def test_less_than_a_day_is_said_in_hours_with_a_fan_of_hours(town, admin):
    room = town.rooms[0]
    pay(room, 1_920 + 600)  # 24 kWh at 0.80 are used: 6.00 is left, at 20.00 a day
    _lasts(room, hours=7, minutes=12)
    text = _page(admin, room)
    assert "≈ 7 h" in text
    assert "≈ 0 days" not in text
    assert re.search(r"Between \d+ and \d+ hours", text)
    fan = _data(text, "pw-fan")
    assert fan["hours"] is True
    assert fan["middle"][1][0] - fan["at"] == 7 * 3_600_000


def test_days_stay_days_and_an_hour_is_the_least(town, admin):
    room = town.rooms[0]
    pay(room, 20_000)
    _lasts(room, days=9, hours=1)
    text = _page(admin, room)
    assert "≈ 9 days" in text
    assert _data(text, "pw-fan")["hours"] is False
    Account.objects.filter(pk=room.account.pk).update(empties_at=estate_now() + timedelta(minutes=20))
    assert "&lt; 1 h" in _page(admin, room)


def test_what_is_used_up_is_said_so(town, admin):
    room = town.rooms[0]
    _lasts(room, hours=0)
    text = _page(admin, room)
    assert "Used up" in text
    assert "pw-fan" not in text


def test_the_last_hours_come_from_the_readings(town, admin):
    room = town.rooms[0]
    town.read(room, "2026-11-20T11:30", 24_600)
    set_clock("2026-11-20T12:00")
    text = _page(admin, room, "account_usage", "48h")
    data = _data(text, "pw-usage-data")
    assert len(data["labels"]) == 48
    assert data["titles"][-1] == "11-20 12:00"
    bars = data["bands"]["flat"]
    # 14 kWh between noon and eleven on the next day, then 0.6 kWh in half an hour; nothing is read after
    assert bars[-1] is None
    assert bars[-2] == 0.6
    assert round(sum(wh or 0 for wh in bars), 1) == 14.6
    assert bars[0] is None
    assert "11-20 11:00" in text


def test_the_hours_without_power_are_marked(town, admin):
    room = town.rooms[0]
    for wanted, ago in (("off", 5), ("on", 3), ("off", 1)):
        at = machine_now() - timedelta(hours=ago)
        Command.objects.create(
            installation=room.installation, metering_point=room.point, gateway=room.installation.bus.gateway,
            wanted=wanted, cause="credit", state="verified", queued_at=at, ended_at=at, deadline=at,
            estate_at=estate_now() - timedelta(hours=ago),
        )  # fmt: skip
    outages = _data(_page(admin, room, "account_usage", "48h"), "pw-usage-data")["outages"]
    assert [round(end - begin) for begin, end in outages] == [2, 1]


def test_a_day_before_anything_is_known_is_no_zero(town, admin):
    room = town.rooms[0]
    data = _data(_page(admin, room), "pw-usage-data")
    assert data["before"][0] is None  # the last day before the meter began: not zero
    assert data["before"][1] > 0
    assert len(data["before"]) == 14
    assert "—" in admin.get(reverse("console:shift")).content.decode()


def _queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_account_and_the_pop_up_cost_the_same_for_many_rooms(db, estate_clock):
    town = build_town(rooms=6)
    first = town.rooms[0]
    client = Client()
    client.force_login(make_user(town, "administrator"))
    pay(first, 30_000)
    account = reverse("console:account", args=[first.account.public_id])
    peek = reverse("console:peek", args=[first.point.public_id])
    _queries(client, account)  # what a process reads once and keeps
    one = _queries(client, account), _queries(client, peek)
    Tenancy.objects.filter(pk__in=[room.tenancy.pk for room in town.rooms[1:]]).update(account=first.account)
    many = _queries(client, account), _queries(client, peek)
    assert one == many
    assert one[0] <= ACCOUNT_QUERIES_MAX
    assert one[1] <= PEEK_QUERIES_MAX


@pytest.fixture
def site(town):
    return see_site(user=make_user(town, "auditor"), permission="estate.view")


def test_payments_are_healthy_only_when_everything_was_looked_at(town, site):
    room = town.rooms[0]
    pay(room, 10_000)
    assert see_guard(site=site, now=estate_now()).payments.state is PaymentsState.UNAUDITED
    assert audit_overdue_books(actor=ACTOR)
    assert not audit_overdue_books(actor=ACTOR)
    payments = see_guard(site=site, now=estate_now()).payments
    assert (payments.state, payments.posted_at) == (PaymentsState.WELL, Payment.objects.get().received_at)
    assert see_guard(site=site, now=estate_now() + timedelta(hours=27)).payments.state is PaymentsState.UNAUDITED


def test_a_payment_without_an_entry_and_a_difference_disturb_them(town, site):
    room = town.rooms[0]
    pay(room, 10_000)
    audit_books(actor=ACTOR)
    Payment.objects.update(entry=None, received_at=estate_now() - timedelta(minutes=5))
    assert see_guard(site=site, now=estate_now()).payments.state is PaymentsState.UNPOSTED
    Account.objects.filter(pk=room.account.pk).update(accrued=7)
    audit_books(actor=ACTOR)
    assert see_guard(site=site, now=estate_now()).payments.state is PaymentsState.DIFFER


def test_the_guard_bar_says_when_the_books_were_added(town, admin):
    pay(town.rooms[0], 10_000)
    text = admin.get(reverse("console:guard")).content.decode()
    assert "not audited yet" in text
    audit_books(actor=ACTOR)
    text = admin.get(reverse("console:guard")).content.decode()
    assert "healthy" in text
    assert "Last payment posted" in text
