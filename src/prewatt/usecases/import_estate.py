"""An estate is taken over from a sheet: everything is checked first, then all of it is stored, or nothing.

The second run of the same sheet changes nothing. The site begins in supply mode off: it is read and charged, and
nothing is disconnected until somebody signs for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.models import Scope
from prewatt.access.notify import touch
from prewatt.access.services import ensure_organisation
from prewatt.billing.tariffs import assign_tariffs, publish_version
from prewatt.estate.models import Site
from prewatt.estate.secrets import MeterPassword, MeterSafe
from prewatt.estate.services.lines import keep_lines
from prewatt.estate.services.meters import install_meters, register_meters
from prewatt.estate.services.places import keep_places, keep_points
from prewatt.estate.services.sites import ensure_site, keep_calendar
from prewatt.estate.upkeep import Tally
from prewatt.estate.values import BusSpec, InstallationSpec, MeterSpec, PointSpec, SiteSpec, UnitSpec
from prewatt.kernel.errors import Conflict, Refused
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start
from prewatt.ledger.services import EntryDraft, PostingLine, booking_date_for, ensure_book, house_account, post_entries
from prewatt.metering.openings import record_openings
from prewatt.rating.tariff import Tariff
from prewatt.reports.estate_check import check_sheet
from prewatt.reports.estate_columns import SHEETS
from prewatt.reports.estate_sheet import EstateSheet, Problem
from prewatt.supply.openings import begin_relays
from prewatt.supply.services import ensure_policy
from prewatt.tenancy.models import Account, Bucket
from prewatt.tenancy.services import begin_tenancies, keep_accounts, keep_customers
from prewatt.tenancy.values import AccountSpec, CustomerSpec, TenancySpec
from prewatt.usecases._estate_known import find_known
from prewatt.usecases.ensure_months import make_months
from prewatt.usecases.work import unit_of_work

OPENING_BALANCES = "opening_balances"
HISTORY_MAX = timedelta(days=400)
"""Older readings than this may share the default partition."""

PROBLEMS_TOLD_MAX = 20
HEADING_ROW = 1


class EstateRefused(Refused):
    """The sheet has problems; nothing was imported. ``problems`` holds all of them."""

    code = "estate_refused"

    def __init__(self, problems: list[Problem]) -> None:
        more = len(problems) - PROBLEMS_TOLD_MAX
        told = "; ".join(problem.to_text() for problem in problems[:PROBLEMS_TOLD_MAX])
        super().__init__(
            f"{len(problems)} problems, nothing was imported: {told}" + (f"; and {more} more" if more > 0 else ""),
            problems=len(problems),
        )
        self.problems = problems


class EstateMoved(Conflict):
    """The import would do something else than what was agreed to; nothing was imported."""

    code = "estate_moved"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an import would do: with problems nothing."""

    problems: Sequence[Problem] = ()
    tallies: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import made, changed and left, by kind of thing."""

    site_id: int
    site_public_id: UUID
    tallies: Mapping[str, Tally]

    @property
    def total(self) -> Tally:
        """This property will hold the sum of all tallies."""
        return sum(self.tallies.values(), Tally())


def import_estate(
    *,
    actor: Actor,
    sheet: EstateSheet,
    safe: MeterSafe | None,
    found: Sequence[Problem] = (),
    reason: str = "",
    foreseen: Mapping[str, Tally] | None = None,
) -> ImportResult:
    """This function will take an estate over, or bring it in line with the sheet.

    ``safe`` seals meter passwords; it may be None when the sheet has none. ``found`` are problems that reading the
    workbook met, ``foreseen`` what somebody has agreed to. Raises EstateRefused with every problem, and EstateMoved
    when it would make or change anything else by now.
    """
    code = sheet.site.code
    with unit_of_work(actor=actor, verb="import_estate", subject=("site", code[:60]), reason=reason) as work:
        _one_at_a_time()
        problems = _all_problems(sheet, found, work)
        if problems:
            raise EstateRefused(problems)
        result = _store(sheet, safe, work)
        if foreseen is not None and result.tallies != foreseen:
            raise EstateMoved(
                "The estate was changed since you looked.", hint="Check the workbook again and read what it would do."
            )
        touch(site_id=result.site_id)
        return result


def foresee_estate(
    *, actor: Actor, sheet: EstateSheet, safe: MeterSafe | None, found: Sequence[Problem] = ()
) -> Foreseen:
    """This function will return every problem, or without any what an import would make and change; nothing is stored.

    The import itself is run and taken back, so that what is foreseen cannot differ from what is done.
    """
    with unit_of_work(actor=actor, verb="check_estate", subject=("site", sheet.site.code[:60])) as work:
        _one_at_a_time()
        problems = _all_problems(sheet, found, work)
        if problems:
            return Foreseen(problems)
        point = transaction.savepoint()
        try:
            return Foreseen(tallies=_store(sheet, safe, work).tallies)
        finally:
            transaction.savepoint_rollback(point)


def check_estate(*, actor: Actor, sheet: EstateSheet, found: Sequence[Problem] = ()) -> list[Problem]:
    """This function will return every problem that an import of the sheet would be refused for; nothing is stored."""
    with unit_of_work(actor=actor, verb="check_estate", subject=("site", sheet.site.code[:60])) as work:
        return _all_problems(sheet, found, work)


def _all_problems(sheet: EstateSheet, found: Sequence[Problem], work: UnitOfWork) -> list[Problem]:
    """This function will join what reading met and what the checks find; one problem to a cell that was not read."""
    cells = {(problem.sheet, problem.row, problem.column) for problem in found}
    checked = check_sheet(sheet=sheet, known=find_known(sheet=sheet), now=work.now)
    order = {one.name: place for place, one in enumerate(SHEETS)}
    problems = [
        *found,
        *(
            one
            for one in checked
            if (one.sheet, one.row, one.column) not in cells and (one.sheet, HEADING_ROW, one.column) not in cells
        ),
    ]
    return sorted(problems, key=lambda one: (order.get(one.sheet, len(order)), one.row))


def _one_at_a_time() -> None:
    """This function will let one import run at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('prewatt.import_estate', 0))")


def _store(sheet: EstateSheet, safe: MeterSafe | None, work: UnitOfWork) -> ImportResult:
    organisation = ensure_organisation(name=sheet.site.organisation)
    site, site_tally = ensure_site(organisation=organisation, spec=_site_spec(sheet))
    tallies = {"site": site_tally}
    tallies["calendar"] = keep_calendar(site=site, days={row.date: (row.kind, row.name) for row in sheet.calendar})
    ensure_policy(site=site)
    book_id = ensure_book(code=site.code, issuer=site.operator_name)
    begins_at = day_start(site.first_day, ZoneInfo(site.time_zone))
    make_months(from_at=max(begins_at, work.now - HISTORY_MAX), to_at=work.now)
    tallies |= _store_meters(sheet, site, safe, work)
    accounts, account_tallies = _store_accounts(sheet, site, organisation, book_id)
    tallies |= account_tallies
    tallies["tariffs"] = _publish(sheet, site)
    tallies["tenancies"] = _store_tenancies(sheet, site, accounts)
    tallies["opening balances"] = _post_opening_balances(sheet, site, book_id)
    return ImportResult(site.pk, site.public_id, tallies)


def _site_spec(sheet: EstateSheet) -> SiteSpec:
    row = sheet.site
    return SiteSpec(
        code=row.code, name=row.name, time_zone=row.time_zone, currency=row.currency,
        operator_name=row.operator_name, first_day=row.first_day, operator_tax_no=row.operator_tax_no,
        service_phone=row.service_phone, read_interval_s=row.read_interval_s,
    )  # fmt: skip


def _store_meters(sheet: EstateSheet, site: Site, safe: MeterSafe | None, work: UnitOfWork) -> dict[str, Tally]:
    units = {
        (row.building, row.floor, row.unit): UnitSpec(row.building, row.floor, row.unit, row.unit_name, row.area_dm2)
        for row in sheet.meters
    }
    rooms = [(row.building, row.floor) for row in sheet.buses if row.building and row.floor]
    places = keep_places(site=site, units=list(units.values()), floors=rooms)
    points, point_tally = keep_points(
        site=site,
        points=[
            PointSpec(row.point, (row.building, row.floor, row.unit), row.use, row.rated_power_w)
            for row in sheet.meters
        ],
        places=places.by_path,
    )  # fmt: skip
    buses, bus_tally = keep_lines(
        site=site,
        buses=[
            BusSpec(row.gateway, row.address, row.port, row.baud, row.parity, row.name, (row.building, row.floor))
            for row in sheet.buses
        ],
        places=places.by_path,
    )
    meters, meter_tally = register_meters(
        meters=[
            MeterSpec(
                row.maker, row.serial, row.profile, row.phases, row.relay, row.register_digits,
                MeterPassword.parse(row.password) if row.password else None,
            )
            for row in sheet.meters
        ],
        safe=safe,
    )  # fmt: skip
    installed = install_meters(
        site=site,
        installations=[
            InstallationSpec(
                row.point, (row.maker, row.serial), (row.gateway, row.port), row.address, row.multiplier,
                row.opened_at, row.opening_total_wh, row.opening_rates_wh,
            )
            for row in sheet.meters
        ],
        points=points,
        meters=meters,
        buses=buses,
    )  # fmt: skip
    record_openings(installations=installed.created, now=work.now)
    begin_relays(installations=installed.created, now=work.now)
    return {
        "places": places.tally,
        "gateways and buses": bus_tally,
        "metering points": point_tally,
        "meters": meter_tally,
        "installations": installed.tally,
    }


def _store_accounts(
    sheet: EstateSheet, site: Site, organisation: Scope, book_id: int
) -> tuple[dict[str, Account], dict[str, Tally]]:
    customers, customer_tally = keep_customers(
        organisation=organisation,
        customers=[
            CustomerSpec(row.code, row.name, row.kind, row.phone, row.email, row.tax_no, row.language)
            for row in sheet.customers
        ],
        also={row.customer for row in sheet.accounts},
    )
    accounts, account_tally = keep_accounts(
        site=site,
        book_id=book_id,
        accounts=[
            AccountSpec(
                row.number, row.customer, row.payment_mode, row.allowed_credit, row.level_1, row.level_2
            )
            for row in sheet.accounts
        ],
        customers=customers,
    )  # fmt: skip
    return accounts, {"customers": customer_tally, "accounts": account_tally}


def _publish(sheet: EstateSheet, site: Site) -> Tally:
    tally = Tally()
    for row in sorted(sheet.tariffs, key=lambda one: (one.code, one.effective_from)):
        _, created = publish_version(
            scope=site.scope, code=row.code, name=row.name, effective_from=row.effective_from,
            tariff=Tariff.from_json(row.definition), reference=row.reference,
        )  # fmt: skip
        tally += Tally(created=int(created), unchanged=int(not created))
    return tally


def _store_tenancies(sheet: EstateSheet, site: Site, accounts: Mapping[str, Account]) -> Tally:
    points = {point.code: point for point in site.metering_points.all()}
    known = {one.number: one for one in Account.objects.filter(site=site)} if sheet.tenancies else {}
    begun = begin_tenancies(
        site=site,
        tenancies=[TenancySpec(row.account, row.point, row.from_at) for row in sheet.tenancies],
        points=points,
        accounts=known | dict(accounts),
    )
    codes = {row.point: row.tariff for row in sheet.tenancies}
    assign_tariffs(
        scope=site.scope, codes={begun.by_point[point]: code for point, code in codes.items()}
    )  # fmt: skip
    return begun.tally


def _post_opening_balances(sheet: EstateSheet, site: Site, book_id: int) -> Tally:
    """This function will post each opening balance once, signed by who answers for their sum."""
    rows = [row for row in sheet.opening_balances if row.amount]
    if not rows or sheet.signature is None:
        return Tally()
    buckets = dict(
        Bucket.objects.filter(account__site=site, account__number__in=[row.account for row in rows]).values_list(
            "account__number", "ledger_account_id"
        )
    )
    house = house_account(book_id=book_id, code=OPENING_BALANCES, currency=site.currency)
    day = booking_date_for(book_id=book_id, wanted=site.first_day)
    signature = sheet.signature
    occurred_at = day_start(day, ZoneInfo(site.time_zone))
    results = post_entries(
        book_id=book_id,
        drafts=[
            EntryDraft(
                kind="opening_balance",
                cause_key=f"opening:{row.account}",
                inputs={"account": row.account, "amount": row.amount, "currency": site.currency},
                occurred_at=occurred_at,
                booking_date=day,
                postings=[
                    PostingLine(buckets[row.account], Money(row.amount, site.currency)),
                    PostingLine(house, Money(-row.amount, site.currency)),
                ],
                memo={"signed_by": signature.name, "signed_on": signature.date.isoformat()},
            )
            for row in sorted(rows, key=lambda one: buckets[one.account])
        ],
    )
    created = sum(result.created for result in results)
    return Tally(created=created, unchanged=len(results) - created)
