"""Positions and day use are caches of the readings: worked out anew from those, compared, and mended on request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from prewatt.access.audit import Actor
from prewatt.billing.queries.positions import StoredPosition, list_wrong_accruals, load_positions
from prewatt.billing.queries.timelines import load_tariffs
from prewatt.billing.services import PositionKey, UsageTotal, apply_usage, lock_payers, open_positions
from prewatt.estate.models import MeteringPoint, MeterInstallation, Site
from prewatt.ledger.values import Difference
from prewatt.metering.queries.rows import load_accepted, load_day_usage, load_installations, one_an_instant
from prewatt.metering.services import add_day_usage
from prewatt.metering.services.states import DayUsageKey
from prewatt.metering.values import InstallationFacts
from prewatt.rating.bands import BANDS
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.errors import UnableToRate
from prewatt.rating.segments import to_us
from prewatt.usecases._rating import Rater, load_locked_payers
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import Busy, unit_of_work

POINTS_AT_ONCE: Final = 50
TRIES_MAX: Final = 10
NOTHING: Final = (0,) * len(BANDS)


def rebuild_positions(*, actor: Actor, site_id: int, repair: bool = False) -> list[Difference]:
    """This function will rate a site's accepted readings from the first on and return what is stored differently.

    ``repair`` writes what the readings say; the ledger follows with the next day close. Points are compared in
    batches, each while its accounts are locked, so that readings may go on coming in.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    found: list[Difference] = []
    points = list(MeteringPoint.objects.filter(site=site).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(points), POINTS_AT_ONCE):
        found += _rebuild_in_time(actor, site, points[start : start + POINTS_AT_ONCE], repair=repair)
    for number, accrued, expected in list_wrong_accruals(site_id=site_id):
        found.append(Difference("accrued", f"account {number}", str(expected), str(accrued)))
    return found


def _rebuild_in_time(actor: Actor, site: Site, point_ids: Sequence[int], *, repair: bool) -> list[Difference]:
    """Rebuild, and wait some seconds for accounts that somebody else holds: one of many must not end the whole."""
    for _ in range(TRIES_MAX - 1):
        try:
            return _rebuild(actor, site, point_ids, repair=repair)
        except Busy:
            continue  # each try waits for the locks
    return _rebuild(actor, site, point_ids, repair=repair)


def _rebuild(actor: Actor, site: Site, point_ids: Sequence[int], *, repair: bool) -> list[Difference]:
    begun = dict(
        MeterInstallation.objects.filter(metering_point__in=point_ids).order_by("pk").values_list("pk", "period")
    )
    with unit_of_work(actor=actor, verb="rebuild_positions", scope=site.scope) as work:
        first_us = {pk: to_us(period.lower) for pk, period in begun.items()}
        locked = lock_payers(first_us=first_us, last_us=max([to_us(work.now), *first_us.values()]))
        facts = load_installations(installation_ids=list(begun), site_id=site.pk)
        rebuilt = _Rebuilt.load(site, point_ids, facts, locked)
        found = [*rebuilt.unrated, *rebuilt.compare_states(), *rebuilt.compare_usage(), *rebuilt.compare_positions()]
        if repair and found and not rebuilt.unrated:
            after_balance_change(work, account_ids=rebuilt.repair())
    return found


@dataclass(slots=True)
class _Rebuilt:
    """What the readings of some points say, beside what is stored of them."""

    rater: Rater
    facts: Mapping[int, InstallationFacts]
    stored: Mapping[PositionKey, StoredPosition]
    stored_by_day: Mapping[DayUsageKey, int]
    last_totals_wh: Mapping[int, int]
    unrated: list[Difference]

    @classmethod
    def load(
        cls, site: Site, point_ids: Sequence[int], facts: Mapping[int, InstallationFacts], locked: set[int]
    ) -> "_Rebuilt":
        """This method will lay out every pair of accepted readings."""
        rows = {
            one: one_an_instant([facts[one].opening, *points])
            for one, points in load_accepted(installation_ids=list(facts)).items()
        }
        payers = load_locked_payers(
            site=site,
            point_ids=point_ids,
            from_us=min((row[0].read_us for row in rows.values()), default=0),
            to_us=max((row[-1].read_us for row in rows.values()), default=0),
            locked=locked,
        )
        rater = Rater(payers)
        unrated = []
        for installation_id, row in rows.items():
            one = facts[installation_id]
            rate = rater.rate(one)
            try:
                rater.gather(one, gained=[part for pair in pairwise(row) for part in rate(*pair)])
            except UnableToRate as error:
                unrated.append(Difference("unrated", f"point {one.point_code}", "a payer and a price", str(error)))
        return cls(
            rater,
            facts,
            load_positions(point_ids=point_ids),
            load_day_usage(installation_ids=list(facts)),
            {one: row[-1].total_wh for one, row in rows.items()},
            unrated,
        )

    def compare_states(self) -> Iterator[Difference]:
        """This method will yield installations whose last register is not that of their last accepted reading."""
        for one, facts in self.facts.items():
            if facts.last.total_wh != self.last_totals_wh[one]:
                yield Difference(
                    "register", f"point {facts.point_code}", str(self.last_totals_wh[one]), str(facts.last.total_wh)
                )

    def compare_usage(self) -> Iterator[Difference]:
        """This method will yield days and bands whose use is stored differently."""
        for key in sorted(self._day_keys(), key=str):
            expected, found = self.rater.by_day.get(key, 0), self.stored_by_day.get(key, 0)
            if expected != found:
                subject = f"point {self.facts[key[1]].point_code} {key[2]} band {key[3]}"
                yield Difference("day_usage", subject, f"{expected} Wh", f"{found} Wh")

    def compare_positions(self) -> Iterator[Difference]:
        """This method will yield positions whose totals, cost or rounded cost are stored differently."""
        tariffs = self.rater.tariffs()
        for key in sorted(self.rater.usage.keys() | self.stored.keys()):
            expected_wh, stored = self._expected(key), self.stored.get(key)
            found_wh = NOTHING if stored is None else stored.bands_wh
            label = f"tenancy {key.tenancy_id} {key.period_start:%Y-%m}" if stored is None else stored.label
            if expected_wh != found_wh:
                yield Difference("position", label, f"{expected_wh} Wh", f"{found_wh} Wh")
            elif stored is not None and key.tariff_version_id in tariffs:
                tariff = tariffs[key.tariff_version_id]
                cost = cost_nano(expected_wh, tariff)
                expected = (cost, rounded_minor(cost, tariff.currency))
                if expected != (stored.cost_nano, stored.rounded):
                    yield Difference("cost", label, str(expected), str((stored.cost_nano, stored.rounded)))

    def repair(self) -> set[int]:
        """This method will write what the readings say and return the accounts whose use changed."""
        add_day_usage(
            quantities_wh={
                key: self.rater.by_day.get(key, 0) - self.stored_by_day.get(key, 0) for key in self._day_keys()
            }
        )
        missing: dict[PositionKey, UsageTotal] = {}
        for key in self.rater.usage.keys() | self.stored.keys():
            stored = self.stored.get(key)
            found_wh = NOTHING if stored is None else stored.bands_wh
            total = self.rater.usage.get(key)
            first_day = key.period_start if total is None else total.first_day
            last_day = key.period_start if total is None else total.last_day
            bands_wh = [one - two for one, two in zip(self._expected(key), found_wh, strict=True)]
            missing[key] = UsageTotal(first_day, last_day, bands_wh)
        account_of = {key.tenancy_id: stored.account_id for key, stored in self.stored.items()}
        account_of.update(self.rater.payers.account_of)
        tariffs = load_tariffs(version_ids={key.tariff_version_id for key in missing})
        opened = open_positions(usage=missing, account_of=account_of)
        return set(apply_usage(usage=missing, opened=opened, account_of=account_of, tariffs=tariffs))

    def _expected(self, key: PositionKey) -> tuple[int, ...]:
        total = self.rater.usage.get(key)
        return NOTHING if total is None else tuple(total.bands_wh)

    def _day_keys(self) -> set[DayUsageKey]:
        return {key for key, wh in self.rater.by_day.items() if wh} | set(self.stored_by_day)
