"""An estate for the ingest benchmark, as one in service is.

Metered points with relays, behind gateways that a collector holds; a payer for each with money and a known daily cost;
a tariff by time of day.
"""

from datetime import date, datetime, timedelta
from functools import cache

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, ScopeKind
from prewatt.billing.models import TariffAssignment
from prewatt.billing.tariffs import publish_version
from prewatt.estate.models import (
    Bus,
    Gateway,
    GatewayLease,
    Meter,
    MeteringPoint,
    MeterInstallation,
    Place,
    PlaceKind,
    Site,
    SupplyMode,
)
from prewatt.kernel import clock
from prewatt.kernel.money import Money
from prewatt.ledger.services import (
    EntryDraft,
    PostingLine,
    ensure_book,
    house_account,
    open_party_accounts,
    post_entries,
)
from prewatt.metering.values import ReadingIn
from prewatt.rating.bands import Band, DayType
from prewatt.rating.tariff import Slot, Tariff
from prewatt.supply.openings import begin_relays
from prewatt.supply.services import ensure_policy
from prewatt.tenancy.models import Account, Bucket, Customer, Tenancy
from prewatt.usecases.work import unit_of_work

METERS_A_BUS = 31
EPOCH = 1
TARIFF = Tariff.time_of_use(
    currency="CNY",
    prices={Band.SHARP: 1_400_000, Band.PEAK: 1_100_000, Band.FLAT: 750_000, Band.VALLEY: 380_000},
    days={
        DayType.WORKDAY: [
            Slot(0, 480, Band.VALLEY), Slot(480, 600, Band.FLAT), Slot(600, 720, Band.PEAK), Slot(720, 840, Band.FLAT),
            Slot(840, 1020, Band.PEAK), Slot(1020, 1200, Band.SHARP), Slot(1200, 1320, Band.PEAK),
            Slot(1320, 1440, Band.FLAT),
        ]
    },
)  # fmt: skip


def build_estate(*, meters: int, begins: datetime, tariff_from: date) -> None:
    """This function will write the estate's rows."""
    clock.install(clock.EstateClock(clock.machine_now(), begins))
    period = DateTimeTZRange(begins, None)
    with transaction.atomic():
        root = Scope.objects.create(kind=ScopeKind.ORGANISATION, path="/1/", name="Org")
        scope = Scope.objects.create(kind=ScopeKind.SITE, parent=root, path="/1/2/", name="Site")
        block = Scope.objects.create(kind=ScopeKind.BUILDING, parent=scope, path="/1/2/3/", name="1#")
        site = Site.objects.create(
            scope=scope, code="bench", name="Bench", time_zone="Asia/Shanghai", currency="CNY",
            operator_name="Operator", first_day=begins.date(), supply_mode=SupplyMode.LIVE,
        )  # fmt: skip
        building = Place.objects.create(site=site, kind=PlaceKind.BUILDING, scope=block, code="1#")
        buses = _lines(site, -(-meters // METERS_A_BUS))
        points = MeteringPoint.objects.bulk_create(
            MeteringPoint(site=site, place=building, building=building, code=f"1#-{n:04d}", rated_power_w=20_000)
            for n in range(meters)
        )
        devices = Meter.objects.bulk_create(Meter(maker="M", serial=f"{n:06d}") for n in range(meters))
        installations = MeterInstallation.objects.bulk_create(
            MeterInstallation(
                metering_point=point, meter=device, bus=buses[n // METERS_A_BUS], address=f"{n:012d}", period=period,
                opening_total_wh=0, opening_rates_wh=[0, 0, 0, 0],
            )
            for n, (point, device) in enumerate(zip(points, devices, strict=True))
        )  # fmt: skip
        customer = Customer.objects.create(organisation=root, code="C", name="Customer")
        accounts = Account.objects.bulk_create(
            Account(site=site, number=f"{n:08d}", customer=customer, currency="CNY", daily_cost=2_000 + 10 * (n % 60))
            for n in range(meters)
        )
        tenancies = Tenancy.objects.bulk_create(
            Tenancy(account=account, metering_point=point, period=period)
            for account, point in zip(accounts, points, strict=True)
        )
        TariffAssignment.objects.bulk_create(
            TariffAssignment(tenancy=tenancy, scope=scope, tariff_code="shop", period=period) for tenancy in tenancies
        )
    with unit_of_work(actor=Actor(process="bench"), verb="build"):
        begin_relays(installations=installations, now=begins)
        ensure_policy(site=site)
    _open_books(site, accounts, begins, tariff_from)


def _lines(site: Site, count: int) -> list[Bus]:
    gateways = Gateway.objects.bulk_create(
        Gateway(site=site, code=f"G{n}", address=f"192.0.2.{n}") for n in range(count)
    )
    until = clock.machine_now() + timedelta(days=1)
    GatewayLease.objects.bulk_create(
        GatewayLease(gateway=gateway, collector="bench", epoch=EPOCH, until=until) for gateway in gateways
    )
    return Bus.objects.bulk_create(Bus(gateway=gateway, port=4001) for gateway in gateways)


def _open_books(site: Site, accounts: list[Account], begins: datetime, tariff_from: date) -> None:
    with unit_of_work(actor=Actor(process="bench"), verb="build"):
        publish_version(scope=site.scope, code="shop", name="Shops", effective_from=tariff_from, tariff=TARIFF)
        book_id = ensure_book(code=site.code, issuer="Operator")
        house_id = house_account(book_id=book_id, code="opening_balances", currency="CNY")
        codes = {account: f"account:{account.number}:cash:electricity" for account in accounts}
        opened = open_party_accounts(book_id=book_id, codes=list(codes.values()), currency="CNY")
        amount = Money(500_000, "CNY")
        drafts = [
            EntryDraft(
                kind="opening", cause_key=f"opening:{account.number}", inputs={"account": account.number},
                occurred_at=begins, booking_date=begins.date(),
                postings=(PostingLine(opened[code], amount), PostingLine(house_id, -amount)),
            )
            for account, code in codes.items()
        ]  # fmt: skip
        post_entries(book_id=book_id, drafts=drafts)
        Bucket.objects.bulk_create(
            Bucket(account=account, ledger_account_id=opened[code]) for account, code in codes.items()
        )


def readings_of(*, sweep: int, at: datetime) -> tuple[int, list[ReadingIn]]:
    """This function will return the site and what its meters show in a sweep."""
    site_id, installation_ids = _installations()
    readings = []
    for place, installation_id in enumerate(installation_ids):
        total_wh = 10 * ((sweep + 1) * (20 + place % 60))
        rates_wh = (total_wh // 4,) * 4
        readings.append(
            ReadingIn(
                installation_id, 1, at, total_wh, rates_wh, epoch=EPOCH, seq=sweep * len(installation_ids) + place
            )
        )
    return site_id, readings


@cache
def _installations() -> tuple[int, list[int]]:
    rows = MeterInstallation.objects.order_by("pk").values_list("pk", flat=True)
    return Site.objects.get().pk, list(rows)
