import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.usecases_estate.sheets import estate_sheet, meter_row, site_row

from prewatt.access.audit import Actor
from prewatt.access.models import Action, Scope
from prewatt.access.services import create_login, ensure_roles, grant
from prewatt.billing.models import TariffAssignment, TariffVersion
from prewatt.cases.models import Case
from prewatt.estate.models import Bus, Gateway, Meter, MeteringPoint, MeterInstallation, Place, Site
from prewatt.estate.queries import plan_of_gateways
from prewatt.estate.secrets import MeterPassword, MeterSafe
from prewatt.field.profiles import PROFILES
from prewatt.kernel.clock import machine_now
from prewatt.ledger.queries import find_book, house_balance
from prewatt.metering.models import MeterState, Reading
from prewatt.reports import estate_columns as columns
from prewatt.supply.models import Relay, SupplyPolicy
from prewatt.supply.room_board import list_room_tiles
from prewatt.tenancy.models import Account, Bucket, Customer, Tenancy
from prewatt.tenancy.queries import account_facts
from prewatt.usecases.import_estate import EstateRefused, check_estate, import_estate
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
CLI = Actor(process="cli")
TABLES = (
    Site, Place, MeteringPoint, Meter, Gateway, Bus, MeterInstallation, MeterState, Reading, Customer, Account,
    Bucket, Tenancy, TariffVersion, TariffAssignment, Relay, SupplyPolicy, Scope,
)  # fmt: skip


@pytest.fixture
def safe(tmp_path: Path) -> MeterSafe:
    return MeterSafe.open(tmp_path / "meter.key", create=True)


def _counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in TABLES}


def test_imports_an_estate_and_posts_its_opening_balances(safe: MeterSafe) -> None:
    result = import_estate(actor=CLI, sheet=estate_sheet(4), safe=safe)

    site = Site.objects.get(pk=result.site_id)
    assert (site.supply_mode, site.scope.path.count("/")) == ("off", 3)
    assert _counts() | {"Scope": 0} == {
        "Site": 1, "Place": 6, "MeteringPoint": 4, "Meter": 4, "Gateway": 1, "Bus": 1, "MeterInstallation": 4,
        "MeterState": 4, "Reading": 4, "Customer": 4, "Account": 4, "Bucket": 4, "Tenancy": 4, "TariffVersion": 1,
        "TariffAssignment": 4, "Relay": 4, "SupplyPolicy": 1, "Scope": 0,
    }  # fmt: skip
    first = next(iter(account_facts(account_ids=Account.objects.filter(number="100001").values_list("pk", flat=True))))
    assert (first.balance.minor, first.available.minor, first.rooms) == (10_001, 10_001, "1#-102")
    book = find_book(code="YJ")
    assert book is not None
    assert house_balance(book_id=book, code="opening_balances").minor == -(10_000 + 10_001 + 10_002)
    assert result.total.updated == 0
    assert result.tallies["opening balances"].created == 3


def test_the_second_run_changes_nothing(safe: MeterSafe) -> None:
    import_estate(actor=CLI, sheet=estate_sheet(4), safe=safe)
    before = _counts()
    again = import_estate(actor=CLI, sheet=estate_sheet(4), safe=safe)
    assert (again.total.created, again.total.updated) == (0, 0)
    assert _counts() == before


def test_a_second_run_updates_what_may_change(safe: MeterSafe) -> None:
    sheet = estate_sheet(4)
    import_estate(actor=CLI, sheet=sheet, safe=safe)
    before = _counts()
    buses = tuple(dataclasses.replace(row, baud=9600) for row in sheet.buses)
    meters = (
        dataclasses.replace(sheet.meters[0], rated_power_w=20_000, address="000000000007", password="04:654321"),
        *sheet.meters[1:],
    )
    customers = (dataclasses.replace(sheet.customers[0], name="新光书屋"), *sheet.customers[1:])
    changed = dataclasses.replace(sheet, buses=buses, meters=meters, customers=customers)
    result = import_estate(actor=CLI, sheet=changed, safe=safe)

    assert _counts() == before
    assert result.total.created == 0
    assert {kind: tally.updated for kind, tally in result.tallies.items() if tally.updated} == {
        "gateways and buses": 1, "metering points": 1, "meters": 1, "installations": 1, "customers": 1,
    }  # fmt: skip
    assert "xinguangshuwu xgsw" in Account.objects.get(number="100000").search_text
    plan = {one.serial: one for one in plan_of_gateways(gateway_ids=list(Gateway.objects.values_list("pk", flat=True)))}
    meter = plan["202500000000"]
    assert (meter.baud, meter.address) == (9600, "000000000007")
    assert meter.password_sealed is not None
    assert safe.unseal(sealed=meter.password_sealed, maker="", serial=meter.serial) == MeterPassword(4, "654321")


def test_meters_can_be_added_to_a_site(safe: MeterSafe) -> None:
    sheet = estate_sheet(4)
    import_estate(actor=CLI, sheet=sheet, safe=safe)
    more = estate_sheet(5)
    result = import_estate(
        actor=CLI,
        sheet=dataclasses.replace(
            more,
            meters=more.meters[4:],
            tenancies=(dataclasses.replace(more.tenancies[4], account="100000"),),
            accounts=(),
            customers=(),
            opening_balances=(),
            signature=None,
        ),
        safe=safe,
    )
    assert result.tallies["installations"].created == 1
    assert "1#-105" in Account.objects.get(number="100000").search_text


def test_an_import_with_a_problem_stores_nothing_but_the_refusal(safe: MeterSafe) -> None:
    sheet = estate_sheet(4)
    broken = dataclasses.replace(sheet, meters=(*sheet.meters, meter_row(9, address="202500000000")))
    empty = _counts()
    with pytest.raises(EstateRefused) as refused:
        import_estate(actor=CLI, sheet=broken, safe=safe)
    assert {(problem.sheet, problem.row) for problem in refused.value.problems} == {("Units & meters", 12)}
    assert _counts() == empty
    assert Action.objects.get().outcome == "refused"
    assert Case.objects.count() == 0


def test_opening_balances_that_differ_from_the_signature_are_refused(safe: MeterSafe) -> None:
    sheet = estate_sheet(4)
    assert sheet.signature is not None
    wrong = dataclasses.replace(sheet, signature=dataclasses.replace(sheet.signature, total=30_004))
    with pytest.raises(EstateRefused, match=r"The sum typed is 300\.04, the rows add up to 300\.03"):
        import_estate(actor=CLI, sheet=wrong, safe=safe)
    assert Account.objects.count() == 0


def test_what_money_and_readings_stand_on_cannot_be_changed(safe: MeterSafe) -> None:
    sheet = estate_sheet(4)
    import_estate(actor=CLI, sheet=sheet, safe=safe)
    assert sheet.signature is not None
    changed = dataclasses.replace(
        sheet,
        site=site_row(time_zone="Asia/Hong_Kong", currency="EUR", first_day=sheet.site.first_day - timedelta(days=1)),
        meters=(
            dataclasses.replace(sheet.meters[0], multiplier=20, opening_total_wh=5),
            dataclasses.replace(sheet.meters[1], serial="202500000003", address="202500000099"),
            *sheet.meters[2:3],
        ),
        tenancies=(dataclasses.replace(sheet.tenancies[0], account="100001"), *sheet.tenancies[1:]),
        opening_balances=(dataclasses.replace(sheet.opening_balances[0], amount=1),),
        signature=dataclasses.replace(sheet.signature, total=1),
    )
    problems = check_estate(actor=CLI, sheet=changed)
    assert {(problem.sheet, problem.row, problem.column.split()[0]) for problem in problems} == {
        ("Site", 3, "Time"), ("Site", 3, "Currency"), ("Site", 3, "First"),
        ("Units & meters", 3, "Multiplier"), ("Units & meters", 3, "Register"),
        ("Units & meters", 4, "Meter"), ("Tenancies", 3, "Account"), ("Tariffs", 3, "Tariff"),
        ("Opening balances", 3, "Amount"),
    }  # fmt: skip


@pytest.mark.slow
def test_676_meters_are_imported_in_seconds(safe: MeterSafe) -> None:
    began = machine_now()
    result = import_estate(actor=CLI, sheet=estate_sheet(676), safe=safe)
    assert result.tallies["installations"].created == 676
    assert Relay.objects.count() == 676
    assert (machine_now() - began).total_seconds() < 20
    with unit_of_work(actor=CLI, verb="test"):
        ensure_roles()
        user = create_login(username="shift", password="a long password")
        grant(user=user, role_code="engineer", scope=Scope.objects.get(kind="site"))
    began = machine_now()
    assert len(list_room_tiles(user=user, site_id=result.site_id, now=began)) == 676


def test_a_workbook_may_name_the_profiles_that_the_field_speaks() -> None:
    assert set(columns.PROFILES) == set(PROFILES)


def test_a_second_run_asks_by_table_and_not_by_meter(safe: MeterSafe) -> None:
    sheet = estate_sheet(80)
    import_estate(actor=CLI, sheet=sheet, safe=safe)
    with CaptureQueriesContext(connection) as queries:
        import_estate(actor=CLI, sheet=sheet, safe=safe)
    assert len(queries) < 70
