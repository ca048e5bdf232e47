"""What a top-up would do, said before it is taken: the same numbers that the paper will say."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from prewatt.kernel.money import Money
from prewatt.payments.capitals import to_capitals
from prewatt.supply.queries import get_policy
from prewatt.tenancy.values import AccountFacts


@dataclass(frozen=True, slots=True)
class TopUpPreview:
    """The split of an amount, adding up to it: first what is owed, then what is left to use."""

    amount: Money
    before: Money
    covers: Money
    credit: Money
    after: Money
    days: int | None
    lasts_until: datetime | None
    restores: bool
    lacks: Money
    capitals: str


def preview_top_up(*, facts: AccountFacts, amount: Money, now: datetime) -> TopUpPreview:
    """This function will say what the amount pays off, how long it lasts and whether it brings the power back."""
    owed = max(0, -facts.available.minor)
    covers = min(owed, amount.minor)
    after = facts.available + amount
    least = get_policy(site_id=facts.site_id).min_reconnect_balance
    days = _days(after, facts.daily_cost)
    return TopUpPreview(
        amount=amount, before=facts.available, covers=Money(covers, amount.currency), after=after, days=days,
        credit=Money(amount.minor - covers, amount.currency),
        lasts_until=None if days is None else now + timedelta(days=days), restores=after.minor >= least,
        lacks=Money(max(0, least - after.minor), amount.currency), capitals=to_capitals(amount),
    )  # fmt: skip


def _days(available: Money, daily_cost: Money | None) -> int | None:
    if daily_cost is None or daily_cost.minor <= 0:
        return None
    return min(9_999, max(0, available.minor // daily_cost.minor))
