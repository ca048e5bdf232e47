"""From accepted readings to accrued money, inside the unit of work of whoever calls: shared by the stories of readings.

The accounts must be locked before a ``Rater`` is made: what it loads holds until the transaction ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prewatt.billing.queries.payers import Payers, load_payers
from prewatt.billing.services import PositionKey, UsageTotal, apply_usage, open_positions
from prewatt.estate.models import Site
from prewatt.metering.chain import Rate
from prewatt.metering.errors import PayersMoved
from prewatt.metering.services import add_day_usage
from prewatt.metering.services.states import DayUsageKey
from prewatt.metering.validation import Limits, Point, energy_between
from prewatt.metering.values import InstallationFacts
from prewatt.rating.segments import from_instant_us
from prewatt.rating.tariff import Tariff
from prewatt.rating.usage import Interval, UsagePart, split_usage


def load_locked_payers(*, site: Site, point_ids: Sequence[int], from_us: int, to_us: int, locked: set[int]) -> Payers:
    """This function will load who pays for points from one instant to another, both in.

    Raises PayersMoved when an account among them was not locked.
    """
    payers = load_payers(
        point_ids=point_ids,
        site_id=site.pk,
        zone=site.time_zone,
        from_at=from_instant_us(from_us),
        to_at=from_instant_us(to_us),
    )
    if not locked.issuperset(payers.account_of.values()):
        raise PayersMoved("Who pays changed while the readings waited.", hint="Record them again.")
    return payers


@dataclass(slots=True)
class Rater:
    """Lays out the use of one site's installations, and gathers what it changes."""

    payers: Payers
    _usage: dict[PositionKey, UsageTotal] = field(default_factory=dict)
    _by_day: dict[DayUsageKey, int] = field(default_factory=dict)

    def limits(self, facts: InstallationFacts) -> Limits:
        """This method will return what bounds the installation's readings."""
        needs_rates = self.payers.needs_rates(facts.point_id)
        return facts.limits._replace(needs_rates=True) if needs_rates else facts.limits

    def rate(self, facts: InstallationFacts) -> Rate:
        """This method will return the function that lays out the energy between two accepted points.

        Raises UnableToRate.
        """
        limits, stretches = self.limits(facts), self.payers.stretches.get(facts.point_id, [])
        multiplier = limits.multiplier

        def rate(first: Point, second: Point) -> Sequence[UsagePart]:
            total_wh, rates_wh, _ = energy_between(first=first, second=second, limits=limits)
            primary_rates_wh = tuple([wh * multiplier for wh in rates_wh]) if rates_wh else ()
            interval = Interval(first.read_us, second.read_us, total_wh * multiplier, primary_rates_wh)
            return split_usage(interval=interval, stretches=stretches)

        return rate

    def gather(self, facts: InstallationFacts, *, gained: Sequence[UsagePart], lost: Sequence[UsagePart] = ()) -> None:
        """This method will remember how one installation's use changes."""
        usage, by_day, installation_id = self._usage, self._by_day, facts.id
        for sign, parts in ((1, gained), (-1, lost)):
            for tenancy_id, month, version, day, band, wh in parts:
                key = PositionKey(tenancy_id, month, version)
                total = usage.get(key)
                if total is None:
                    total = usage[key] = UsageTotal(day, day)
                total.add(day=day, band=band, wh=sign * wh)
                day_key = (tenancy_id, installation_id, day, int(band))
                by_day[day_key] = by_day.get(day_key, 0) + sign * wh

    def open(self) -> dict[PositionKey, Sequence[int]]:
        """This method will find or begin the positions that the gathered use belongs to."""
        return open_positions(usage=self._usage, account_of=self.payers.account_of)

    def apply(self, opened: Mapping[PositionKey, Sequence[int]]) -> set[int]:
        """This method will write what was gathered and return the accounts whose use changed."""
        add_day_usage(quantities_wh=self._by_day)
        account_of = self.payers.account_of
        return set(apply_usage(usage=self._usage, opened=opened, account_of=account_of, tariffs=self.tariffs()))

    @property
    def usage(self) -> Mapping[PositionKey, UsageTotal]:
        """This property will be the use that was gathered, by position."""
        return self._usage

    @property
    def by_day(self) -> Mapping[DayUsageKey, int]:
        """This property will be the use that was gathered, by tenancy, installation, day and band."""
        return self._by_day

    def tariffs(self) -> dict[int, Tariff]:
        """This method will return every tariff version that a payer may be rated by."""
        return {
            dated.version: dated.tariff
            for stretches in self.payers.stretches.values()
            for stretch in stretches
            for dated in stretch.timeline.versions
        }
