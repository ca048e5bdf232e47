"""Two accounts next door, the people around them, and every address of the portal with what belongs into it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.test import Client
from django.urls import URLPattern, reverse
from tests.usecases_billing.town import ACTOR, Room, Town

from prewatt.access import services as access
from prewatt.access.models import User
from prewatt.kernel.clock import machine_now
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.payments.models import Merchant, Order
from prewatt.portal import urls
from prewatt.tenancy import services as tenancy
from prewatt.tenancy.models import AccountShare, PortalInvitation
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.work import unit_of_work

PASSWORD = "correct horse"
ROLES = ("viewer", "payer", "owner")


@dataclass
class Side:
    """An account with what hangs on it. ``secrets``: words that nobody else may read."""

    room: Room
    share: AccountShare
    invitation: PortalInvitation
    order: Order
    paper: UUID

    @property
    def secrets(self) -> tuple[str, ...]:
        account = self.room.account
        return (account.customer.name, account.number, self.room.point.code, self.invitation.recipient)


@dataclass
class World:
    """``ours`` is shared with a viewer, a payer and an owner; ``theirs`` with a neighbour alone."""

    town: Town
    ours: Side
    theirs: Side
    people: dict[str, User] = field(default_factory=dict)

    @classmethod
    def build(cls) -> "World":
        town = Town.build()
        people = {name: make_login(name) for name in (*ROLES, "neighbour", "stranger", "operator")}
        rooms = [town.add_room(), town.add_room()]
        papers = [_pay(room) for room in rooms]
        with unit_of_work(actor=ACTOR, verb="test"):
            access.ensure_roles()
            access.grant(user=people["operator"], role_code="administrator", scope=town.site.scope)
            ours = _side(rooms[0], "Ourselves", people["owner"], papers[0])
            theirs = _side(rooms[1], "Neighbours", people["neighbour"], papers[1])
            for role in ("viewer", "payer"):
                tenancy.share_account(account_id=ours.room.account.pk, user=people[role], role=role)
        return cls(town, ours, theirs, people)

    def client(self, name: str, **kwargs: object) -> Client:
        client = Client(**kwargs)  # type: ignore[arg-type]
        if name:
            client.force_login(self.people[name])
        return client


def make_login(name: str, **contacts: str) -> User:
    with unit_of_work(actor=ACTOR, verb="test"):
        return access.create_login(username=name, password=PASSWORD, name=name.title(), **contacts)  # type: ignore[arg-type]


def _side(room: Room, name: str, owner: User, paper: UUID) -> Side:
    room.account.customer.name = f"{name} Trading"
    room.account.customer.save()
    share = tenancy.share_account(account_id=room.account.pk, user=owner, role="owner")
    invitation = tenancy.invite(
        account_id=room.account.pk, role="viewer", recipient=f"{name.lower()}@example.org", name="", language="en",
        token_text=f"token of {name}", by=owner,
    )  # fmt: skip
    return Side(room, share, invitation, _order(room, name), paper)


def _pay(room: Room) -> UUID:
    paid = take_payment(
        actor=ACTOR, account_id=room.account.pk, amount=Money(10_000, "CNY"), channel="cash", till="T1",
        token=str(uuid7()),
    )  # fmt: skip
    assert paid.document_public_id is not None
    return paid.document_public_id


def _order(room: Room, name: str) -> Order:
    site, now = room.account.site, machine_now()
    merchant, _ = Merchant.objects.get_or_create(
        scope=site.scope, channel="testpay", merchant_no="M1",
        defaults={"name": "Test", "created_at": now, "site": site, "gateway_url": "http://127.0.0.1:9"},
    )  # fmt: skip
    return Order.objects.create(
        order_no=f"O{name}", account=room.account, site=site, merchant=merchant, way="page", amount=5_000,
        currency="CNY", subject=f"Electricity of {name}", language="en", token=str(uuid7()), created_at=now,
        asked_at=now, expires_at=now + timedelta(minutes=15), state="pending",
    )  # fmt: skip


PARAMETERS: dict[str, Callable[[Side], object]] = {
    "public_id": lambda side: side.room.account.public_id,
    "share_id": lambda side: side.share.public_id,
    "invitation_id": lambda side: side.invitation.public_id,
    "token": lambda _: "nonsense",
    "document_id": lambda side: side.paper,
    "wish": lambda _: "refund",
    "order:public_id": lambda side: side.order.public_id,
    "order_part:public_id": lambda side: side.order.public_id,
}
"""What stands in an address of the portal: by the parameter's name, or by the page's and the parameter's.

Whoever adds a page with another object adds here how to make one.
"""


def addresses(kind: str = "") -> Iterator[URLPattern]:
    """Every address whose mark begins with ``kind``: tenant, signed_in, public."""
    for pattern in urls.urlpatterns:
        if pattern.callback.prewatt_permission.startswith(kind):  # type: ignore[attr-defined]
            yield pattern


def address(pattern: URLPattern, account: Side, objects: Side | None = None) -> str:
    """The address with the account of one side, and the other objects of the same side or of another."""
    return reverse(f"portal:{pattern.name}", kwargs=dict(_parameters(pattern, account, objects or account)))


def _parameters(pattern: URLPattern, account: Side, objects: Side) -> Iterator[tuple[str, object]]:
    for name in pattern.pattern.converters:
        of_page = PARAMETERS.get(f"{pattern.name}:{name}")
        yield name, of_page(objects) if of_page else PARAMETERS[name](account if name == "public_id" else objects)


def owned() -> list[URLPattern]:
    """Every address that names something of somebody's."""
    return [pattern for kind in ("tenant", "signed_in") for pattern in addresses(kind) if pattern.pattern.converters]


def role_of(pattern: URLPattern) -> str:
    """The role that an address of a tenant asks for."""
    return str(pattern.callback.prewatt_permission).partition(":")[2]  # type: ignore[attr-defined]
