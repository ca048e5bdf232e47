import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.usecases_estate.sheets import estate_sheet

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, User
from prewatt.access.services import create_login, ensure_roles, grant
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.clock import estate_now
from prewatt.metering.models import DayUsage, MeterState
from prewatt.supply.models import Command, Hold, Relay
from prewatt.supply.room_board import list_room_tiles
from prewatt.tenancy.models import Account, Tenancy
from prewatt.usecases.import_estate import ImportResult, import_estate
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
CLI = Actor(process="cli")


@pytest.fixture
def estate(tmp_path: Path) -> ImportResult:
    safe = MeterSafe.open(tmp_path / "meter.key", create=True)
    return import_estate(actor=CLI, sheet=estate_sheet(6, per_bus=3), safe=safe)


def login(name: str, scope: Scope, role: str = "engineer") -> User:
    with unit_of_work(actor=CLI, verb="test"):
        ensure_roles()
        user = create_login(username=name, password="a long password", name=name)
        grant(user=user, role_code=role, scope=scope)
    return user


def test_tiles_come_building_by_building_top_floor_first(estate: ImportResult) -> None:
    user = login("engineer", Scope.objects.get(kind="site"))
    tiles = list_room_tiles(user=user, site_id=estate.site_id, now=estate_now())
    assert [tile.code for tile in tiles] == ["1#-201", "1#-202", "1#-203", "1#-101", "1#-102", "1#-103"]
    first = tiles[3]
    assert (first.building_code, first.floor_code, first.unit_code) == ("1#", "1F", "101")
    assert (str(first.available), first.level, first.opened, first.moving) == ("100.00 CNY", 1, True, False)
    assert (first.desired, first.reported, first.lost) == ("on", "unknown", True)
    own_use = tiles[2]
    assert (own_use.available, own_use.opened, own_use.customer) == (None, False, "永嘉物业")
    assert "shiguangyanjing" in first.search


def test_a_tile_shows_use_of_today_proof_and_protection(estate: ImportResult) -> None:
    now = estate_now()
    tenancy = Tenancy.objects.get(metering_point__code="1#-101")
    point = tenancy.metering_point
    installation = point.installations.get()
    Relay.objects.filter(metering_point=point).update(reported="on", proven_at=now)
    MeterState.objects.filter(installation=installation).update(comm="online")
    Hold.objects.create(metering_point=point, reason="protection", effect="protect", from_at=now - timedelta(hours=1))
    today = (now + timedelta(hours=8)).date()
    for band, quantity in ((2, 700), (3, 300)):
        DayUsage.objects.create(tenancy=tenancy, installation=installation, date=today, band=band, quantity_wh=quantity)
    user = login("engineer", Scope.objects.get(kind="site"))
    (tile,) = list_room_tiles(user=user, site_id=estate.site_id, now=now, point_ids=[point.pk])
    assert (tile.reported, tile.protected, tile.lost, tile.today_wh) == ("on", True, False, 1_000)
    assert list_room_tiles(user=user, site_id=estate.site_id, now=now, public_ids=[point.public_id]) == [tile]


def test_a_login_of_one_building_sees_that_building_only(tmp_path: Path) -> None:
    safe = MeterSafe.open(tmp_path / "meter.key", create=True)
    sheet = estate_sheet(4)
    moved = dataclasses.replace(sheet.meters[3], building="2#")
    result = import_estate(actor=CLI, sheet=dataclasses.replace(sheet, meters=(*sheet.meters[:3], moved)), safe=safe)
    user = login("janitor", Scope.objects.get(kind="building", name="2#"))
    stranger = login("stranger", Scope.objects.create(kind="organisation", path="/999999/", name="Elsewhere"))
    now = estate_now()
    assert [tile.building_code for tile in list_room_tiles(user=user, site_id=result.site_id, now=now)] == ["2#"]
    assert list_room_tiles(user=stranger, site_id=result.site_id, now=now) == []


def test_days_left_are_whole_days_and_a_command_under_way_shows(estate: ImportResult) -> None:
    now = estate_now()
    tenancy = Tenancy.objects.get(metering_point__code="1#-101")
    point, installation = tenancy.metering_point, tenancy.metering_point.installations.get()
    Account.objects.filter(pk=tenancy.account_id).update(empties_at=now + timedelta(days=2, hours=23))
    Command.objects.create(
        installation=installation, metering_point=point, gateway=installation.bus.gateway, target="relay", wanted="off",
        state="sent", cause="credit", queued_at=now, estate_at=now, deadline=now,
    )  # fmt: skip
    user = login("engineer", Scope.objects.get(kind="site"))
    tile, other = list_room_tiles(user=user, site_id=estate.site_id, now=now, point_ids=[point.pk, point.pk + 1])
    assert (tile.days_left, tile.moving, other.days_left, other.moving) == (2, True, None, False)


def test_the_board_needs_three_queries_however_many_rooms(estate: ImportResult) -> None:
    """The login's rights, its buildings, and the board's four statements in one round trip."""
    user = login("engineer", Scope.objects.get(kind="site"))
    with CaptureQueriesContext(connection) as queries:
        list_room_tiles(user=user, site_id=estate.site_id, now=estate_now())
    assert len(queries) == 3
