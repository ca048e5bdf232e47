"""Events found in the rows that tell them, delivered once for each endpoint, signed, retried, and given up."""

import json
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from tests.console.conftest import build_town, make_user, pay
from tests.usecases_billing.town import ACTOR, Town, set_clock

from prewatt.access.audit import Actor
from prewatt.access.models import Action
from prewatt.cases.models import Case
from prewatt.cases.services import open_case
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.notices.models import Notice
from prewatt.supply.models import Command
from prewatt.usecases.configure_webhook import (
    change_webhook,
    enable_webhook,
    end_webhook,
    open_webhook,
    resend_delivery,
    rotate_webhook,
)
from prewatt.usecases.gather_events import gather_events
from prewatt.usecases.see_site import NoSite
from prewatt.usecases.send_webhooks import send_due_deliveries
from prewatt.usecases.work import unit_of_work
from prewatt.webhooks import sending
from prewatt.webhooks.errors import BadEndpoint, UnknownDelivery, UnknownEndpoint
from prewatt.webhooks.models import WebhookDelivery, WebhookEndpoint
from prewatt.webhooks.queries import list_deliveries, list_endpoints, see_endpoint
from prewatt.webhooks.signing import HEADER, is_signed
from prewatt.webhooks.values import EndpointLine, Outcome, Parcel

pytestmark = pytest.mark.django_db
URL = "https://erp.example.org/hook"
ALL = ("payment", "disconnection", "reconnection", "low_balance", "alarm")
WORKER = Actor(process="worker")


class Desk:
    """A town, its administrator, and a receiver that answers as it is told."""

    def __init__(self, tmp_path: Path) -> None:
        set_clock("2026-11-20T12:00")
        self.town = build_town(rooms=2)
        self.user = make_user(self.town, "administrator")
        self.actor = Actor(process="web", user=self.user)
        self.key_file = tmp_path / "meter.key"
        self.got: list[tuple[dict[str, Any], list[str]]] = []
        self.answer: Callable[[Parcel], Outcome] = lambda _: Outcome(status=200)

    def open(self, *events: str, url: str = URL, town: Town | None = None) -> tuple[EndpointLine, str]:
        return open_webhook(
            actor=self.actor, site_public_id=(town or self.town).site.public_id, url=url, events=events or ALL,
            note="", key_file=self.key_file,
        )  # fmt: skip

    def run(self, rounds: int = 8) -> None:
        gather_events(actor=WORKER)
        for _ in range(rounds):
            if not send_due_deliveries(actor=WORKER, send=self._take, key_file=self.key_file):
                return

    def _take(self, parcel: Parcel, secrets: list[str]) -> Outcome:
        self.got.append((json.loads(parcel.body), secrets))
        return self.answer(parcel)

    def later(self, **spans: int) -> None:
        """Let what waits be due: as though so much time had passed."""
        ago = timedelta(**spans)
        for row in WebhookDelivery.objects.all():
            WebhookDelivery.objects.filter(pk=row.pk).update(due_at=row.due_at - ago)
        for one in WebhookEndpoint.objects.all():
            WebhookEndpoint.objects.filter(pk=one.pk).update(
                not_before=one.not_before and one.not_before - ago,
                failing_since=one.failing_since and one.failing_since - ago,
            )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def switch(town: Town, wanted: str, state: str = "verified") -> Command:
    room = town.rooms[0]
    return Command.objects.create(
        installation=room.installation, metering_point=room.point, gateway_id=room.installation.bus.gateway_id,
        wanted=wanted, cause="credit", deadline=machine_now(), queued_at=machine_now(), estate_at=estate_now(),
        state=state, ended_at=machine_now() if state == "verified" else None,
    )  # fmt: skip


def alarm(town: Town) -> None:
    with unit_of_work(actor=ACTOR, verb="test") as work:
        open_case(
            scope=town.site.scope, kind="meter_lost", subject_kind="meter", subject_id=1, severity="warning",
            now=work.now,
        )  # fmt: skip


def test_each_kind_of_event_is_told_once(desk: Desk) -> None:
    pay(desk.town.rooms[0])  # before anybody wanted to be told
    endpoint, secret = desk.open()
    paid = pay(desk.town.rooms[1])
    account = desk.town.rooms[0].account
    switch(desk.town, "off")
    switch(desk.town, "on")
    late = switch(desk.town, "off", state="sent")
    Notice.objects.create(
        account=account, kind="level_2", cause_key="1:2", channel="desk", recipient="", language="en", subject="",
        body="", created_at=estate_now(), due_at=machine_now(),
    )  # fmt: skip
    alarm(desk.town)
    desk.run()
    desk.run()
    told = {body["event"]: body for body, _ in desk.got}
    assert sorted(body["event"] for body, _ in desk.got) == sorted(ALL)
    assert told["payment"]["data"]["payment"] == str(paid.payment_public_id)
    assert told["payment"]["data"]["amount"] == {"amount": "100.00", "currency": "CNY"}
    assert told["payment"]["data"]["number"] == paid.receipt_number
    assert told["low_balance"]["data"] == {
        "account": str(account.public_id), "account_number": account.number, "step": "level_2",
    }  # fmt: skip
    assert (told["disconnection"]["data"]["code"], told["alarm"]["data"]["kind"]) == ("1#-001", "meter_lost")
    assert {body["site"] for body, _ in desk.got} == {str(desk.town.site.public_id)}
    assert all(secrets == [secret] for _, secrets in desk.got)
    Command.objects.filter(pk=late.pk).update(state="verified", ended_at=machine_now())
    desk.run()
    assert len(desk.got) == 6
    log = list_deliveries(user=desk.user, endpoint_public_id=endpoint.public_id, state="delivered")
    assert (len(log), {line.status for line in log}, log[0].body) == (6, {200}, json.dumps(
        desk.got[-1][0], ensure_ascii=False, separators=(",", ":")
    ))  # fmt: skip


def test_only_what_was_chosen_at_ones_own_site_is_told(desk: Desk) -> None:
    elsewhere = build_town(rooms=1)
    desk.open("payment")
    with pytest.raises(NoSite):
        desk.open("payment", town=elsewhere)
    pay(elsewhere.rooms[0])
    alarm(desk.town)
    desk.run()
    assert desk.got == []
    pay(desk.town.rooms[0])
    desk.run()
    assert [body["event"] for body, _ in desk.got] == ["payment"]


def test_a_failure_is_tried_again_later_and_holds_back_the_rest(desk: Desk) -> None:
    endpoint, _ = desk.open("payment")
    desk.answer = lambda _: Outcome(status=500)
    pay(desk.town.rooms[0])
    pay(desk.town.rooms[1])
    desk.run()
    assert len(desk.got) == 1  # the second one waits too: the receiver is down
    desk.later(seconds=11)
    desk.run()
    assert len(desk.got) == 2
    desk.answer = lambda _: Outcome(status=204)
    desk.later(seconds=21)
    desk.run()
    assert see_endpoint(user=desk.user, public_id=endpoint.public_id).failing_since is None
    assert {line.state for line in _log(desk, endpoint)} == {"delivered"}
    ids = [body["id"] for body, _ in desk.got]
    assert len(set(ids)) == 2


def test_a_delivery_is_given_up_and_sent_again_by_hand(desk: Desk) -> None:
    endpoint, _ = desk.open("payment")
    desk.answer = lambda _: Outcome(error="ConnectError: refused")
    pay(desk.town.rooms[0])
    gather_events(actor=WORKER)
    WebhookDelivery.objects.update(tries=19)
    desk.run()
    (line,) = _log(desk, endpoint)
    assert (line.state, line.error, line.tries) == ("failed", "ConnectError: refused", 20)
    desk.later(hours=2)
    desk.run()
    assert len(desk.got) == 1
    desk.answer = lambda _: Outcome(status=200)
    resend_delivery(actor=desk.actor, public_id=line.public_id)
    desk.run()
    assert [one.state for one in _log(desk, endpoint)] == ["delivered"]
    assert Action.objects.filter(verb="resend_delivery", actor=desk.actor.user).exists()


def test_an_endpoint_that_fails_for_a_day_is_disabled_with_a_case(desk: Desk) -> None:
    endpoint, _ = desk.open("payment")
    desk.answer = lambda _: Outcome(status=410)
    pay(desk.town.rooms[0])
    desk.run()
    desk.later(hours=25)
    desk.run()
    found = see_endpoint(user=desk.user, public_id=endpoint.public_id)
    assert (found.state, found.why) == ("disabled", "HTTP 410")
    assert Case.objects.get(kind="webhook_failing").closed_at is None
    desk.later(hours=2)
    desk.run()
    assert len(desk.got) == 2
    desk.answer = lambda _: Outcome(status=200)
    assert enable_webhook(actor=desk.actor, public_id=endpoint.public_id).state == "active"
    assert Case.objects.get(kind="webhook_failing").closed_at is not None
    desk.run()
    assert [one.state for one in _log(desk, endpoint)] == ["delivered"]
    assert end_webhook(actor=desk.actor, public_id=endpoint.public_id).state == "ended"
    pay(desk.town.rooms[0])
    desk.run()
    assert len(desk.got) == 3


def test_a_new_secret_signs_beside_the_old_one_for_a_day(desk: Desk) -> None:
    endpoint, first = desk.open("payment")
    _, second = rotate_webhook(actor=desk.actor, public_id=endpoint.public_id, key_file=desk.key_file)
    pay(desk.town.rooms[0])
    desk.run()
    assert desk.got[-1][1] == [second, first]
    WebhookEndpoint.objects.update(old_until=machine_now() - timedelta(seconds=1))
    pay(desk.town.rooms[1])
    desk.run()
    assert desk.got[-1][1] == [second]
    row = WebhookEndpoint.objects.get()
    assert first.encode() not in bytes(row.secret_sealed) + bytes(row.old_secret_sealed or b"")


def test_a_secret_of_another_key_file_sends_nothing(desk: Desk, tmp_path: Path) -> None:
    endpoint, _ = desk.open("payment")
    pay(desk.town.rooms[0])
    desk.key_file = tmp_path / "other.key"
    desk.run()
    assert desk.got == []
    assert "another key file" in _log(desk, endpoint)[0].error


def test_what_cannot_be_told_is_refused(desk: Desk) -> None:
    endpoint, _ = desk.open("payment")
    for events in ((), ("odd",), ("payment", "odd")):
        with pytest.raises(BadEndpoint):
            change_webhook(actor=desk.actor, public_id=endpoint.public_id, url=URL, events=events, note="")
    with pytest.raises(BadEndpoint):
        desk.open("payment", url="http://erp.example.org/")
    changed = change_webhook(actor=desk.actor, public_id=endpoint.public_id, url=URL, events=["alarm"], note=" ERP ")
    assert (changed.events, changed.note) == (("alarm",), "ERP")
    assert [one.public_id for one in list_endpoints(user=desk.user)] == [endpoint.public_id]
    stranger = make_user(build_town(rooms=1), "administrator", username="stranger")
    other = Actor(process="web", user=stranger)
    for ask in (enable_webhook, end_webhook):
        with pytest.raises(UnknownEndpoint):
            ask(actor=other, public_id=endpoint.public_id)
    pay(desk.town.rooms[0])
    with pytest.raises(UnknownDelivery):
        resend_delivery(actor=other, public_id=endpoint.public_id)
    assert list_endpoints(user=stranger) == []
    for _ in range(19):
        desk.open("payment")
    with pytest.raises(BadEndpoint, match="20 webhooks"):
        desk.open("payment")


def test_a_slow_receiver_delays_nobody_else(desk: Desk) -> None:
    """Its answer comes only after another endpoint was told everything, one thing after the other."""
    slow, _ = desk.open("payment", url="https://slow.example.org/")
    quick, _ = desk.open("payment", url="https://quick.example.org/")
    told = Event()
    order: list[tuple[str, bool]] = []
    away: list[str] = []

    def answer(parcel: Parcel) -> Outcome:
        assert parcel.url not in away
        away.append(parcel.url)
        if "slow" in parcel.url:
            assert told.wait(timeout=20)
        order.append((parcel.url, told.is_set()))
        if sum("quick" in url for url, _ in order) == 3:
            told.set()
        away.remove(parcel.url)
        return Outcome(status=200)

    desk.answer = answer
    for _ in range(3):
        pay(desk.town.rooms[0])
    desk.run()
    assert [url for url, _ in order] == ["https://quick.example.org/"] * 3 + ["https://slow.example.org/"] * 3
    assert {line.state for one in (slow, quick) for line in _log(desk, one)} == {"delivered"}


def _log(desk: Desk, endpoint: EndpointLine) -> list[Any]:
    return list(list_deliveries(user=desk.user, endpoint_public_id=endpoint.public_id))


def parcel(url: str = URL) -> Parcel:
    return Parcel(
        delivery_id=1, public_id=desk_id(), endpoint_id=1, url=url, body='{"event":"payment"}', tries=1,
        leased_until=machine_now(), place="", sealed=(),
    )  # fmt: skip


def desk_id() -> Any:
    return WebhookDelivery._meta.get_field("public_id").get_default()


def deliver(
    url: str = URL, *, resolved: str = "93.184.216.34", answer: Any = None
) -> tuple[Outcome, httpx.Request | None]:
    asked: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer or httpx.Response(200)

    outcome = sending.send(
        parcel=parcel(url), secrets=["one"], own_networks=[ip_network("10.1.0.0/16")],
        resolve=lambda _: [resolved], transport=httpx.MockTransport(take),
    )  # fmt: skip
    return outcome, asked[0] if asked else None


def test_a_delivery_goes_to_the_very_address_that_was_looked_at() -> None:
    outcome, request = deliver()
    assert outcome.is_delivered
    assert request is not None
    assert (request.url.host, request.headers["Host"]) == ("93.184.216.34", "erp.example.org")
    assert request.extensions["sni_hostname"] == "erp.example.org"
    now_s = int(machine_now().timestamp())
    assert is_signed(header=request.headers[HEADER], body=request.content, secret="one", now_s=now_s)
    _, request = deliver("https://erp.example.org:8443/x?y=1", resolved="2606:2800:220:1::1")
    assert request is not None
    assert str(request.url) == "https://[2606:2800:220:1::1]:8443/x?y=1"


def test_nothing_is_sent_inside_and_nothing_is_followed() -> None:
    for resolved in ("127.0.0.1", "169.254.169.254", "10.2.0.1"):
        outcome, request = deliver(resolved=resolved)
        assert (outcome.is_delivered, request) == (False, None)
    assert deliver(resolved="10.1.2.3")[0].is_delivered
    moved, _ = deliver(answer=httpx.Response(302, headers={"Location": "http://169.254.169.254/"}))
    assert (moved.is_delivered, moved.status) == (False, 302)
    broken, _ = deliver(answer=httpx.ConnectTimeout("too slow"))
    assert broken.error == "ConnectTimeout: too slow"
    assert sending.resolve_host("no-such-host.invalid") == []
    assert sending.resolve_host("127.0.0.1") == ["127.0.0.1"]
