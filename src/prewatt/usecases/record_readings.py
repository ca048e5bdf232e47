"""A batch of readings becomes use, cost and accrued money, in one transaction.

Insert or ignore first, then judge, rate and accrue what was new. The accounts are locked before anything is looked at,
in id order, so that batches, payments and the day close stand in one queue per account.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prewatt.access.ahead import sending_ahead
from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.notify import touch
from prewatt.billing.services import lock_payers
from prewatt.estate.models import Site
from prewatt.metering.chain import NewReading
from prewatt.metering.errors import BatchTooLarge, PayersMoved
from prewatt.metering.queries.rows import load_epochs, load_installations
from prewatt.metering.services import insert_readings
from prewatt.metering.services.readings import key_of
from prewatt.metering.validation import Point
from prewatt.metering.values import HOUSE_EPOCH, InstallationFacts, ReadingIn, ReadingKey
from prewatt.usecases._rating import Rater, load_locked_payers
from prewatt.usecases._recording import Recording, load_rows
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import unit_of_work

BATCH_MAX: Final = 1_000
TRIES_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of a batch: counts, and the accounts whose use changed.

    ``stale`` were sent under a lease that another collector has taken over, ``unknown`` name no meter of the site;
    neither is stored.
    """

    inserted: int
    repeated: int
    held: int
    stale: int
    unknown: int
    account_ids: frozenset[int]


def record_readings(*, actor: Actor, site_id: int, readings: Sequence[ReadingIn]) -> RecordResult:
    """This function will record at most 1,000 readings of one site's meters; recording them again changes nothing.

    Raises BatchTooLarge, Busy, PayersMoved.
    """
    if len(readings) > BATCH_MAX:
        raise BatchTooLarge(f"{len(readings)} readings in one batch.", hint=f"At most {BATCH_MAX}.")
    site = Site.objects.select_related("scope").get(pk=site_id)
    subject = ("readings", str(len(readings)))
    for tries_left in reversed(range(TRIES_MAX)):
        try:
            with unit_of_work(
                actor=actor, verb="record_readings", scope=site.scope, subject=subject, of_facts=True
            ) as work:
                return _record(site, work, readings)
        except PayersMoved:
            if not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


def _record(site: Site, work: UnitOfWork, readings: Sequence[ReadingIn]) -> RecordResult:
    given = {key_of(one): one for one in readings}
    if not given:
        return RecordResult(0, 0, 0, 0, 0, frozenset())
    windows_us = _windows(given)
    locked = lock_payers(
        first_us={one: first_us for one, (first_us, _) in windows_us.items()},
        last_us=max([last_us for _, last_us in windows_us.values()]),
    )
    facts = load_installations(installation_ids=windows_us, site_id=site.pk)
    known = {key: one for key, one in given.items() if key.installation_id in facts}
    fresh = _without_stale(known, facts)
    rows = load_rows(facts=facts, windows_us={one: windows_us[one] for one in facts})
    payers = load_locked_payers(
        site=site,
        point_ids=[one.point_id for one in facts.values()],
        from_us=min((row[0].read_us for row in rows.values()), default=0),
        to_us=max((max(windows_us[one.id][1], one.last.read_us) for one in facts.values()), default=0),
        locked=locked,
    )

    def judge(readings: Mapping[ReadingKey, ReadingIn]) -> Recording:
        recording = Recording(site, work, Rater(payers))
        for installation_id, new in _by_installation(readings).items():
            recording.judge(facts[installation_id], rows[installation_id], new)
        return recording

    with sending_ahead():
        insertion = insert_readings(readings=fresh, received_at=work.now)
        recording = judge(fresh)
        repeated = insertion.get()
    new = {key: one for key, one in fresh.items() if key not in repeated}
    if repeated:
        recording = judge(new)
    accounts = recording.write(facts.values())
    touch(site_id=site.pk, points=[facts[key.installation_id].point_id for key in new])
    after_balance_change(work, account_ids=accounts)
    return RecordResult(
        inserted=len(new),
        repeated=len(repeated),
        held=len(recording.held),
        stale=len(known) - len(fresh),
        unknown=len(given) - len(known),
        account_ids=frozenset(accounts),
    )


def _without_stale(
    given: Mapping[ReadingKey, ReadingIn], facts: Mapping[int, InstallationFacts]
) -> dict[ReadingKey, ReadingIn]:
    """Leave out what was sent under an older lease than the gateway has now; it cannot change hands meanwhile."""
    sent_by_field = {facts[key.installation_id].gateway_id for key, one in given.items() if one.epoch != HOUSE_EPOCH}
    if not sent_by_field:
        return dict(given)
    epochs = load_epochs(gateway_ids=sorted(sent_by_field))
    return {
        key: one
        for key, one in given.items()
        if one.epoch == HOUSE_EPOCH or one.epoch >= epochs.get(facts[key.installation_id].gateway_id, 0)
    }


def _windows(given: Mapping[ReadingKey, ReadingIn]) -> dict[int, tuple[int, int]]:
    """Return the first and the last instant of each installation's readings, in microseconds."""
    windows: dict[int, tuple[int, int]] = {}
    for installation_id, _, read_us in given:
        first_us, last_us = windows.get(installation_id, (read_us, read_us))
        windows[installation_id] = (min(first_us, read_us), max(last_us, read_us))
    return windows


def _by_installation(readings: Mapping[ReadingKey, ReadingIn]) -> dict[int, list[NewReading]]:
    """Return the readings as their rows take them, in the order in which they were sent."""
    found: dict[int, list[NewReading]] = defaultdict(list)
    for (installation_id, kind, read_us), one in readings.items():
        point = Point(read_us, one.total_wh, one.rates_wh)
        found[installation_id].append(NewReading(point, kind, one.epoch != HOUSE_EPOCH, one.clock_drift_s))
    return found
