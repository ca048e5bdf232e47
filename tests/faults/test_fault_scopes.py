"""F1 and F2 at the desk and in the API: another scope's objects, in the address, in the query and in the form.

Everything goes through the lists of addresses, as everybody: a page or an operation that is added is tried too.
One that names an object of a new kind must say in ``objects`` below how to come by one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.urls import URLPattern, reverse
from django.urls.converters import UUIDConverter
from tests.console.conftest import build_town, make_user
from tests.console.test_console_addresses import GUARDED
from tests.fault_rows import Faults, asked
from tests.faults.hostile_world import HostileTown
from tests.faults.invariants import assert_sound
from tests.portal.world import World
from tests.usecases_billing.town import ACTOR, Room, Town, set_clock
from tests.usecases_online.house import make_house, speaking

from prewatt.access import queries, services
from prewatt.access.models import Action, Membership, Role, Scope, User
from prewatt.access.permissions import Permission
from prewatt.api import urls as api_urls
from prewatt.approvals.models import Approval
from prewatt.cases.models import Case
from prewatt.estate.models import TrialRead
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel import clock
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.notices.models import Notice
from prewatt.payments.models import Order, Payment
from prewatt.reports.models import PaperRun, SavedReport
from prewatt.supply.models import Command
from prewatt.tenancy.models import AccountShare, PortalInvitation
from prewatt.usecases import _providers
from prewatt.usecases.work import unit_of_work
from prewatt.webhooks.models import WebhookDelivery, WebhookEndpoint

OUTSIDERS: Final = ("own role elsewhere", "another site", "another operator")
"""The first has every right next door, by a role made there: the nearest that one can come."""
OVER: Final = {403, 404, 405}
DESK: Final = ("get", "post")
METHODS: Final = ("get", "post", "put", "patch", "delete")
LIVE: Final = "live"
NAMES_NOTHING: Final = {"webhook_resend": {200, 422}}
"""Forms that say nothing of their object before they are sent, and are refused when they are."""


@dataclass
class Estate:
    """One site with everything on it, and people who have rights elsewhere alone."""

    town: HostileTown
    home: Town
    trial: TrialRead
    run: PaperRun
    role: Role
    webhook: WebhookEndpoint
    delivery: WebhookDelivery
    saved: SavedReport
    approval: Approval
    people: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def room(self) -> Room:
        return self.town.world.ours.room

    @property
    def secrets(self) -> tuple[str, ...]:
        """Words that stand on pages of this site and on no other."""
        return (self.room.account.number, self.room.installation.meter.serial, self.town.house.merchant.merchant_no)

    def objects(self) -> dict[str, Callable[[], object]]:
        """What stands in an address: by the page's name, else by the parameter's."""
        of_pages = dict(self.town.parameters())
        chief = self.town.chief.public_id
        of_pages |= {name: lambda: self.trial.public_id for name in ("trial", "trial_live")}
        of_pages |= {name: lambda: self.run.public_id for name in ("paper_run", "paper_run_live", "paper_run_file")}
        of_pages |= {
            name: lambda: chief
            for name in ("user", "user_take", "user_link", "user_turn", "user_sessions", "user_factor")
        }
        of_pages |= {name: lambda: self.saved.public_id for name in ("remove_report", "mail_report")}
        names = [one.name for one in GUARDED if one.name and one.name.startswith("webhook")]
        of_pages |= {name: lambda: self.webhook.public_id for name in names}
        of_pages["webhook_resend"] = lambda: self.delivery.public_id
        names = [one.name for one in GUARDED if one.name and one.name.startswith("approval_")]
        of_pages |= {name: lambda: self.approval.public_id for name in names}
        of_pages["bus"] = lambda: self.room.installation.bus.public_id
        of_pages |= {name: lambda: self.role.code for name in ("role", "role_end", "role_safety")}
        return of_pages

    def ids(self) -> dict[str, str]:
        """Objects of this site under every name that a query or a form knows."""
        point, account = str(self.room.point.public_id), str(self.room.account.public_id)
        share = AccountShare.objects.filter(account=self.room.account).latest("pk").public_id
        invitation = PortalInvitation.objects.filter(account=self.room.account).latest("pk").public_id
        building, scope = self.town.world.town.building, self.town.world.town.site.scope_id
        return {
            "account": account, "done": str(self.town.made["receipt"]), "for": account, "ids": point, "rooms": point,
            "installation": str(self.room.installation.public_id), "at": "2026-11-20T11:00:00+08:00", "kind": "1",
            "open": str(Notice.objects.latest("pk").public_id), "bus": str(self.room.installation.bus.public_id),
            "building": str(building.public_id), "mode": "live", "trial": str(self.trial.public_id), "room": point,
            "merchant": str(self.town.house.merchant.public_id), "share": str(share), "invitation": str(invitation),
            "scope_id": str(scope), "held": f"administrator:{scope}", "role": "administrator", "reason": "to see",
            "note": "to see", "token": str(uuid4()), "amount": "1", "count": "1", "text": self.room.account.number,
            "number": self.room.account.number, "q": self.room.account.number, "till": "T9", "channel": "cash",
            "confirm": "1", "take": "1",
        }  # fmt: skip

    def fingerprint(self) -> list[Any]:
        """What an outsider must not change, row by row."""
        tables = (
            "estate_site", "estate_meterinstallation", "tenancy_account", "tenancy_accountshare", "payments_payment",
            "tenancy_portalinvitation", "supply_hold", "payments_merchant", "access_membership", "access_role",
            "cases_case", "notices_notice", "ledger_posting", "webhooks_webhookendpoint", "webhooks_webhookdelivery",
            "reports_savedreport", "approvals_approval",
        )  # fmt: skip
        with connection.cursor() as cursor:
            found = []
            for table in tables:
                cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
                found.append((table, *cursor.fetchone()))
        return found


@pytest.fixture(scope="module")
def estate(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    folder = tmp_path_factory.mktemp("scopes")
    MeterSafe.open(folder / "meter.key", create=True)
    with ExitStack() as ending:
        ending.callback(clock.install, clock.estate_clock())
        ending.callback(_providers._safe_at.cache_clear)
        ending.enter_context(override_settings(METER_KEY_FILE=folder / "meter.key"))
        patch = ending.enter_context(pytest.MonkeyPatch.context())
        _providers._safe_at.cache_clear()
        set_clock("2026-11-20T12:00")
        world = World.build()
        house = make_house(world.town, folder / "testpay")
        ending.enter_context(speaking(house, patch))
        yield build(HostileTown.build(world, house, turn=0))


def build(town: HostileTown) -> Estate:
    """Everything at the one site, and the people of two others: of another operator, and next door."""
    site, room, home, next_door = town.world.town.site, town.world.ours.room, build_town(rooms=1), build_town(rooms=1)
    root = town.world.town.organisation
    for part in Scope.objects.filter(path__startswith=next_door.organisation.path).exclude(parent=None):
        path = root.path + part.path.removeprefix(next_door.organisation.path)
        parent = root if part.pk == next_door.site.scope_id else part.parent
        Scope.objects.filter(pk=part.pk).update(path=path.replace("/s/", f"/n{part.pk}/"), parent=parent)
    next_door.site.scope.refresh_from_db()
    trial = TrialRead.objects.create(
        installation=room.installation, from_bus=room.installation.bus, from_address=room.installation.address,
        bus=room.installation.bus, host="127.0.0.1", port=4001, baud=2400, address="000000000099",
        bus_baud=2400, reason="moved", asked_by=town.chief, asked_at=machine_now(),
    )  # fmt: skip
    Command.objects.create(
        metering_point=room.point, installation=room.installation, gateway=room.installation.bus.gateway, wanted="on",
        cause="test", action_id=1, queued_at=machine_now(), deadline=machine_now(), estate_at=machine_now(),
    )  # fmt: skip
    run = PaperRun.objects.create(
        site=site, kind="statement", month="2026-10-01", asked_by=town.chief, asked_at=machine_now()
    )
    with unit_of_work(actor=ACTOR, verb="test"):
        role = Role.objects.create(code="own-here", name="Ours", scope=site.scope, permissions=["estate.view"])
    webhook = WebhookEndpoint.objects.create(
        site=site, url="https://example.org/ours", events=["payment"], secret_sealed=b"x", created_at=machine_now()
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=webhook, event="payment", event_key="1", body="{}", state="failed", created_at=machine_now(),
        due_at=machine_now(),
    )  # fmt: skip
    saved = SavedReport.objects.create(
        site=site, owner=town.chief, name="Ours", report="sales", is_shared=True, created_at=machine_now()
    )
    approval = Approval.objects.create(
        kind="refund", scope=site.scope, about=room.account.number, amount=100, currency="CNY", wish={}, seen={},
        token="ours", reason="moved out", asked_by=town.chief, asked_at=estate_now(),
        expires_at=estate_now() + timedelta(days=1),
    )  # fmt: skip
    found = Estate(town, home, trial, run, role, webhook, delivery, saved, approval)
    found.people["another operator"] = make_user(home, "administrator", username="elsewhere")
    found.people["another site"] = make_user(next_door, "administrator", username="next-door")
    everything = Role.objects.create(
        code="own-there", name="All", scope=next_door.site.scope, permissions=sorted(Permission)
    )
    user = make_user(next_door, "auditor", username="own-role")
    Membership.objects.filter(user=user).update(role=everything)
    found.people["own role elsewhere"] = user
    with unit_of_work(actor=ACTOR, verb="test"):
        found.tokens = {name: services.issue_token(user=user) for name, user in found.people.items()}
        nobody = services.create_login(username="no-role", password="", is_machine=True)
        found.tokens["no role"] = services.issue_token(user=nobody)
    return found


def desk_address(estate: Estate, pattern: URLPattern) -> str | None:
    """The address with the site's own objects; None for a page that names none."""
    plain: dict[str, object] = {
        "key_id": estate.town.house.merchant.keys.latest("pk").pk, "tab": "ledger", "stretch": "14", "page": 1,
        "verb": "protect", "month": "2026-11", "kind": "statement", "form": "zip",
        "number": Action.objects.filter(scope=estate.town.world.town.site.scope).latest("pk").pk,
    }  # fmt: skip
    names = pattern.pattern.converters
    if not any(isinstance(one, UUIDConverter) for one in names.values()) and not {"code", "number"} & set(names):
        return None
    known, account = estate.objects(), estate.room.account.public_id
    thing = known[pattern.name or ""]() if pattern.name in known else account
    filled = {name: thing if name in {"public_id", "code"} else plain[name] for name in names}
    return reverse(f"console:{pattern.name}", kwargs=filled)


def _client(estate: Estate, name: str) -> Client:
    """A browser that asks for parts of pages: a refusal is then drawn without its frame, in a tenth of the time."""
    client = Client(headers={"HX-Request": "true"})
    client.force_login(estate.people[name])
    return client


def _told(answer: Any, secrets: tuple[str, ...]) -> list[str]:
    body = b"".join(answer) if answer.streaming else answer.content
    return [word for word in secrets if word.encode() in body]


def given_away(
    estate: Estate, faults: Faults | None = None, *, names: Sequence[str] = OUTSIDERS, methods: Sequence[str] = DESK
) -> Iterator[str]:
    """Ask for every object of the site, as those who have every right elsewhere; say what was given away (I10)."""
    asked(10)
    ids, before = estate.ids(), estate.fingerprint()
    for name in names:
        client = _client(estate, name)
        for pattern in GUARDED:
            where = desk_address(estate, pattern)
            if where is None:
                continue
            for method in methods:
                answer = client.get(where) if method == "get" else client.post(where, ids)
                if faults is not None:
                    faults.hit()
                told = _told(answer, estate.secrets)
                if answer.status_code not in OVER | NAMES_NOTHING.get(pattern.name or "", set()) or told:
                    yield f"{name} {method} {where} ({pattern.name}): {answer.status_code} {told}"
    if estate.fingerprint() != before:
        yield "something was changed"


def smuggled(estate: Estate, faults: Faults | None = None) -> Iterator[str]:
    """Ask for one's own pages, with the other site's objects under every name in query and form."""
    asked(10)
    ids = estate.ids()
    client, own = _client(estate, "another operator"), estate.home.rooms[0]
    before = estate.fingerprint()
    plain = {
        "code": "own-here", "number": 1, "key_id": 1, "tab": "ledger", "stretch": "14", "page": 1, "month": "2026-11",
        "kind": "statement", "form": "zip",
    }  # fmt: skip
    for pattern in GUARDED:
        if pattern.name == LIVE:
            continue
        of = own.point.public_id if pattern.name in {"peek", "room", "move"} else own.account.public_id
        verbs = ("protect", "cut") if pattern.name == "supply" else ("protect",)
        for verb in verbs:
            filled = {
                name: of if name == "public_id" else {**plain, "verb": verb}[name]
                for name in pattern.pattern.converters
            }
            where = reverse(f"console:{pattern.name}", kwargs=filled)
            for answer in (client.get(where, ids), client.post(f"{where}?{urlencode(ids)}", ids)):
                if faults is not None:
                    faults.hit()
                told = [one for one in _told(answer, estate.secrets) if one != ids["q"]]
                if answer.status_code >= 500 or told:
                    yield f"{pattern.name}: {answer.status_code} {told}"
    for was, after in zip(before, estate.fingerprint(), strict=True):
        if was != after and not _is_own_change(was[0]):
            yield f"{was[0]} has changed"


def _is_own_change(table: str) -> bool:
    return table in {
        "tenancy_account",
        "notices_notice",
        "supply_hold",
        "cases_case",
        "payments_payment",
        "ledger_posting",
    }


@pytest.mark.faults("F1", "F2")
def test_with_every_right_elsewhere_nothing_of_this_site_is_given_away_or_changed(estate, faults):
    names = OUTSIDERS[: faults.times(short=1, full=len(OUTSIDERS))]
    assert not list(given_away(estate, faults, names=names))
    assert_sound()


@pytest.mark.faults("F2")
def test_another_sites_objects_in_query_and_form_do_nothing(estate, faults):
    assert not list(smuggled(estate, faults))
    assert_sound()


@pytest.mark.faults("F2", control=True)
def test_without_the_prefix_test_another_sites_pages_open(estate, monkeypatch):
    everywhere = list(Scope.objects.filter(parent=None))
    monkeypatch.setattr(queries, "scopes_of", lambda **_: everywhere)
    leaks = given_away(estate, names=OUTSIDERS[:1], methods=["get"])
    assert ": 200" in next(leaks)


def machine_address(estate: Estate, pattern: URLPattern) -> str:
    """The address of an operation with the site's own objects."""
    made, world = estate.town.made, estate.town.world
    known: dict[str, Callable[[], object]] = {
        "customer_id": lambda: estate.room.account.customer.public_id,
        "account_id": lambda: estate.room.account.public_id,
        "paper_id": lambda: made["agreement"],
        "payment_id": lambda: Payment.objects.filter(account=estate.room.account).latest("pk").public_id,
        "order_id": lambda: Order.objects.filter(site=world.town.site).latest("pk").public_id,
        "site_id": lambda: world.town.site.public_id,
        "month": lambda: "2026-11",
        "point_id": lambda: estate.room.point.public_id,
        "meter_id": lambda: estate.room.installation.meter.public_id,
        "command_id": lambda: _command(estate).public_id,
        "case_id": lambda: Case.objects.filter(scope=world.town.site.scope).latest("pk").public_id,
        "approval_id": lambda: estate.approval.public_id,
        "webhook_id": lambda: estate.webhook.public_id,
        "delivery_id": lambda: estate.delivery.public_id,
        "notice_id": lambda: Notice.objects.filter(account=estate.room.account).latest("pk").public_id,
    }
    text = str(pattern.pattern)
    for name in pattern.pattern.converters:
        text = text.replace(f"<{name}>", str(known[name]()))
    return f"/api/v1/{text}"


def _command(estate: Estate) -> Command:
    found = Command.objects.filter(installation=estate.room.installation).first()
    assert found is not None, "the town of F9 protects a room, and that sends a command"
    return found


OPERATIONS: Final = [
    one
    for one in api_urls.urlpatterns
    if isinstance(one, URLPattern) and getattr(one.callback, "prewatt_permission", "") != "public"
]


@pytest.mark.faults("F1", "F2")
def test_no_operation_gives_another_sites_objects_to_a_machine(estate, faults):
    asked(10)
    silent: set[tuple[str, str]] = set()
    for name, token in estate.tokens.items():
        client = Client(headers={"authorization": f"Bearer {token}"})
        for pattern in OPERATIONS:
            where = machine_address(estate, pattern)
            for method in METHODS:
                if (where, method) in silent:
                    continue
                answer = _call(client, method, where)
                if answer.status_code == 405:
                    silent.add((where, method))
                faults.hit()
                told = _told(answer, estate.secrets)
                assert answer.status_code < 500, (name, method, where, answer.content)
                assert not told, (name, method, where, told)
                if name == "no role":
                    assert answer.status_code in {403, 405, 422}, (method, where, answer.status_code)
                elif pattern.pattern.converters:
                    assert answer.status_code in {*OVER, 400, 409, 422}, (name, method, where, answer.status_code)
    assert_sound()


@pytest.mark.faults("F1")
def test_without_a_token_no_operation_answers(estate, faults):
    for pattern in OPERATIONS:
        for method in METHODS:
            assert _call(Client(), method, machine_address(estate, pattern)).status_code in {401, 405}
            faults.hit()


def _call(client: Client, method: str, where: str) -> Any:
    if method == "get":
        return client.get(where)
    body = {"reason": "to see", "amount": "1.00", "currency": "CNY", "till": "T1", "channel": "cash"}
    call = getattr(client, method)
    return call(where, body, content_type="application/json", headers={"idempotency-key": uuid4().hex})


@pytest.mark.faults("F2", control=True)
def test_without_the_prefix_test_a_machine_reads_another_sites_account(estate, monkeypatch):
    everywhere = list(Scope.objects.filter(parent=None))
    monkeypatch.setattr(queries, "scopes_of", lambda **_: everywhere)
    client = Client(headers={"authorization": f"Bearer {estate.tokens['another operator']}"})
    assert client.get(f"/api/v1/accounts/{estate.room.account.public_id}").status_code == 200
