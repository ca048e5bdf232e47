"""Three amounts to choose from, each with what it means in days. Pure."""

from dataclasses import dataclass
from typing import Final

from prewatt.kernel.money import Money, minor_digits
from prewatt.tenancy.values import AccountFacts

DAYS: Final = (7, 14, 30)
PLAIN: Final = (100, 300, 1_000)
NICE: Final = (1, 2, 3, 5)


@dataclass(frozen=True, slots=True)
class Preset:
    """An amount on a key; ``days`` is how long the money will do then, None when nobody knows."""

    amount: Money
    text: str
    days: int | None


def presets_of(*, facts: AccountFacts, least: Money | None) -> list[Preset]:
    """This function will choose amounts that last about one, two and four weeks at the account's own pace.

    Without a known pace they are plain. Each is enough to bring the power back, where it is off for want of money.
    """
    unit = 10 ** minor_digits(facts.currency)
    daily = facts.daily_cost.minor if facts.daily_cost is not None and facts.daily_cost.minor > 0 else None
    wanted = [one * unit for one in PLAIN] if daily is None else [daily * days for days in DAYS]
    floor = least.minor if least is not None else 0
    found: list[int] = []
    for one in wanted:
        nice = _nice(-(-max(one, floor, unit) // unit))
        while found and nice <= found[-1]:
            nice = _nice(nice + 1)
        found.append(nice)
    return [_preset(one * unit, one, daily, facts) for one in found]


def _preset(minor: int, major: int, daily: int | None, facts: AccountFacts) -> Preset:
    days = None if daily is None else max(0, facts.available.minor + minor) // daily
    return Preset(Money(minor, facts.currency), str(major), days)


def _nice(major: int) -> int:
    """Return the next amount that people pay: 1, 2, 3 or 5 times a power of ten, in whole tens."""
    wanted: list[int] = [factor * 10**power for power in range(1, 12) for factor in NICE]
    return min(one for one in wanted if one >= major)
