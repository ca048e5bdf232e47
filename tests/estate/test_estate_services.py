import dataclasses
from datetime import date, timedelta
from typing import Any

import pytest

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, User
from prewatt.access.services import create_login, ensure_organisation, ensure_roles, grant
from prewatt.estate.errors import BadInstallation, FixedFact
from prewatt.estate.models import Gateway, Meter, MeteringPoint, MeterInstallation, Place, Site
from prewatt.estate.queries import find_site_by_code, gateway_tree, list_buildings, list_gateway_ids, list_points
from prewatt.estate.secrets import MeterPassword, MeterSafe
from prewatt.estate.services.lines import keep_lines
from prewatt.estate.services.meters import install_meters, register_meters
from prewatt.estate.services.places import keep_places, keep_points
from prewatt.estate.services.sites import ensure_site, keep_calendar
from prewatt.estate.values import BusSpec, InstallationSpec, MeterSpec, PointSpec, SiteSpec, UnitSpec
from prewatt.kernel.clock import estate_now
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
CLI = Actor(process="cli")
SITE = SiteSpec("S1", "Site one", "Asia/Shanghai", "CNY", "Operator", date(2026, 1, 1))
SAFE = MeterSafe(bytes(32))
METER = MeterSpec("", "7", "dlt645-2007", 1, "internal", 6, MeterPassword(2, "123456"))


def make_site(spec: SiteSpec = SITE) -> Site:
    with unit_of_work(actor=CLI, verb="test"):
        return ensure_site(organisation=ensure_organisation(name="Org"), spec=spec)[0]


def hang(site: Site, spec: InstallationSpec, meter: MeterSpec = METER) -> MeterInstallation:
    with unit_of_work(actor=CLI, verb="test"):
        places = keep_places(site=site, units=[UnitSpec("1#", "1F", "101")]).by_path
        points, _ = keep_points(
            site=site, points=[PointSpec("1#-101", ("1#", "1F", "101"), "tenant", 8_000)], places=places
        )
        buses, _ = keep_lines(
            site=site, buses=[BusSpec("GW", "192.0.2.1", 8001, 2400, "E", "A", ("1#", "1F"))], places=places
        )
        meters, _ = register_meters(meters=[meter], safe=SAFE)
        installed = install_meters(site=site, installations=[spec], points=points, meters=meters, buses=buses)
    return installed.by_point[spec.point]


def spec(**changes: object) -> InstallationSpec:
    values: dict[str, object] = {
        "point": "1#-101", "meter": ("", "7"), "bus": ("GW", 8001), "address": "000000000007", "multiplier": 1,
        "from_at": estate_now().replace(microsecond=0) - timedelta(days=1), "opening_total_wh": 10,
    }  # fmt: skip
    return InstallationSpec(**(values | changes))  # type: ignore[arg-type]


def test_services_refuse_to_run_outside_a_unit_of_work() -> None:
    site = make_site()
    with pytest.raises(RuntimeError, match="outside a unit of work"):
        keep_calendar(site=site, days={date(2026, 1, 1): ("holiday", "New Year")})


def test_a_site_owns_a_scope_below_its_organisation_and_keeps_what_books_stand_on() -> None:
    site = make_site()
    assert site.scope.parent == Scope.objects.get(kind="organisation")
    assert make_site().pk == site.pk
    assert make_site(dataclasses.replace(SITE, name="Renamed")).name == "Renamed"
    changes: tuple[tuple[str, Any], ...] = (
        ("currency", "EUR"),
        ("time_zone", "Europe/Berlin"),
        ("first_day", date(2026, 2, 1)),
    )
    for name, value in changes:
        with pytest.raises(FixedFact, match=name.replace("_", " ")):
            make_site(dataclasses.replace(SITE, **{name: value}))


def test_the_same_code_in_another_organisation_is_refused() -> None:
    make_site()
    with pytest.raises(FixedFact, match="another organisation"), unit_of_work(actor=CLI, verb="test"):
        ensure_site(organisation=ensure_organisation(name="Other"), spec=SITE)


def test_a_calendar_is_brought_in_line() -> None:
    site = make_site()
    with unit_of_work(actor=CLI, verb="test"):
        first = keep_calendar(site=site, days={date(2026, 1, 1): ("holiday", "New Year")})
        again = keep_calendar(site=site, days={date(2026, 1, 1): ("workday", ""), date(2026, 1, 2): ("holiday", "")})
    assert (first.created, again.created, again.updated) == (1, 1, 1)


def test_places_are_a_tree_and_a_building_owns_a_scope() -> None:
    site = make_site()
    with unit_of_work(actor=CLI, verb="test"):
        made = keep_places(
            site=site, units=[UnitSpec("2#", "1F", "101"), UnitSpec("1#", "B1", "1")], floors=[("1#", "1F")]
        )
    assert set(made.by_path) == {
        ("2#",),
        ("1#",),
        ("2#", "1F"),
        ("1#", "B1"),
        ("1#", "1F"),
        ("2#", "1F", "101"),
        ("1#", "B1", "1"),
    }
    building = made.by_path["1#",]
    assert building.scope is not None
    assert building.scope.parent == site.scope
    assert made.by_path["1#", "B1"].order == -1


def test_the_buildings_of_a_site_come_with_their_floors_from_the_top_down() -> None:
    site = make_site()
    with unit_of_work(actor=CLI, verb="test"):
        keep_places(site=site, units=[UnitSpec("2#", "1F", "1"), UnitSpec("1#", "B1", "1"), UnitSpec("1#", "2F", "1")])
    found = list_buildings(user=_login(site.scope), site_id=site.pk)
    assert [(one.code, [floor.code for floor in one.floors]) for one in found] == [("2#", ["1F"]), ("1#", ["2F", "B1"])]


def test_a_meter_is_hung_and_its_line_and_address_may_be_mended() -> None:
    site = make_site()
    first = hang(site, spec())
    again = hang(site, spec(from_at=first.period.lower, address="000000000008"))
    assert (again.pk, again.address) == (first.pk, "000000000008")
    assert MeterInstallation.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"multiplier": 20}, "multiplier"),
        ({"opening_total_wh": 11}, "opening register"),
        ({"opening_rates_wh": (1, 2)}, "opening registers by rate"),
        ({"from_at": estate_now()}, "opening time"),
        ({"meter": ("", "8")}, "meter"),
    ],
)
def test_what_readings_stand_on_is_a_meter_exchange_not_an_edit(changes: dict[str, object], fact: str) -> None:
    site = make_site()
    first = hang(site, spec())
    other = MeterSpec("", "8", "dlt645-2007", 1, "internal", 6) if "meter" in changes else METER
    with pytest.raises(FixedFact, match=f"has {fact} "):
        hang(site, spec(**({"from_at": first.period.lower} | changes)), other)


def test_a_meter_that_was_taken_down_later_is_not_hung_before() -> None:
    site = make_site()
    first = hang(site, spec())
    MeterInstallation.objects.filter(pk=first.pk).update(period=(first.period.lower, estate_now()))
    with pytest.raises(BadInstallation, match="used twice at the same time"):
        hang(site, spec(from_at=first.period.lower + timedelta(hours=1)))


def test_a_password_is_sealed_and_stays_as_sealed_while_it_is_the_same() -> None:
    site = make_site()
    first = hang(site, spec())
    before = bytes(Meter.objects.get().password_sealed or b"")
    hang(site, spec(from_at=first.period.lower))
    assert bytes(Meter.objects.get().password_sealed or b"") == before
    hang(site, spec(from_at=first.period.lower), MeterSpec("", "7", "dlt645-2007", 1, "internal", 6))
    assert bytes(Meter.objects.get().password_sealed or b"") == before
    with pytest.raises(RuntimeError, match="without the safe"), unit_of_work(actor=CLI, verb="test"):
        register_meters(meters=[METER], safe=None)


def test_history_of_meters_never_holds_a_password() -> None:
    hang(make_site(), spec())
    fields = {field.name for field in Meter._meta.apps.get_model("estate", "MeterEvent")._meta.get_fields()}
    assert "password_sealed" not in fields


def test_the_tree_of_gateways_is_told_to_who_may_see_it() -> None:
    site = make_site()
    hang(site, spec())
    (gateway,) = gateway_tree(user=_login(site.scope), site_id=site.pk)
    assert (gateway.code, gateway.address, gateway.building, gateway.floor) == ("GW", "192.0.2.1", "1#", "1F")
    assert [(bus.name, [meter.point for meter in bus.meters]) for bus in gateway.buses] == [("A", ["1#-101"])]
    building = Place.objects.get(kind="building").scope
    assert building is not None
    assert len(gateway_tree(user=_login(building, "building"), site_id=site.pk)) == 1
    stranger = Scope.objects.create(kind="organisation", path="/999999/", name="Elsewhere")
    assert gateway_tree(user=_login(stranger, "stranger"), site_id=site.pk) == []


def test_a_point_is_described_with_the_meter_on_it() -> None:
    site = make_site()
    hang(site, spec())
    (point,) = list_points(point_ids=[MeteringPoint.objects.get().pk])
    assert (point.code, point.building, point.floor, point.unit) == ("1#-101", "1#", "1F", "101")
    assert (point.meter_serial, point.gateway, point.bus_name, point.baud) == ("7", "GW", "A", 2400)
    MeterInstallation.objects.all().update(period=(estate_now() - timedelta(days=2), estate_now() - timedelta(days=1)))
    (bare,) = list_points(point_ids=[point.id])
    assert (bare.installation_id, bare.meter_serial, bare.relay_kind) == (None, "", "none")


def test_a_site_and_its_gateways_are_found_by_code() -> None:
    site = make_site()
    hang(site, spec())
    found = find_site_by_code(code="S1")
    assert found is not None
    assert (found.id, found.zone.key, found.supply_mode) == (site.pk, "Asia/Shanghai", "off")
    assert find_site_by_code(code="S2") is None
    gateway = Gateway.objects.get().pk
    assert list_gateway_ids() == list_gateway_ids(site_id=site.pk) == list_gateway_ids(codes=["GW"]) == [gateway]
    assert list_gateway_ids(codes=["other"]) == []


def _login(scope: Scope, name: str = "engineer") -> User:
    with unit_of_work(actor=CLI, verb="test"):
        ensure_roles()
        user = create_login(username=name, password="a long password", name=name)
        grant(user=user, role_code="engineer", scope=scope)
    return user
