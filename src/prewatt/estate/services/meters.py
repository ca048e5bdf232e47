"""Meters, and where they hang."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from prewatt.access.audit import require_unit_of_work
from prewatt.estate.errors import BadInstallation, FixedFact
from prewatt.estate.models import Bus, Meter, MeteringPoint, MeterInstallation, Site
from prewatt.estate.secrets import MeterSafe
from prewatt.estate.services.lines import BusKey
from prewatt.estate.upkeep import Tally, keep_in_line
from prewatt.estate.values import InstallationSpec, MeterSpec

MeterKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Installed:
    """The installations by point code, the new ones among them, and the tally."""

    by_point: dict[str, MeterInstallation]
    created: tuple[MeterInstallation, ...]
    tally: Tally


def register_meters(*, meters: Sequence[MeterSpec], safe: MeterSafe | None) -> tuple[dict[MeterKey, Meter], Tally]:
    """This function will bring devices in line, by maker and serial; a password given is sealed anew when it differs.

    Needs a unit of work, and the safe when a password is given.
    """
    serials = [spec.serial for spec in meters]
    present = {(one.maker, one.serial): one for one in Meter.objects.filter(serial__in=serials)}
    wanted = {}
    for spec in meters:
        values: dict[str, object] = {
            "maker": spec.maker, "serial": spec.serial, "profile": spec.profile, "phases": spec.phases,
            "relay_kind": spec.relay_kind, "register_digits": spec.register_digits,
        }  # fmt: skip
        sealed = _sealed(spec, present.get(spec.key), safe)
        wanted[spec.key] = values if sealed is None else values | {"password_sealed": sealed}
    kept = keep_in_line(model=Meter, present=present, wanted=wanted)
    return kept.rows, kept.tally


def _sealed(spec: MeterSpec, present: Meter | None, safe: MeterSafe | None) -> bytes | None:
    """This function will return what to store, or None to leave what is there: the same password stays as sealed."""
    if spec.password is None:
        return None
    if safe is None:
        raise RuntimeError("a password was given without the safe that seals it")
    if present is not None and present.password_sealed is not None:
        sealed = bytes(present.password_sealed)
        if safe.unseal(sealed=sealed, maker=spec.maker, serial=spec.serial) == spec.password:
            return None
    return safe.seal(password=spec.password, maker=spec.maker, serial=spec.serial)


def install_meters(
    *,
    site: Site,
    installations: Sequence[InstallationSpec],
    points: Mapping[str, MeteringPoint],
    meters: Mapping[MeterKey, Meter],
    buses: Mapping[BusKey, Bus],
) -> Installed:
    """This function will hang meters on points that have none, and bring line and address of those that hang in line.

    Raises FixedFact when the point holds another meter, or when multiplier or opening register would change: that is a
    meter exchange, not an edit. Raises BadInstallation when a meter hung there, or elsewhere, until after its time.
    Needs a unit of work.
    """
    require_unit_of_work()
    present = {
        row.metering_point.code: row
        for row in MeterInstallation.objects.filter(
            metering_point__site=site, period__upper_inf=True
        ).select_related("metering_point", "meter")
    }  # fmt: skip
    wanted = {}
    periods = {}
    for spec in installations:
        hanging = present.get(spec.point)
        if hanging is not None:
            _require_same(spec, hanging)
        wanted[spec.point] = {
            "metering_point": points[spec.point], "meter": meters[spec.meter], "bus": buses[spec.bus],
            "address": spec.address, "multiplier": spec.multiplier, "opening_total_wh": spec.opening_total_wh,
            "opening_rates_wh": list(spec.opening_rates_wh),
        }  # fmt: skip
        periods[spec.point] = {"period": DateTimeTZRange(spec.from_at, None)}
    try:
        with transaction.atomic():
            kept = keep_in_line(model=MeterInstallation, present=present, wanted=wanted, on_create=periods)
    except IntegrityError as error:
        raise BadInstallation(
            "A meter, a point or an address would be used twice at the same time.",
            hint="Registers are taken after the meter before was taken down. Swap two addresses in three steps.",
        ) from error
    created = tuple(row for code, row in kept.rows.items() if code not in present)
    return Installed(present | kept.rows, created, kept.tally)


def _require_same(spec: InstallationSpec, hanging: MeterInstallation) -> None:
    found = difference_of(spec, hanging)
    if found:
        name, before = found
        raise FixedFact(
            "Point %(point)s has %(fact)s %(value)s, which an edit cannot change.",
            hint="Record it as a meter exchange.", point=spec.point, fact=name, value=str(before),
        )  # fmt: skip


def difference_of(spec: InstallationSpec, hanging: MeterInstallation) -> tuple[str, object] | None:
    """This function will name the first fact of a hanging meter that readings already stand on, and its value."""
    meter = (hanging.meter.maker, hanging.meter.serial)
    if meter != spec.meter:
        return "meter", hanging.meter.serial
    if hanging.multiplier != spec.multiplier:
        return "multiplier", hanging.multiplier
    if hanging.opening_total_wh != spec.opening_total_wh:
        return "opening register", f"{hanging.opening_total_wh} Wh"
    if list(hanging.opening_rates_wh) != list(spec.opening_rates_wh):
        return "opening registers by rate", hanging.opening_rates_wh
    if hanging.period.lower != spec.from_at:
        return "opening time", hanging.period.lower
    return None
