"""New readings of one site on their way into use, cost and cases, inside the unit of work of whoever calls."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prewatt.access.ahead import sending_ahead
from prewatt.access.audit import UnitOfWork
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import close_case, open_case
from prewatt.estate.models import Site
from prewatt.metering.chain import Merged, NewReading, merge_readings
from prewatt.metering.models import Quality
from prewatt.metering.queries.rows import load_neighbours
from prewatt.metering.services import ensure_meter_states, mark_readings, write_states
from prewatt.metering.validation import HeldCause, Marker, Point, energy_between, is_stuck
from prewatt.metering.values import InstallationFacts, ReadingKey, StateChange, read_at_of
from prewatt.rating.segments import to_us
from prewatt.supply.models import Relay, Reported
from prewatt.tenancy.models import PaymentMode, Tenancy
from prewatt.usecases._comm import answering_again
from prewatt.usecases._rating import Rater

SECOND_US: Final = 1_000_000
HOUR_S: Final = 3_600
UNPRICED: Final = frozenset({HeldCause.NO_PAYER, HeldCause.NO_TARIFF})


@dataclass(slots=True)
class Recording:
    """What new readings come to. Judging gathers it and touches no table; ``write`` brings it there."""

    site: Site
    work: UnitOfWork
    rater: Rater
    held: dict[ReadingKey, HeldCause] = field(default_factory=dict)
    _states: list[StateChange] = field(default_factory=list)
    _doubts: list[tuple[InstallationFacts, NewReading, HeldCause]] = field(default_factory=list)
    _standstills: list[tuple[InstallationFacts, Point]] = field(default_factory=list)
    _now_us: int = field(init=False)

    def __post_init__(self) -> None:
        self._now_us = to_us(self.work.now)

    def judge(self, facts: InstallationFacts, row: Sequence[Point], new: Sequence[NewReading]) -> Merged:
        """This method will fit new readings of one installation into its row of accepted ones."""
        merged = merge_readings(
            existing=row,
            new=new,
            limits=self.rater.limits(facts),
            marker=facts.marker,
            now_us=self._now_us,
            rate=self.rater.rate(facts),
        )
        self.take(facts, merged, merged.marker)
        return merged

    def take(self, facts: InstallationFacts, merged: Merged, marker: Marker | None) -> None:
        """This method will gather the use, the held readings and the new end of one installation's row."""
        self.rater.gather(facts, gained=merged.gained, lost=merged.lost)
        if merged.held:
            for reading, cause in merged.held:
                self.held[ReadingKey(facts.id, reading.kind, reading.point.read_us)] = cause
            self._doubts.append((facts, *merged.held[-1]))
        last = merged.points[-1]
        ends_earlier = last.read_us < facts.last.read_us  # late readings fetch part of the row only
        if not ends_earlier and (last != facts.last or marker != facts.marker):
            self._move(facts, merged.points, marker, merged.accepted)

    def write(self, facts: Collection[InstallationFacts]) -> set[int]:
        """This method will write what was gathered and return the accounts whose use changed."""
        mark_readings(causes=self.held, quality=Quality.QUARANTINED)
        for doubt in self._doubts:
            self._open_case(*doubt)
        for one, last in self._standstills:
            self._tell_standstill(one, last)
        stateless = [one.id for one in facts if not one.has_state]
        if stateless:
            ensure_meter_states(installation_ids=stateless, now=self.work.now)
        with sending_ahead():
            opened = self.rater.open()
            answering = write_states(changes=self._states)
            accounts = self.rater.apply(opened)
        answering_again(installation_ids=answering.get(), now=self.work.now)
        return accounts

    def _move(
        self, facts: InstallationFacts, points: Sequence[Point], marker: Marker | None, accepted: Sequence[NewReading]
    ) -> None:
        last, power_w = points[-1], None
        if len(points) > 1 and last.read_us > facts.last.read_us:
            total_wh, _, _ = energy_between(first=points[-2], second=last, limits=facts.limits)
            seconds = (last.read_us - points[-2].read_us) // SECOND_US
            power_w = total_wh * facts.multiplier * HOUR_S // seconds if seconds else None
        is_live, drift_s = False, None
        if accepted and accepted[-1].point.read_us == last.read_us:
            _, _, is_live, drift_s = accepted[-1]
        has_moved = last.total_wh != facts.last.total_wh
        self._states.append(StateChange(facts.id, last, power_w, has_moved, marker, drift_s, is_live))
        was_stuck = is_stuck(moved_us=facts.moved_us, read_us=facts.last.read_us)
        if was_stuck if has_moved else not was_stuck and is_stuck(moved_us=facts.moved_us, read_us=last.read_us):
            self._standstills.append((facts, last))

    def _tell_standstill(self, facts: InstallationFacts, last: Point) -> None:
        """Open a case when a register that counted has stood still for days; close it when it counts again."""
        if last.total_wh != facts.last.total_wh:
            close_case(kind=Kind.METER_STUCK, now=self.work.now, note="It counts again.", **_subject(facts))
        elif self._should_count(facts):
            open_case(
                scope=self.site.scope,
                kind=Kind.METER_STUCK,
                severity=Severity.INFO,
                now=self.work.now,
                subject_label=facts.point_code,
                detail={"total_wh": last.total_wh, "read_at": read_at_of(last).isoformat()},
                **_subject(facts),
            )

    def _should_count(self, facts: InstallationFacts) -> bool:
        """Tell whether a tenant has supply there: a point that is off, or of the house itself, may stand still."""
        is_off = Relay.objects.filter(metering_point=facts.point_id, reported=Reported.OFF).exists()
        return not is_off and (
            Tenancy.objects.filter(
                metering_point=facts.point_id,
                period__contains=self.work.now,
                account__payment_mode=PaymentMode.PREPAID,
            ).exists()
        )

    def _open_case(self, facts: InstallationFacts, reading: NewReading, cause: HeldCause) -> None:
        point = reading.point
        open_case(
            scope=self.site.scope,
            kind=Kind.NO_TARIFF if cause in UNPRICED else Kind.READING_HELD,
            subject_label=facts.point_code,
            severity=Severity.WARNING,
            now=self.work.now,
            detail={
                "cause": cause.value,
                "read_at": read_at_of(point).isoformat(),
                "total_wh": point.total_wh,
                "last_read_at": read_at_of(facts.last).isoformat(),
                "last_total_wh": facts.last.total_wh,
                "multiplier": facts.multiplier,
            },
            **_subject(facts),
        )


def _subject(facts: InstallationFacts) -> dict[str, str]:
    """Return what a case is about: the point."""
    return {"subject_kind": "metering_point", "subject_id": facts.point_public_id}


def load_rows(
    *, facts: Mapping[int, InstallationFacts], windows_us: Mapping[int, tuple[int, int]]
) -> dict[int, list[Point]]:
    """This function will return each installation's accepted points around a window of new readings.

    Readings newer than the last accepted one need nothing but that; others fetch their neighbours. A row begins with
    the opening registers where nothing accepted is older.
    """
    rows = {one: [facts[one].last] for one, window in windows_us.items() if window[0] > facts[one].last.read_us}
    late = {one: window for one, window in windows_us.items() if one not in rows}
    for installation_id, points in load_neighbours(windows_us=late).items():
        opening = facts[installation_id].opening
        begins_late = not points or points[0].read_us > max(late[installation_id][0], opening.read_us)
        rows[installation_id] = [opening, *points] if begins_late else points
    return rows
