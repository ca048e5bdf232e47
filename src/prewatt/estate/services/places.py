"""Buildings, floors, units and the metering points in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import ScopeKind
from prewatt.access.services import create_scope
from prewatt.estate.models import MeteringPoint, Place, PlaceKind, Site
from prewatt.estate.upkeep import Tally, keep_in_line
from prewatt.estate.values import PointSpec, UnitSpec, first_seen, floor_order, unit_order

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a site by their path of codes: (building,), (building, floor), (building, floor, unit)."""

    by_path: dict[Path, Place]
    tally: Tally


def find_places(*, site: Site) -> dict[Path, Place]:
    """This function will return every place of the site by its path of codes."""
    rows = {place.pk: place for place in Place.objects.filter(site=site)}

    def path_of(place: Place) -> Path:
        above = path_of(rows[place.parent_id]) if place.parent_id is not None else ()
        return (*above, place.code)

    return {path_of(place): place for place in rows.values()}


def keep_places(*, site: Site, units: Sequence[UnitSpec], floors: Sequence[tuple[str, str]] = ()) -> Places:
    """This function will bring buildings, floors and units in line; a new building gets a scope of its own.

    ``floors`` names floors without a unit, such as the one with the distribution room. Needs a unit of work.
    """
    require_unit_of_work()
    present = find_places(site=site)
    floor_paths = list(dict.fromkeys([(unit.building, unit.floor) for unit in units] + list(floors)))
    buildings = first_seen([building for building, _ in floor_paths])
    seen = first_seen([floor for _, floor in floor_paths])
    tally = Tally()
    rows = dict(present)

    wanted: dict[Path, Mapping[str, Any]] = {
        (code,): {"site": site, "kind": PlaceKind.BUILDING, "code": code, "order": order}
        for code, order in buildings.items()
    }
    scopes: dict[Path, Mapping[str, Any]] = {
        path: {"scope": create_scope(parent=site.scope, kind=ScopeKind.BUILDING, name=path[0])}
        for path in wanted
        if path not in present
    }
    kept = keep_in_line(model=Place, present=present, wanted=wanted, on_create=scopes)
    rows |= kept.rows
    tally += kept.tally

    wanted = {
        path: {
            "site": site, "parent": rows[path[:1]], "kind": PlaceKind.FLOOR, "code": path[1],
            "order": floor_order(path[1], fallback=seen[path[1]]),
        }
        for path in floor_paths
    }  # fmt: skip
    kept = keep_in_line(model=Place, present=present, wanted=wanted)
    rows |= kept.rows
    tally += kept.tally

    wanted = {
        unit.key: {
            "site": site, "parent": rows[unit.key[:2]], "kind": PlaceKind.UNIT, "code": unit.unit, "name": unit.name,
            "area_dm2": unit.area_dm2, "order": unit_order(unit.unit, fallback=index),
        }
        for index, unit in enumerate(units)
    }  # fmt: skip
    kept = keep_in_line(model=Place, present=present, wanted=wanted)
    return Places(rows | kept.rows, tally + kept.tally)


def keep_points(
    *, site: Site, points: Sequence[PointSpec], places: Mapping[Path, Place]
) -> tuple[dict[str, MeteringPoint], Tally]:
    """This function will bring metering points in line, by their code. Needs a unit of work."""
    present = {point.code: point for point in MeteringPoint.objects.filter(site=site)}
    wanted = {
        spec.code: {
            "site": site, "place": places[spec.unit], "building": places[spec.unit[:1]], "code": spec.code,
            "use": spec.use, "rated_power_w": spec.rated_power_w,
        }
        for spec in points
    }  # fmt: skip
    kept = keep_in_line(model=MeteringPoint, present=present, wanted=wanted)
    return present | kept.rows, kept.tally
