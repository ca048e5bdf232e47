"""Readings of the virtual meters at past instants, recorded by the product's own use case."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from prewatt.access.audit import Actor
from prewatt.cli.demo.files import DemoFacts
from prewatt.cli.demo.patience import patiently
from prewatt.cli.demo.plan import HOURLY_DAYS, METERS
from prewatt.estate.models import MeterInstallation
from prewatt.kernel.period import day_start, days, local_date
from prewatt.metering.models import ReadingKind
from prewatt.metering.values import ReadingIn
from prewatt.simulator.meters import VirtualMeter
from prewatt.usecases.record_readings import BATCH_MAX, record_readings

_HOUR = timedelta(hours=1)

Series = Sequence[tuple[datetime, ReadingKind]]


def last_day_series(facts: DemoFacts) -> Series:
    """This function will return the last midnight, and the hours since."""
    midnight = day_start(local_date(facts.start_at, facts.zone), facts.zone)
    return [(midnight, ReadingKind.DAILY), *_hours(midnight, facts.start_at)]


def history_series(facts: DemoFacts) -> Series:
    """This function will return every midnight since the first day, and the hours of the last days before today."""
    today = local_date(facts.start_at, facts.zone)
    midnights = [day_start(day, facts.zone) for day in days(facts.first_day + timedelta(days=1), today)]
    series = [(at, ReadingKind.DAILY) for at in midnights]
    for day in days(today - timedelta(days=HOURLY_DAYS), today - timedelta(days=1)):
        series += _hours(day_start(day, facts.zone), day_start(day + timedelta(days=1), facts.zone))
    return sorted(series)


def batches_of(series: Series) -> int:
    """This function will return in how many batches a series of all meters is recorded."""
    return -(-METERS // _meters_a_batch(series))


class Recorder:
    """Records what the virtual meters of one site showed."""

    def __init__(self, *, actor: Actor, site_id: int, meters: Mapping[str, VirtualMeter]) -> None:
        self._actor = actor
        self._site_id = site_id
        rows = MeterInstallation.objects.filter(metering_point__site_id=site_id).order_by("pk")
        self._meters = [(pk, meters[room]) for pk, room in rows.values_list("pk", "metering_point__code")]

    def record(self, series: Series, *, after: int = 0) -> Iterator[int]:
        """This method will record a series of every meter, some meters a batch; it yields the number of each batch.

        The first ones, up to ``after``, are left out: they are in.
        """
        size = _meters_a_batch(series)
        for number, first in enumerate(range(0, len(self._meters), size), start=1):
            if number <= after:
                continue
            readings = [
                _reading(pk, meter, at, kind) for pk, meter in self._meters[first : first + size] for at, kind in series
            ]
            patiently(partial(record_readings, actor=self._actor, site_id=self._site_id, readings=readings))
            yield number


def _meters_a_batch(series: Series) -> int:
    return max(BATCH_MAX // len(series), 1)


def _reading(installation_id: int, meter: VirtualMeter, at: datetime, kind: ReadingKind) -> ReadingIn:
    registers = meter.registers(at)
    return ReadingIn(
        installation_id=installation_id,
        kind=kind,
        read_at=at,
        total_wh=registers.total_wh,
        rates_wh=registers.rates_wh,
        meter_at=meter.clock(at),
    )


def _hours(from_at: datetime, to_at: datetime) -> Iterator[tuple[datetime, ReadingKind]]:
    at = from_at + _HOUR
    while at < to_at:
        yield at, ReadingKind.SCHEDULED
        at += _HOUR
