"""A site as a sheet of values: what an import of it would need, without meter passwords."""

from collections.abc import Sequence
from datetime import date

from prewatt.billing.models import TariffAssignment, TariffVersion
from prewatt.estate.errors import UnknownPlace
from prewatt.estate.models import Bus, CalendarDay, MeterInstallation, Site
from prewatt.ledger.queries import find_book, find_entry_memo
from prewatt.reports.estate_sheet import (
    AccountRow,
    BusRow,
    CalendarRow,
    CustomerRow,
    EstateSheet,
    MeterRow,
    OpeningBalanceRow,
    Signature,
    SiteRow,
    TariffRow,
    TenancyRow,
)
from prewatt.tenancy.models import Account, Customer, Tenancy
from prewatt.usecases._estate_known import find_opening_balances


def export_estate(*, site_code: str) -> EstateSheet:
    """This function will return a site as it stands: open installations, accounts and tenancies, all tariffs.

    Raises UnknownPlace.
    """
    site = Site.objects.select_related("scope__parent").filter(code=site_code).first()
    if site is None:
        codes = ", ".join(Site.objects.order_by("code").values_list("code", flat=True))
        raise UnknownPlace(
            "There is no site %(code)s. The sites are: %(codes)s.", hint="Name one of them.", code=site_code,
            codes=codes or "—",
        )  # fmt: skip
    balances = find_opening_balances(site=site)
    return EstateSheet(
        site=site_row(site),
        calendar=tuple(
            CalendarRow(day.date, day.kind, day.name) for day in CalendarDay.objects.filter(site=site).order_by("date")
        ),
        buses=tuple(_bus_row(bus) for bus in _buses(site)),
        meters=tuple(_meter_row(row) for row in _installations(site)),
        customers=tuple(
            CustomerRow(one.code, one.name, one.kind, one.phone, one.email, one.tax_no, one.language)
            for one in Customer.objects.filter(accounts__site=site).distinct().order_by("code")
        ),
        accounts=tuple(
            AccountRow(
                one.number, one.customer.code, one.payment_mode, one.allowed_credit, one.level_1, one.level_2
            )
            for one in Account.objects.filter(site=site).select_related("customer").order_by("number")
        ),
        tenancies=_tenancy_rows(site),
        tariffs=tuple(
            TariffRow(one.code, one.name, one.effective_from, one.definition, one.reference)
            for one in TariffVersion.objects.filter(scope=site.scope).order_by("code", "effective_from")
        ),
        opening_balances=tuple(OpeningBalanceRow(number, amount) for number, amount in sorted(balances.items())),
        signature=_signature(site, list(balances.items())),
    )  # fmt: skip


def site_row(site: Site) -> SiteRow:
    """This function will return the site as an import of it names it."""
    parent = site.scope.parent
    return SiteRow(
        organisation=parent.name if parent is not None else "", code=site.code, name=site.name,
        time_zone=site.time_zone, currency=site.currency, operator_name=site.operator_name, first_day=site.first_day,
        operator_tax_no=site.operator_tax_no, service_phone=site.service_phone, read_interval_s=site.read_interval_s,
    )  # fmt: skip


def _buses(site: Site) -> Sequence[Bus]:
    rows = Bus.objects.filter(gateway__site=site).select_related("gateway__place__parent")
    return list(rows.order_by("gateway__code", "port"))


def _bus_row(bus: Bus) -> BusRow:
    place = bus.gateway.place
    floor = place if place is not None and place.kind == "floor" else None
    building = floor.parent if floor is not None else place
    return BusRow(
        gateway=bus.gateway.code, address=bus.gateway.address, port=bus.port, baud=bus.baud, parity=bus.parity,
        name=bus.name, building=building.code if building is not None else "",
        floor=floor.code if floor is not None else "",
    )  # fmt: skip


def _installations(site: Site) -> Sequence[MeterInstallation]:
    rows = MeterInstallation.objects.filter(metering_point__site=site, period__upper_inf=True)
    return list(
        rows.select_related(
            "meter", "bus__gateway", "metering_point__building", "metering_point__place__parent"
        ).order_by("metering_point__code")
    )


def _meter_row(row: MeterInstallation) -> MeterRow:
    point, meter = row.metering_point, row.meter
    floor = point.place.parent
    return MeterRow(
        building=point.building.code, floor=floor.code if floor is not None else "", unit=point.place.code,
        point=point.code, serial=meter.serial, gateway=row.bus.gateway.code, port=row.bus.port, address=row.address,
        opened_at=row.period.lower, opening_total_wh=row.opening_total_wh,
        opening_rates_wh=tuple(row.opening_rates_wh), use=point.use, rated_power_w=point.rated_power_w,
        maker=meter.maker, profile=meter.profile, phases=meter.phases, relay=meter.relay_kind,
        register_digits=meter.register_digits, multiplier=row.multiplier, unit_name=point.place.name,
        area_dm2=point.place.area_dm2,
    )  # fmt: skip


def _tenancy_rows(site: Site) -> tuple[TenancyRow, ...]:
    rows = Tenancy.objects.filter(metering_point__site=site, period__upper_inf=True)
    tariffs = dict(
        TariffAssignment.objects.filter(tenancy__in=rows, period__upper_inf=True).values_list(
            "tenancy_id", "tariff_code"
        )
    )
    return tuple(
        TenancyRow(row.account.number, row.metering_point.code, tariffs.get(row.pk, ""), row.period.lower)
        for row in rows.select_related("account", "metering_point").order_by("metering_point__code")
    )


def _signature(site: Site, balances: Sequence[tuple[str, int]]) -> Signature | None:
    """This function will return who signed for the opening balances when they were posted."""
    book_id = find_book(code=site.code)
    if book_id is None or not balances:
        return None
    memo = find_entry_memo(book_id=book_id, cause_key=f"opening:{balances[0][0]}") or {}
    signed_on = memo.get("signed_on")
    return Signature(
        total=sum(amount for _, amount in balances),
        name=str(memo.get("signed_by", "")),
        date=date.fromisoformat(signed_on) if isinstance(signed_on, str) else site.first_day,
    )
