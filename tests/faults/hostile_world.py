"""A town for F9: everything that people can type has been typed, and every page is asked for with something on it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, reverse
from django.urls.converters import UUIDConverter
from tests.console.conftest import make_user
from tests.faults.hostile import PAYLOADS, fitting, soil
from tests.portal.world import World, address, addresses
from tests.usecases_billing.town import ACTOR, FLAT, OPENED
from tests.usecases_online.house import PayHouse, order_of

from prewatt.access.audit import Actor
from prewatt.access.models import Action, User
from prewatt.billing.tariffs import publish_version
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Case, Severity
from prewatt.cases.services import open_case
from prewatt.console import urls
from prewatt.estate.models import Bus
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.notices.models import Notice
from prewatt.payments.models import MerchantKey, ProviderStatement, Refund, StatementLine, Unmatched
from prewatt.payments.reconciliation import statement_zone
from prewatt.supply.openings import begin_relays
from prewatt.supply.services import ensure_policy
from prewatt.usecases.freeze_point import freeze_point
from prewatt.usecases.issue_agreement import issue_agreement
from prewatt.usecases.protect_point import protect_point
from prewatt.usecases.stop_cuts import stop_cuts
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.work import unit_of_work

TYPED: Final = (
    "username", "password", "contact", "amount", "reason", "name", "recipient", "role", "options", "merchant_no",
    "app_id", "gateway_url", "second_name", "second_phone", "second_mail", "text", "day", "month", "note", "number",
    "till",
)  # fmt: skip
"""What the fields of forms are called."""
PART: Final = {"HX-Request": "true"}
LEFT_OUT: Final = frozenset({"live"})
QUERIES: Final = ("/search?q={}", "/till?q={}", "/till/find?q={}", "/readings?q={}", "/payments?q={}", "/outbox?q={}",
    "/papers?q={}", "/rooms?state={}", "/sign-in?next={}", "/my/sign-in?contact={}&next={}", "/comms?bus={}",
    "/letters?open={}", "/months?month={}", "/my/sign-in/code?id={}", "/settings/mode?building={}&mode={}",
    "/{}", "/my/invitation/{}")  # fmt: skip
"""Addresses that show, or refuse, what stands in them."""


@dataclass
class HostileTown:
    """The portal's world with online payment and everything a desk keeps, all its words hostile."""

    world: World
    house: PayHouse
    chief: User
    turn: int
    made: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, world: World, house: PayHouse, *, turn: int) -> "HostileTown":
        chief = make_user(world.town, "administrator", username=f"chief{turn}-{world.town.site.pk}")
        town = cls(world, house, chief, turn)
        with unit_of_work(actor=ACTOR, verb="test") as work:
            ensure_policy(site=world.town.site)
            begin_relays(installations=[room.installation for room in world.town.rooms], now=work.now)
        town._type_at_the_desk()
        soil(turn)
        town._issue()
        return town

    def word(self, place: int, limit: int = 120) -> str:
        return fitting(self.turn + place, limit)

    def line(self, place: int, limit: int = 60) -> str:
        """As ``word``, of what a provider may say: line breaks and signs that do not show are refused from outside."""
        return next(one for number in range(20) if (one := self.word(place + number, limit)).isprintable())

    def desk(self) -> Client:
        client = Client(headers={"user-agent": self.word(1)})
        client.force_login(self.chief)
        return client

    def owner(self) -> Client:
        client = Client(headers={"user-agent": self.word(2)})
        client.force_login(self.world.people["owner"])
        return client

    def _type_at_the_desk(self) -> None:
        """Type hostile words into the forms of desk and portal, and let the provider say hostile things."""
        room, desk, owner = self.world.ours.room, self.desk(), self.owner()
        point = room.point.public_id
        person = Actor(process="web", user=self.chief)
        protect_point(actor=person, point_public_id=point, reason=self.word(3))
        freeze_point(actor=person, point_public_id=point, reason=self.word(4))
        stop_cuts(actor=person, site_id=self.world.town.site.pk, reason=self.word(5))
        account = room.account.public_id
        for place, wish in enumerate(("dispute", "refund", "move_out", "invoice"), start=6):
            owner.post(reverse("portal:ask", args=[account, wish]), {"text": self.word(place)})
        with unit_of_work(actor=ACTOR, verb="test"):
            for code in ("shop", self.word(17, 40)):
                publish_version(
                    scope=self.world.town.site.scope, code=code, name=self.word(18), reference=self.word(19),
                    effective_from=OPENED + timedelta(days=40), tariff=FLAT,
                )  # fmt: skip
            for place, kind in enumerate(Kind):
                open_case(
                    scope=self.world.town.site.scope, kind=kind, subject_kind="metering_point",
                    subject_id=str(room.point.pk), subject_label=self.word(place), severity=Severity.URGENT,
                    now=estate_now(), detail={"text": self.word(place + 1), "error": self.word(place + 2)},
                )  # fmt: skip
        view = self.house.start(room, "100")
        self.house.hear(self.house.event(view, payer=self.line(11)))
        self.house.hear(self.house.event("nobody0rdered", payer=self.line(12)))
        self.made["order"] = order_of(view)
        self._settle(desk)
        Notice.objects.create(
            account=room.account, kind="level_1", cause_key=uuid7().hex, channel="mail", recipient="x@example.org",
            language="en", subject="s", body="b", state="failed", error="e", created_at=machine_now(),
            due_at=machine_now(),
        )  # fmt: skip

    def _settle(self, desk: Client) -> None:
        payment = self.made["order"].payment
        asked = {"amount": "1", "reason": self.word(13), "token": str(uuid7())}
        desk.post(reverse("console:ask_back", args=[payment.public_id]), asked, headers=PART)
        row = {
            "kind": "refund", "trade_no": payment.trade_no, "order_no": self.made["order"].order_no,
            "refund_no": "made-there", "amount": 1_000, "fee": 0, "currency": "CNY",
            "at": int(machine_now().timestamp()),
        }  # fmt: skip
        day = machine_now().astimezone(statement_zone("testpay")).date().isoformat()
        file = SimpleUploadedFile("day.json", json.dumps({"rows": [row]}).encode())
        form = {"merchant": str(self.house.merchant.public_id), "day": day, "file": file}
        desk.post(reverse("console:read_statement"), form, headers=PART)

    def _issue(self) -> None:
        """Draw up papers with the names as they are now."""
        room = self.world.ours.room
        room.account.refresh_from_db()
        paid = take_payment(
            actor=ACTOR, account_id=room.account.pk, amount=Money(2_000, "CNY"), channel="cash",
            till="T1", token=str(uuid7()),
        )  # fmt: skip
        self.made["receipt"] = paid.document_public_id
        self.made["agreement"] = issue_agreement(actor=ACTOR, account_id=room.account.pk).public_id

    def parameters(self) -> dict[str, Callable[[], object]]:
        """What stands in an address of the console, by the page's name; for all others it is the account."""
        made, ours = self.made, self.world.ours
        of_pages: dict[str, Callable[[], object]] = {
            "peek": lambda: ours.room.point.public_id, "room": lambda: ours.room.point.public_id,
            "order": lambda: made["order"].public_id,
            "user": lambda: self.chief.public_id, "user_turn": lambda: self.chief.public_id,
            "suspense_credit": lambda: Unmatched.objects.latest("pk").public_id,
            "suspense_refund": lambda: Unmatched.objects.latest("pk").public_id,
            "refund_approve": lambda: Refund.objects.latest("pk").public_id,
            "refund_refuse": lambda: Refund.objects.latest("pk").public_id,
            "statement": lambda: ProviderStatement.objects.latest("pk").public_id,
            "settle_line": lambda: StatementLine.objects.exclude(difference="").latest("pk").public_id,
            "ask_back": lambda: made["order"].payment.public_id, "reverse": lambda: made["order"].payment.public_id,
            "receipt": lambda: made["receipt"], "till_done": lambda: made["receipt"],
            "bus": lambda: Bus.objects.latest("pk").public_id,
            "case": lambda: Case.objects.filter(closed_at=None).latest("pk").public_id,
            "send_again": lambda: Notice.objects.latest("pk").public_id,
            "told": lambda: Notice.objects.latest("pk").public_id,
        }  # fmt: skip
        of_pages |= dict.fromkeys(("paper", "correct_paper", "paper_page", "paper_pdf"), lambda: made["agreement"])
        of_pages |= {
            one.name or "": lambda: self.house.merchant.public_id
            for one in urls.urlpatterns
            if (one.name or "").startswith("channel")
        }
        return of_pages

    def desk_pages(self) -> Iterator[str]:
        """Every address of the console, with what belongs into it."""
        of_pages, account = self.parameters(), self.world.ours.room.account.public_id
        key = MerchantKey.objects.latest("pk").pk
        plain: dict[str, list[Any]] = {
            "key_id": [key], "tab": ["ledger", "commands", "notices", "papers"], "stretch": ["14"], "page": [1],
            "verb": ["protect", "freeze"], "month": ["2026-11"], "kind": ["statement", "agreement"], "form": ["zip"],
            "code": ["cashier"],
            "number": [Action.objects.latest("pk").pk, Action.objects.exclude(reason="").latest("pk").pk],
        }  # fmt: skip
        for pattern in urls.urlpatterns:
            if pattern.name in LEFT_OUT or pattern.name is None or pattern.name.startswith("paper_run"):
                continue
            yield from _filled(pattern, plain, of_pages.get(pattern.name, lambda: account)())
        point = self.world.ours.room.point.public_id
        yield f"/supply/freeze?rooms={point}"
        yield f"/till?account={account}"
        yield f"/till/preview?account={account}&amount=10"
        yield f"/rooms/tiles?ids={point}"

    def portal_pages(self) -> Iterator[str]:
        for pattern in addresses():
            yield address(pattern, self.world.ours)

    def pages(self) -> Iterator[tuple[Client, str]]:
        """Everything that can be opened, and as whom."""
        desk, owner = self.desk(), self.owner()
        yield from ((desk, one) for one in self.desk_pages())
        yield from ((owner, one) for one in self.portal_pages())
        guest = Client()
        for place, query in enumerate(QUERIES):
            word = quote(PAYLOADS[(self.turn + place) % len(PAYLOADS)], safe="")
            yield (guest if "sign-in" in query or "invitation" in query else desk), query.replace("{}", word)

    def refused_forms(self, payload: str) -> Iterator[tuple[Client, str, dict[str, str]]]:
        """Forms that come back with what was typed, because something of it cannot be."""
        desk, owner, account = self.desk(), self.owner(), self.world.ours.room.account.public_id
        typed = dict.fromkeys(TYPED, payload)
        yield Client(), reverse("console:sign_in"), typed
        yield Client(), reverse("portal:sign_in"), typed
        payment = self.made["order"].payment.public_id
        for name, of in (("channel_add", None), ("ask_back", payment), ("refund", account), ("sharing", account)):
            yield desk, reverse(f"console:{name}", args=[of] if of else []), typed
        for name in ("invite", "alert_settings", "top_up"):
            yield owner, reverse(f"portal:{name}", args=[account]), typed


def _filled(pattern: URLPattern, plain: dict[str, list[Any]], public_id: object) -> Iterator[str]:
    choices: list[dict[str, object]] = [{}]
    for name, converter in pattern.pattern.converters.items():
        by_kind: list[Any] = [public_id if isinstance(converter, UUIDConverter) else 1]
        values = by_kind if name == "public_id" else plain.get(name, by_kind)
        choices = [{**one, name: value} for one in choices for value in values]
    for one in choices:
        yield reverse(f"console:{pattern.name}", kwargs=one)
