"""Gateways and the lines behind them."""

from collections.abc import Mapping, Sequence

from prewatt.access.audit import require_unit_of_work
from prewatt.estate.models import Bus, Gateway, Place, Site
from prewatt.estate.upkeep import Tally, keep_in_line
from prewatt.estate.values import BusSpec

BusKey = tuple[str, int]


def keep_lines(
    *, site: Site, buses: Sequence[BusSpec], places: Mapping[tuple[str, ...], Place]
) -> tuple[dict[BusKey, Bus], Tally]:
    """This function will bring gateways and their buses in line, by gateway code and port. Needs a unit of work."""
    gateways = keep_in_line(
        model=Gateway,
        present={one.code: one for one in Gateway.objects.filter(site=site)},
        wanted={
            spec.gateway: {
                "site": site, "code": spec.gateway, "address": spec.address, "place": _place_of(spec, places),
            }
            for spec in buses
        },
    )  # fmt: skip
    present = {
        (bus.gateway.code, bus.port): bus for bus in Bus.objects.filter(gateway__site=site).select_related("gateway")
    }
    lines = keep_in_line(
        model=Bus,
        present=present,
        wanted={
            spec.key: {
                "gateway": gateways.rows[spec.gateway], "port": spec.port, "baud": spec.baud, "parity": spec.parity,
                "name": spec.name,
            }
            for spec in buses
        },
    )  # fmt: skip
    return present | lines.rows, gateways.tally + lines.tally


def move_bus(*, bus: Bus, port: int) -> None:
    """This function will lead to a line by another port of its gateway; its meters stay on it. Needs a unit of work."""
    require_unit_of_work()
    if bus.port != port:
        bus.port = port
        bus.save(update_fields=["port"])


def _place_of(spec: BusSpec, places: Mapping[tuple[str, ...], Place]) -> Place | None:
    path = tuple(code for code in spec.place if code)
    return places.get(path) if path else None
