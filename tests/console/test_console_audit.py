"""The audit trail at the desk: who did what, before and after; found, scoped, taken out."""

import ast
import csv
import io
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook
from tests.console.conftest import build_town, make_user
from tests.usecases_billing.town import ACTOR, set_clock

from prewatt.access import services
from prewatt.access.audit import Actor
from prewatt.access.models import Action, User
from prewatt.console.views import audit
from prewatt.estate.models import Gateway
from prewatt.kernel.errors import Refused
from prewatt.reports.tables.verbs import VERBS
from prewatt.usecases.manage_users import give_role, turn_login
from prewatt.usecases.work import unit_of_work

SOURCE = Path(__file__).parents[2] / "src" / "prewatt"


@pytest.fixture(scope="module")
def place(module_database):
    set_clock("2026-11-20T12:00")
    town = build_town(rooms=1)
    chief = make_user(town, "administrator", username="chief")
    make_user(town, "auditor", username="ada")
    make_user(town, "cashier", username="=cash()")
    elsewhere = build_town(rooms=1)
    make_user(elsewhere, "auditor", username="elsewhere")
    actor = Actor(process="web", user=chief, address="192.0.2.7")
    cashier = User.objects.get(username="=cash()")
    give_role(actor=actor, public_id=cashier.public_id, code="engineer", scope_id=town.site.scope_id)
    turn_login(actor=actor, public_id=cashier.public_id, active=False, reason="@left us")
    with unit_of_work(actor=actor, verb="change_gateway", scope=town.site.scope, reason="moved"):
        gateway = Gateway.objects.get(site=town.site)
        gateway.address = "10.0.0.9"
        gateway.save()
    with pytest.raises(Refused), unit_of_work(actor=actor, verb="clear_to_zero", scope=town.site.scope):
        raise Refused("It is zero already.")
    return town, chief, elsewhere


@pytest.fixture
def auditor(place):
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    return client


def verbs(answer) -> list[str]:
    return [one["row"].verb for one in answer.context["rows"]]


def test_people_come_first_and_the_house_is_asked_for(auditor, place):
    page = auditor.get(reverse("console:audit"))
    assert verbs(page) == ["clear_to_zero", "change_gateway", "close_login", "give_role"]
    assert "It is zero already" in page.content.decode()
    assert "record_readings" not in verbs(page)
    assert set(verbs(auditor.get(reverse("console:audit"), {"by": "processes"}))).isdisjoint({"give_role"})


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"who": "CHIEF"}, 4),
        ({"who": "nobody"}, 0),
        ({"verb": "give_role"}, 1),
        ({"outcome": "refused"}, 1),
        ({"subject": "192.0.2.7"}, 4),
        ({"from_day": "2026-11-20", "to_day": "2026-11-20"}, 4),
        ({"to_day": "2026-11-19"}, 0),
        ({"from_day": "nonsense"}, 4),
        ({"before": "1"}, 0),
        ({"before": "9" * 30}, 4),
    ],
)
def test_filters_stand_in_the_address(auditor, place, asked, found):
    assert len(verbs(auditor.get(reverse("console:audit"), asked))) == found


def action(verb: str) -> Action:
    return Action.objects.filter(verb=verb).latest("pk")


def test_an_action_shows_each_field_before_and_after(auditor, place):
    page = auditor.get(reverse("console:audit_action", args=[action("change_gateway").pk]))
    told = [(one["register"], one["field"], one["before"], one["after"]) for one in page.context["changes"]]
    assert told == [("Gateway", "Address", "127.0.0.1", "10.0.0.9")]
    page = auditor.get(reverse("console:audit_action", args=[action("close_login").pk]))
    assert ("Open", "yes", "no") in [(one["field"], one["before"], one["after"]) for one in page.context["changes"]]
    page = auditor.get(reverse("console:audit_action", args=[action("give_role").pk]))
    given = {one["field"]: one["after"] for one in page.context["changes"]}
    assert given["Role"] == "Engineer"
    assert given["Where"] == "Site"
    assert all(one["is_new"] for one in page.context["changes"])


def test_another_operators_auditor_sees_none_of_it(place):
    client = Client()
    client.force_login(User.objects.get(username="elsewhere"))
    assert verbs(client.get(reverse("console:audit"), {"by": "all", "who": "chief"})) == []
    assert client.get(reverse("console:audit_action", args=[action("change_gateway").pk])).status_code == 404
    assert client.get(reverse("console:audit_action", args=[10**30])).status_code == 404
    body = b"".join(client.get(reverse("console:audit_export", args=["csv"]), {"by": "all"}))
    assert b"10.0.0.9" not in body


def test_who_may_see_every_operator_sees_what_has_no_scope(place):
    with unit_of_work(actor=ACTOR, verb="test"):
        user = services.create_login(username="over all", password="long enough")
        for town in (place[0], place[2]):
            services.grant(user=user, role_code="auditor", scope=town.organisation)
    client = Client()
    client.force_login(user)
    assert "test" in verbs(client.get(reverse("console:audit"), {"by": "all"}))


def test_it_is_taken_out_as_csv_and_as_a_sheet_and_nothing_in_it_reckons(auditor, place):
    where = reverse("console:audit_export", args=["csv"])
    rows = list(csv.reader(io.StringIO(b"".join(auditor.get(where)).decode("utf-8-sig"))))
    assert len(rows) == 5
    assert rows[2][-1] == "Gateway G1, Address: 127.0.0.1 → 10.0.0.9"
    assert rows[3][7] == "'@left us"
    sheet = b"".join(auditor.get(reverse("console:audit_export", args=["xlsx"])))
    lines = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert [line[3] for line in lines[1:]] == [row[3] for row in rows[1:]]
    assert auditor.get(reverse("console:audit_export", args=["exe"])).status_code == 404
    assert len(b"".join(auditor.get(where, {"verb": "give_role"})).splitlines()) == 2


def test_a_trail_that_is_longer_than_a_file_is_refused_and_not_cut(auditor, place, monkeypatch):
    for most, status in ((3, 422), (4, 200)):
        monkeypatch.setattr(audit, "FILE_ROWS_MAX", most)
        for form in ("csv", "xlsx"):
            answer = auditor.get(reverse("console:audit_export", args=[form]))
            assert answer.status_code == status
            answer.close()


def test_every_verb_has_a_word():
    used = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "verb" and isinstance(node.value, ast.Constant):
                used.add(node.value.value)
    assert not used - VERBS.keys(), "give it a word in reports/tables/verbs.py"
