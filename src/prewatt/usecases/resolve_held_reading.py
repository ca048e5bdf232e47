"""A person says of a reading that is held back whether it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.notify import touch
from prewatt.billing.errors import HeldStill
from prewatt.billing.queries.priced import list_priced_again
from prewatt.billing.services import lock_payers
from prewatt.cases.kinds import Kind
from prewatt.cases.services import close_case
from prewatt.estate.models import Site
from prewatt.metering.chain import NewReading, force_reading
from prewatt.metering.errors import UnknownInstallation, UnknownReading
from prewatt.metering.models import Quality, Reading
from prewatt.metering.queries.rows import load_installations
from prewatt.metering.services import forget_held_line, mark_readings
from prewatt.metering.validation import HeldCause, Point
from prewatt.metering.values import InstallationFacts, ReadingKey
from prewatt.rating.errors import UnableToRate
from prewatt.rating.segments import to_us
from prewatt.usecases._rating import Rater, load_locked_payers
from prewatt.usecases._recording import UNPRICED, Recording, load_rows
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import unit_of_work

HELD_AT_ONCE: Final = 5_000
METERS_AT_ONCE: Final = 500


class Resolution(StrEnum):
    """What the person says."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ResolveResult:
    """What came of it: readings that count now, and readings of the meter that still wait."""

    accepted: int
    still_held: int
    account_ids: frozenset[int]


def resolve_held_reading(
    *, actor: Actor, installation_id: int, kind: int, read_at: datetime, resolution: Resolution, reason: str
) -> ResolveResult:
    """This function will let a held reading count, or turn it away; the meter's other held ones are judged again.

    An accepted reading is rated from the accepted one before it, whatever validation said. Raises UnknownReading when
    it does not wait any more, HeldStill when it has no payer or no price.
    """
    site = _site_of(installation_id)
    verb, subject = f"{resolution}_reading", ("installation", str(installation_id))
    with unit_of_work(actor=actor, verb=verb, scope=site.scope, subject=subject, reason=reason) as work:
        desk = _Desk(site, work, installation_id)
        key = ReadingKey(installation_id, kind, to_us(read_at))
        if resolution is Resolution.ACCEPT:
            desk.accept(key)
        else:
            desk.reject(key)
        desk.judge_again()
        return desk.finish(note=reason)


def retry_unpriced_readings(*, actor: Actor) -> int:
    """This function will judge again what was held for want of a payer or a price, and return how many count now.

    It looks first, and opens a unit of work for each meter whose use can be priced by now.
    """
    accepted = 0
    for installation_id in list_priced_again(limit=METERS_AT_ONCE):
        site, subject = _site_of(installation_id), ("installation", str(installation_id))
        with unit_of_work(actor=actor, verb="retry_readings", scope=site.scope, subject=subject, of_facts=True) as work:
            desk = _Desk(site, work, installation_id)
            desk.judge_again()
            accepted += desk.finish(note="The use has a payer and a price now.").accepted
    return accepted


def _site_of(installation_id: int) -> Site:
    site = Site.objects.select_related("scope").filter(metering_points__installations=installation_id).first()
    if site is None:
        raise UnknownInstallation("There is no such meter.")
    return site


class _Desk:
    """The held readings of one installation while somebody decides on them, within one transaction."""

    def __init__(self, site: Site, work: UnitOfWork, installation_id: int) -> None:
        self.site = site
        self.work = work
        self.installation_id = installation_id
        instants_us = [to_us(row.read_at) for row in self._held()] or [to_us(work.now)]
        self.locked = lock_payers(
            first_us={installation_id: instants_us[0]}, last_us=max(to_us(work.now), *instants_us)
        )
        self.accounts: set[int] = set()
        self.accepted = 0

    def accept(self, key: ReadingKey) -> None:
        """This method will fit the reading into the row of accepted ones."""
        held = {self._key(row): row for row in self._held()}
        if key not in held:
            raise _gone()
        facts = self._facts()
        row = load_rows(facts={facts.id: facts}, windows_us={facts.id: (key.read_us, key.read_us)})[facts.id]
        rater = self._rater(facts, row, key.read_us)
        recording = Recording(self.site, self.work, rater)
        try:
            merged = force_reading(existing=row, reading=_new(held[key]), rate=rater.rate(facts))
        except UnableToRate as error:
            raise HeldStill(
                "The reading cannot be charged. %(why)s",
                hint="Give the point a payer and a tariff first.",
                why=error,
            ) from error
        recording.take(facts, merged, facts.marker)
        self._mark({key: None}, Quality.ACCEPTED)
        self.accounts |= recording.write([facts])
        self.accepted += 1

    def reject(self, key: ReadingKey) -> None:
        """This method will turn the reading away; it is kept, with the cause for which it was held."""
        held = {self._key(row): row for row in self._held()}
        if key not in held:
            raise _gone()
        self._mark({key: HeldCause(held[key].cause)}, Quality.REJECTED)

    def judge_again(self) -> None:
        """This method will judge what still waits as if it came now."""
        forget_held_line(installation_id=self.installation_id)
        held = self._held()
        if not held:
            return
        facts = self._facts()
        window = (to_us(held[0].read_at), to_us(held[-1].read_at))
        row = load_rows(facts={facts.id: facts}, windows_us={facts.id: window})[facts.id]
        recording = Recording(self.site, self.work, self._rater(facts, row, window[1]))
        merged = recording.judge(facts, row, [_new(one) for one in held])
        self._mark(
            {ReadingKey(facts.id, one.kind, one.point.read_us): None for one in merged.accepted}, Quality.ACCEPTED
        )
        self.accounts |= recording.write([facts])
        self.accepted += len(merged.accepted)

    def finish(self, *, note: str) -> ResolveResult:
        """This method will close the cases that are settled, and have the supply of the accounts reviewed."""
        held, facts = self._held(), self._facts()
        causes = {HeldCause(row.cause) for row in held}
        settled = [kind for kind, open_causes in _CASES.items() if not causes & open_causes]
        for kind in settled:
            close_case(
                kind=kind, subject_kind="metering_point", subject_id=str(facts.point_public_id), now=self.work.now,
                note=note,
            )  # fmt: skip
        touch(site_id=self.site.pk, points=[facts.point_id], accounts=self.accounts)
        after_balance_change(self.work, account_ids=self.accounts)
        return ResolveResult(self.accepted, len(held), frozenset(self.accounts))

    def _held(self) -> list[Reading]:
        held = Reading.objects.filter(installation_id=self.installation_id, quality=Quality.QUARANTINED)
        return list(held.order_by("read_at", "kind")[:HELD_AT_ONCE])

    def _key(self, row: Reading) -> ReadingKey:
        return ReadingKey(self.installation_id, row.kind, to_us(row.read_at))

    def _facts(self) -> InstallationFacts:
        return load_installations(installation_ids=[self.installation_id], site_id=self.site.pk)[self.installation_id]

    def _rater(self, facts: InstallationFacts, row: Sequence[Point], until_us: int) -> Rater:
        payers = load_locked_payers(
            site=self.site,
            point_ids=[facts.point_id],
            from_us=row[0].read_us,
            to_us=max(until_us, facts.last.read_us),
            locked=self.locked,
        )
        return Rater(payers)

    def _mark(self, causes: dict[ReadingKey, HeldCause | None], quality: Quality) -> None:
        if mark_readings(causes=causes, quality=quality, only_from=[Quality.QUARANTINED]) != len(causes):
            raise _gone()


_CASES: Final = {Kind.READING_HELD: frozenset(HeldCause) - UNPRICED, Kind.NO_TARIFF: UNPRICED}


def _new(row: Reading) -> NewReading:
    return NewReading(Point(to_us(row.read_at), row.total_wh, tuple(row.rates_wh)), row.kind)


def _gone() -> UnknownReading:
    return UnknownReading("The reading does not wait for a decision any more.", hint="Look at the list again.")
