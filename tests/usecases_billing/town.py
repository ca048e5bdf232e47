"""A small site made row by row, for stories about readings and money."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, ScopeKind
from prewatt.billing.models import TariffAssignment
from prewatt.billing.tariffs import publish_version
from prewatt.estate.models import (
    Bus,
    Gateway,
    Meter,
    MeteringPoint,
    MeterInstallation,
    Place,
    PlaceKind,
    Site,
)
from prewatt.kernel import clock
from prewatt.kernel.period import day_start
from prewatt.ledger.services import ensure_book, open_party_account
from prewatt.metering.values import ReadingIn
from prewatt.rating.tariff import Tariff
from prewatt.tenancy.models import Account, Bucket, Customer, PaymentMode, Tenancy
from prewatt.usecases.record_readings import RecordResult, record_readings
from prewatt.usecases.work import unit_of_work

ACTOR = Actor(process="test")
ZONE = "Asia/Shanghai"
OPENED = date(2026, 11, 1)
FLAT = Tariff.flat(currency="CNY", price=800_000)
_numbers = itertools.count(1)


def local(text: str, zone: str = ZONE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@dataclass
class Room:
    """A point with its meter, its payer and its tariff."""

    point: MeteringPoint
    installation: MeterInstallation
    account: Account
    tenancy: Tenancy


@dataclass
class Town:
    """One site with rooms; ``at`` moves the estate's clock."""

    site: Site
    building: Place
    bus: Bus
    book_id: int
    organisation: Scope
    rooms: list[Room] = field(default_factory=list)

    @classmethod
    def build(cls, *, zone: str = ZONE, currency: str = "CNY", tariffs: Mapping[date, Tariff] | None = None) -> "Town":
        number = next(_numbers)
        root = Scope.objects.create(kind=ScopeKind.ORGANISATION, path=f"/t{number}/", name="Org")
        scope = Scope.objects.create(kind=ScopeKind.SITE, parent=root, path=f"/t{number}/s/", name="Site")
        block = Scope.objects.create(kind=ScopeKind.BUILDING, parent=scope, path=f"/t{number}/s/b/", name="1#")
        site = Site.objects.create(
            scope=scope, code=f"site-{number}", name="Site", time_zone=zone, currency=currency,
            operator_name="Operator", first_day=OPENED,
        )  # fmt: skip
        building = Place.objects.create(site=site, kind=PlaceKind.BUILDING, scope=block, code="1#")
        gateway = Gateway.objects.create(site=site, code="G1", address="127.0.0.1")
        bus = Bus.objects.create(gateway=gateway, port=4001)
        with unit_of_work(actor=ACTOR, verb="build"):
            book_id = ensure_book(code=site.code, issuer="Operator")
        town = cls(site, building, bus, book_id, root)
        for day, tariff in (tariffs or {OPENED: FLAT}).items():
            town.publish(tariff, day)
        return town

    def publish(self, tariff: Tariff, day: date, code: str = "shop") -> None:
        with unit_of_work(actor=ACTOR, verb="publish"):
            publish_version(scope=self.site.scope, code=code, name=code, effective_from=day, tariff=tariff)

    def add_room(
        self,
        *,
        since: date = OPENED,
        multiplier: int = 1,
        opening_wh: int = 0,
        rates_wh: Sequence[int] = (),
        rated_power_w: int = 10_000,
        own_use: bool = False,
        tariff_code: str | None = "shop",
        account: Account | None = None,
    ) -> Room:
        number = len(self.rooms) + 1
        begin = day_start(since, ZoneInfo(self.site.time_zone))
        point = MeteringPoint.objects.create(
            site=self.site, place=self.building, building=self.building, code=f"1#-{number:03d}",
            rated_power_w=rated_power_w,
        )  # fmt: skip
        meter = Meter.objects.create(maker="M", serial=f"{self.site.code}-{number}")
        installation = MeterInstallation.objects.create(
            metering_point=point, meter=meter, bus=self.bus, address=f"{number:012d}", multiplier=multiplier,
            period=DateTimeTZRange(begin, None), opening_total_wh=opening_wh, opening_rates_wh=list(rates_wh),
        )  # fmt: skip
        account = account or self.add_account(own_use=own_use)
        tenancy = Tenancy.objects.create(account=account, metering_point=point, period=DateTimeTZRange(begin, None))
        if tariff_code is not None:
            self.assign(tenancy, tariff_code)
        room = Room(point, installation, account, tenancy)
        self.rooms.append(room)
        return room

    def assign(self, tenancy: Tenancy, code: str) -> None:
        TariffAssignment.objects.create(tenancy=tenancy, scope=self.site.scope, tariff_code=code, period=tenancy.period)

    def add_account(self, *, own_use: bool = False) -> Account:
        number = f"{next(_numbers):08d}"
        customer = Customer.objects.create(organisation=self.organisation, code=number, name=f"Customer {number}")
        account = Account.objects.create(
            site=self.site, number=number, customer=customer, currency=self.site.currency,
            payment_mode=PaymentMode.OWN_USE if own_use else PaymentMode.PREPAID,
        )  # fmt: skip
        with unit_of_work(actor=ACTOR, verb="open"):
            ledger_account_id = open_party_account(
                book_id=self.book_id, code=f"account:{number}:cash:electricity", currency=account.currency
            )
        Bucket.objects.create(account=account, ledger_account_id=ledger_account_id)
        return account

    def read(
        self,
        room: Room,
        at: datetime | str,
        total_wh: int,
        rates_wh: Sequence[int] = (),
        *,
        kind: int = 1,
        epoch: int = 0,
    ) -> RecordResult:
        return self.record(reading(room, at, total_wh, rates_wh, kind=kind, epoch=epoch))

    def record(self, *readings: ReadingIn) -> RecordResult:
        return record_readings(actor=ACTOR, site_id=self.site.pk, readings=readings)

    def accrued(self, room: Room) -> int:
        room.account.refresh_from_db()
        return room.account.accrued


def reading(
    room: Room, at: datetime | str, total_wh: int, rates_wh: Sequence[int] = (), *, kind: int = 1, epoch: int = 0
) -> ReadingIn:
    return ReadingIn(
        installation_id=room.installation.pk, kind=kind, read_at=local(at) if isinstance(at, str) else at,
        total_wh=total_wh, rates_wh=tuple(rates_wh), epoch=epoch,
    )  # fmt: skip


def set_clock(text: str | datetime) -> None:
    """Let the estate's clock stand at an instant, near enough for stories of minutes."""
    instant = local(text) if isinstance(text, str) else text
    clock.install(clock.EstateClock(clock.machine_now(), instant.astimezone(UTC)))


def rows(sql: str, *parameters: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)  # type: ignore[arg-type]  # tests pass plain values
        return list(cursor.fetchall())


def use_of(room: Room) -> dict[tuple[date, int], int]:
    """Use by day and band, in Wh, without rows of nothing."""
    found = rows(
        "SELECT date, band, quantity_wh FROM metering_dayusage WHERE tenancy_id = %s AND quantity_wh <> 0",
        room.tenancy.pk,
    )
    return {(day, band): wh for day, band, wh in found}  # type: ignore[misc]  # rows are untyped


HOUR = timedelta(hours=1)
