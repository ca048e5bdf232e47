"""What the house already holds of a site, gathered for the checks of an import."""

from collections.abc import Mapping
from datetime import date

from prewatt.access.models import Scope
from prewatt.billing.models import TariffAssignment, TariffVersion
from prewatt.estate.models import Bus, MeteringPoint, MeterInstallation, Site
from prewatt.ledger.queries import find_book, party_postings_of_kind
from prewatt.reports.estate_known import (
    Known,
    KnownAccount,
    KnownInstallation,
    KnownSite,
    KnownTenancy,
)
from prewatt.reports.estate_sheet import EstateSheet
from prewatt.tenancy.models import Account, Bucket, Customer, Tenancy


def find_known(*, sheet: EstateSheet) -> Known:
    """This function will return what is known of the sheet's site, and of its meters anywhere."""
    organisation = Scope.objects.filter(kind="organisation", name=sheet.site.organisation).order_by("pk").first()
    customers = Customer.objects.filter(organisation=organisation) if organisation else Customer.objects.none()
    codes = frozenset(customers.values_list("code", flat=True))
    site = Site.objects.select_related("scope__parent").filter(code=sheet.site.code).first()
    elsewhere = _meters_elsewhere(sheet, site)
    if site is None:
        return Known(customers=codes, meters_elsewhere=elsewhere)
    parent = site.scope.parent
    return Known(
        site=KnownSite(
            organisation=parent.name if parent is not None else "",
            time_zone=site.time_zone,
            currency=site.currency,
            first_day=site.first_day,
        ),
        buses=frozenset(Bus.objects.filter(gateway__site=site).values_list("gateway__code", "port")),
        installations=_installations(site),
        meters_elsewhere=elsewhere,
        points=frozenset(MeteringPoint.objects.filter(site=site).values_list("code", flat=True)),
        customers=codes,
        accounts={
            number: KnownAccount(customer, mode)
            for number, customer, mode in Account.objects.filter(site=site).values_list(
                "number", "customer__code", "payment_mode"
            )
        },
        tenancies=_tenancies(site),
        tariffs=_tariffs(site),
        opening_balances=find_opening_balances(site=site),
    )


def _meters_elsewhere(sheet: EstateSheet, site: Site | None) -> dict[tuple[str, str], str]:
    """This function will find meters of the sheet that hang at another site, or at another point of this one."""
    wanted = {row.serial: row.point for row in sheet.meters}
    hanging = MeterInstallation.objects.filter(meter__serial__in=wanted, period__upper_inf=True)
    found = {}
    for maker, serial, code, site_id, site_name in hanging.values_list(
        "meter__maker", "meter__serial", "metering_point__code", "metering_point__site_id", "metering_point__site__name"
    ):
        if site is None or site_id != site.pk:
            found[maker, serial] = f"{code}, {site_name}"
        elif wanted[serial] != code:
            found[maker, serial] = code
    return found


def _installations(site: Site) -> dict[str, KnownInstallation]:
    rows = MeterInstallation.objects.filter(metering_point__site=site, period__upper_inf=True)
    return {
        row.metering_point.code: KnownInstallation(
            meter=(row.meter.maker, row.meter.serial),
            bus=(row.bus.gateway.code, row.bus.port),
            address=row.address,
            multiplier=row.multiplier,
            opened_at=row.period.lower,
            opening_total_wh=row.opening_total_wh,
            opening_rates_wh=tuple(row.opening_rates_wh),
        )
        for row in rows.select_related("metering_point", "meter", "bus__gateway")
    }


def _tenancies(site: Site) -> dict[str, KnownTenancy]:
    rows = Tenancy.objects.filter(metering_point__site=site, period__upper_inf=True)
    tariffs = dict(
        TariffAssignment.objects.filter(tenancy__in=rows, period__upper_inf=True).values_list(
            "tenancy_id", "tariff_code"
        )
    )
    return {
        point: KnownTenancy(account, tariffs.get(pk, ""), period.lower)
        for pk, point, account, period in rows.values_list("pk", "metering_point__code", "account__number", "period")
    }


def _tariffs(site: Site) -> dict[tuple[str, date], Mapping[str, object]]:
    rows = TariffVersion.objects.filter(scope=site.scope, published_at__isnull=False)
    return {
        (code, effective_from): definition
        for code, effective_from, definition in rows.values_list("code", "effective_from", "definition")
    }


def find_opening_balances(*, site: Site) -> dict[str, int]:
    """This function will return the opening balances that were posted, in minor units by account number."""
    book_id = find_book(code=site.code)
    if book_id is None:
        return {}
    numbers = dict(Bucket.objects.filter(account__site=site).values_list("ledger_account_id", "account__number"))
    posted = party_postings_of_kind(book_id=book_id, kind="opening_balance")
    return {numbers[ledger_id]: money.minor for ledger_id, money in posted.items() if ledger_id in numbers}
