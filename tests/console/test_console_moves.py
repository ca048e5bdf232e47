"""Moving a meter as an engineer meets it: the form, the page of the trial, what is refused, what it says."""

import importlib
import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from django.utils.translation import override
from tests.usecases_billing.town import Town

from prewatt.access.audit import Actor
from prewatt.access.models import Action, Role, User
from prewatt.console.trial_words import advice_of
from prewatt.estate.errors import BadInstallation, NoTrial, UnknownPlace
from prewatt.estate.models import Bus, Gateway, GatewayLease, MeterInstallation, TrialRead
from prewatt.estate.services.trials import ANSWER_WITHIN, CLAIM_WITHIN, FRESH_FOR, TrialReport
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.supply.errors import UnknownPoint
from prewatt.supply.models import Command
from prewatt.usecases.claim_trials import claim_trials
from prewatt.usecases.move_meter import ask_trial, move_meter
from prewatt.usecases.record_trial_reports import record_trial_reports
from prewatt.usecases.see_trial import Stand, see_trial

COLLECTOR = Actor(process="collector c")
NEW = "000000000777"


@pytest.fixture
def engineer(sign_in):
    return sign_in("engineer")


def user_of(client):
    return User.objects.get(pk=client.session["_auth_user_id"])


def ask(town, client, *, address=NEW, bus=None, baud="", htmx=False):
    answer = client.post(
        reverse("console:move", args=[town.rooms[0].point.public_id]),
        {"bus": str((bus or town.bus).public_id), "address": address, "baud": baud, "reason": "wrong in the list"},
        headers={"HX-Request": "true"} if htmx else {},
    )
    where = answer.headers.get("HX-Redirect") or answer.headers.get("Location")
    return answer, UUID(where.rsplit("/", 1)[1]) if where else None


def lease(town, epoch=1):
    GatewayLease.objects.update_or_create(
        gateway=town.bus.gateway,
        defaults={"collector": "c", "epoch": epoch, "until": machine_now() + timedelta(seconds=6)},
    )


def claim(town, epoch=1):
    lease(town, epoch)
    return claim_trials(actor=COLLECTOR, epochs={town.bus.gateway_id: epoch})


def answer(trial, *, epoch=1, finding="", words="", total_wh=24_500):
    row = TrialRead.objects.get(public_id=trial)
    wh = None if finding else total_wh
    return record_trial_reports(
        actor=COLLECTOR, reports=[TrialReport(row.pk, estate_now(), epoch, finding, words, wh)]
    )  # fmt: skip


def page(client, trial):
    return client.get(reverse("console:trial", args=[trial])).content.decode()


def hanging(town):
    row = MeterInstallation.objects.get(pk=town.rooms[0].installation.pk)
    return row.bus_id, row.address


def test_a_move_is_asked_for_tried_and_saved(town, engineer):
    before = hanging(town)
    said = engineer.get(reverse("console:move", args=[town.rooms[0].point.public_id])).content.decode()
    assert before[1] in said
    assert "nothing is saved yet" in said
    _, trial = ask(town, engineer, htmx=True)
    assert "Waiting for the collector" in page(engineer, trial)
    assert 'hx-trigger="every 1s"' in page(engineer, trial)
    (order,) = claim(town)
    assert (order.address, order.baud, order.host) == (NEW, town.bus.baud, town.bus.gateway.address)
    assert claim(town) == [], "it is handed out once"
    assert "Reading the meter" in page(engineer, trial)
    assert answer(trial) == 1
    assert "Save the move" in page(engineer, trial)
    assert hanging(town) == before, "the plan stays until somebody saves"
    saved = engineer.post(reverse("console:trial", args=[trial]), {"save": "1"}, follow=True).content.decode()
    assert "read at its new place from now on" in saved
    assert hanging(town) == (town.bus.pk, NEW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.address, c.metadata FROM estate_meterinstallationevent e"
            " JOIN pghistory_context c ON c.id = e.pgh_context_id ORDER BY e.pgh_id DESC LIMIT 1"
        )
        address, metadata = cursor.fetchone()
    action = Action.objects.get(verb="move_meter")
    assert (address, json.loads(metadata)["action"]) == (NEW, action.pk)
    assert (action.reason, str(action.actor)) == ("wrong in the list", str(user_of(engineer)))
    assert "saved already" in engineer.post(
        reverse("console:trial", args=[trial]), {"save": "1"}, follow=True
    ).content.decode()  # fmt: skip


def test_another_baud_is_set_for_the_whole_bus_and_said_so(town, engineer):
    address = hanging(town)[1]
    _, trial = ask(town, engineer, address=address, baud="9600")
    claim(town)
    answer(trial)
    assert "from 2400 to 9600 baud, with the 3 meters" in page(engineer, trial)
    move_meter(actor=Actor(process="test"), trial_public_id=trial)
    assert Bus.objects.get(pk=town.bus.pk).baud == 9600


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"address": "12345"}, "Write all 12 digits."),
        ({"address": "first"}, "stored at exactly this place"),
        ({"address": "second"}, "Two meters cannot share an address"),
        ({"baud": "1234"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_refused_in_the_form(town, engineer, form, said):
    named = {"first": town.rooms[0].installation.address, "second": town.rooms[1].installation.address}
    form = {name: named.get(value, value) for name, value in form.items()}
    refused, trial = ask(town, engineer, **form)
    assert (refused.status_code, trial) == (422, None)
    assert said in refused.content.decode()
    assert not TrialRead.objects.exists()


def test_only_buses_and_rooms_of_ones_scope(town, engineer):
    elsewhere = Town.build().bus
    refused, _ = ask(town, engineer, bus=elsewhere)
    assert refused.status_code == 422
    user = user_of(engineer)
    point = town.rooms[0].point.public_id
    with pytest.raises(UnknownPlace):
        ask_trial(
            actor=Actor(process="web", user=user), point_public_id=point, bus_public_id=elsewhere.public_id,
            address=NEW, baud=None, reason="test",
        )  # fmt: skip
    _, trial = ask(town, engineer)
    user.memberships.all().delete()
    with pytest.raises(UnknownPoint):
        see_trial(user=user, public_id=trial)
    with pytest.raises(UnknownPoint):
        move_meter(actor=Actor(process="web", user=user), trial_public_id=trial)


def test_a_cashier_finds_no_way_to_it(town, sign_in):
    cashier = sign_in("cashier")
    assert cashier.get(reverse("console:move", args=[town.rooms[0].point.public_id])).status_code == 403
    assert "Move…" not in cashier.get(reverse("console:comms")).content.decode()


def test_without_a_reason_nobody_moves_a_meter(town):
    with pytest.raises(BadInstallation, match="reason"):
        ask_trial(
            actor=COLLECTOR, point_public_id=town.rooms[0].point.public_id, bus_public_id=town.bus.public_id,
            address=NEW, baud=None, reason=" ",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("finding", "words", "said"),
    [
        ("silent", "", "Nobody answers at this address"),
        ("other_pace", "9600", "the pace of 9600 baud, not of 2400"),
        ("no_line", "connection refused", "connection refused. Is the gateway on"),
        ("garbled", "", "cannot be understood"),
        ("no_register", "no such data", "gives no register"),
    ],
)
def test_a_trial_that_failed_says_what_to_do_and_saves_nothing(town, engineer, finding, words, said):
    _, trial = ask(town, engineer)
    claim(town)
    answer(trial, finding=finding, words=words)
    text = page(engineer, trial)
    assert said in text
    assert "Save the move" not in text
    with pytest.raises(NoTrial):
        move_meter(actor=COLLECTOR, trial_public_id=trial)
    changed = engineer.get(
        reverse("console:move", args=[town.rooms[0].point.public_id]), {"trial": trial}
    ).content.decode()  # fmt: skip
    assert NEW in changed
    again = engineer.post(reverse("console:trial", args=[trial]), {"again": "1"})
    assert TrialRead.objects.count() == 2
    assert again.status_code == 302


@pytest.mark.parametrize("total_wh", [23_000, 900_000])
def test_a_register_that_does_not_go_on_is_another_meter(town, engineer, total_wh):
    _, trial = ask(town, engineer)
    claim(town)
    answer(trial, total_wh=total_wh)
    assert "Another meter answers" in page(engineer, trial)


def test_reports_under_another_lease_or_twice_change_nothing(town, engineer):
    _, trial = ask(town, engineer)
    claim(town, epoch=3)
    assert answer(trial, epoch=2) == 0
    assert answer(trial, epoch=3, finding="silent") == 1
    assert answer(trial, epoch=3) == 0
    assert see_trial(user=user_of(engineer), public_id=trial).finding == "silent"
    assert record_trial_reports(actor=COLLECTOR, reports=[]) == 0


def test_a_collector_that_lost_the_gateway_is_given_nothing(town, engineer):
    ask(town, engineer)
    lease(town, epoch=2)
    actions = Action.objects.count()
    assert claim_trials(actor=COLLECTOR, epochs={town.bus.gateway_id: 1}) == []
    assert claim_trials(actor=COLLECTOR, epochs={}) == []
    assert claim_trials(actor=COLLECTOR, epochs={0: 1}) == []
    assert Action.objects.count() <= actions + 1


@pytest.mark.parametrize(
    ("state", "column", "age", "stand"),
    [
        ("asked", "asked_at", CLAIM_WITHIN, Stand.AWAY),
        ("claimed", "claimed_at", ANSWER_WITHIN, Stand.UNTOLD),
        ("answered", "ended_at", FRESH_FOR, Stand.STALE),
    ],
)
def test_each_step_has_its_time(town, engineer, state, column, age, stand):
    _, trial = ask(town, engineer)
    late = machine_now() - age - timedelta(seconds=1)
    TrialRead.objects.update(**{"state": state, "claimed_at": machine_now(), "ended_at": None, column: late})
    view = see_trial(user=user_of(engineer), public_id=trial)
    assert (view.stand, view.is_open) == (stand, False)
    assert "Try once more" in page(engineer, trial)
    with override("zh-hans"):
        assert "试" in advice_of(view).text
    if state == "asked":
        assert claim(town) == [], "nobody waits for it any more"


def test_a_meter_may_move_to_a_bus_without_meters(town, engineer):
    gateway = Gateway.objects.create(site=town.site, code="G9", address="192.0.2.9")
    bus = Bus.objects.create(gateway=gateway, port=9, baud=4800)
    _, trial = ask(town, engineer, bus=bus, address=hanging(town)[1])
    GatewayLease.objects.create(gateway=gateway, collector="c", until=machine_now() + timedelta(seconds=6))
    (order,) = claim_trials(actor=COLLECTOR, epochs={gateway.pk: 1})
    assert (order.host, order.port, order.baud) == ("192.0.2.9", 9, 4800)
    answer(trial)
    gateway.address = "192.0.2.8"
    gateway.save()
    refused = engineer.post(reverse("console:trial", args=[trial]), {"save": "1"}, follow=True).content.decode()
    assert "changed since the trial" in refused
    gateway.address = "192.0.2.9"
    gateway.save()
    waits = Command.objects.create(
        installation=town.rooms[0].installation, metering_point=town.rooms[0].point, gateway=town.bus.gateway,
        wanted="off", cause="manual", deadline=machine_now() + timedelta(seconds=60), queued_at=machine_now(),
        estate_at=estate_now(),
    )  # fmt: skip
    engineer.post(reverse("console:trial", args=[trial]), {"save": "1"})
    assert hanging(town)[0] == bus.pk
    waits.refresh_from_db()
    assert waits.gateway_id == gateway.pk, "a command that waits goes the new way"


def test_engineers_of_an_older_house_may_move_meters_too(engineer):
    Role.objects.filter(code="engineer").update(permissions=["estate.view"])
    migration = importlib.import_module("prewatt.estate.migrations.0002_trial_read")
    migration.let_engineers_move_meters(apps, None)
    assert Role.objects.get(code="engineer").permissions == ["estate.view", "meters.move"]
    assert "meters.move" not in Role.objects.get(code="cashier").permissions
