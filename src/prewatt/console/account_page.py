"""How an account's facts are laid out: the steps of proof, the chart's series, the lines of the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from prewatt.console.labels import ONLINE, label
from prewatt.kernel.clock import estate_clock
from prewatt.kernel.money import Money, minor_digits
from prewatt.ledger.values import PostingRow
from prewatt.reports import formats
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.see_account import PaymentOfEntry, RoomView
from prewatt.usecases.see_hours import HoursView
from prewatt.usecases.see_truths import Commanded, Truths
from prewatt.usecases.see_usage import TimeLeft, UsageView

BAND_NAMES: Final = {1: "sharp", 2: "peak", 3: "flat", 4: "valley", 5: "deep_valley"}
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Step:
    """One step of proof: done, now, waiting or failed; with its own time."""

    state: str
    icon: str
    title: str
    note: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A posting as the page shows it, with the paper and the payment behind it, if there are."""

    at: datetime
    title: str
    note: str
    amount: Money
    balance_after: Money
    is_reversed: bool
    document: UUID | None
    payment: UUID | None
    is_online: bool


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A row of the table behind the chart, in Wh; None where nothing is known."""

    name: str
    bands: tuple[int | None, ...]
    sum: int | None


@dataclass(frozen=True, slots=True)
class Chart:
    """The usage chart: what ECharts draws, the legend, the table behind it."""

    range: str
    ranges: tuple[tuple[str, str], ...]
    legend: tuple[int, ...]
    data: dict[str, Any]
    rows: tuple[ChartRow, ...]
    total_wh: int


def steps_of(room: RoomView) -> list[Step]:
    """This function will tell the way from money to power as steps; the last is done only by the meter's own answer."""
    truths = room.truths
    steps = []
    if truths.credited is not None and not truths.credited.reversed:
        paid = _("Credited %(amount)s") % {"amount": formats.money(truths.credited.amount)}
        steps.append(Step("done", "check", paid, label("channel", truths.credited.channel), truths.credited.at))
    if truths.command is not None:
        steps += _command_steps(truths.command)
    steps.append(_proof(truths))
    return steps


def _command_steps(command: Commanded) -> list[Step]:
    wish = _("Restore wanted") if command.wanted == "on" else _("Cut wanted")
    steps = [Step("done", "check", wish, "", command.estate_at)]
    if command.sent_at is None:
        return [*steps, _unsent(command)]
    steps.append(Step("done", "check", _("Command sent"), _tries(command), _estate(command.sent_at)))
    if command.acknowledged_at is not None:
        steps.append(Step("done", "check", _("Meter acknowledged"), "", _estate(command.acknowledged_at)))
    elif command.is_live:
        steps.append(Step("now", "loader-2", _("Waiting for the meter's answer"), "", None))
    if command.state in {"failed", "expired", "voided"}:
        steps.append(_ended(command))
    return steps


def _unsent(command: Commanded) -> Step:
    if command.is_live:
        return Step("now", "loader-2", _("Command queued"), _("before all reads on its bus"), None)
    return _ended(command)


def _ended(command: Commanded) -> Step:
    titles = {
        "failed": _("Command failed"),
        "expired": _("Command expired unsent"),
        "voided": _("Voided by a newer wish"),
    }
    at = None if command.ended_at is None else _estate(command.ended_at)
    return Step("bad", "alert-triangle", titles.get(command.state, command.state), command.error, at)


def _proof(truths: Truths) -> Step:
    names = {"on": _("Power on, proven"), "off": _("Power off, proven"), "unknown": _("Not proven yet")}
    if truths.agree:
        icon = "bolt" if truths.reported == "on" else "bolt-off"
        return Step("done", icon, names[truths.reported], _("read back from the relay"), truths.proven_at)
    wanted = names[truths.desired]
    if truths.moving and truths.command is not None and truths.command.acknowledged_at is not None:
        return Step("now", "loader-2", _("Reading the relay back"), wanted, None)
    return Step("wait", "plug-connected", wanted, _("waits for the relay's own answer"), None)


def _tries(command: Commanded) -> str:
    return _("try %(n)s") % {"n": command.tries} if command.tries > 1 else ""


def _estate(machine_at: datetime) -> datetime:
    return estate_clock().estate_at(machine_at)


def fan_of(facts: AccountFacts, left: TimeLeft, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """This function will lay out the money ahead: a middle line between the soonest and the latest end.

    Times are local milliseconds and amounts are major units, for pixels alone. What ends today is laid out in hours.
    """
    at = _local_ms(now, zone)
    unit_ms, least = (HOUR_MS, 6) if left.in_hours else (DAY_MS, 2)
    money = facts.available.minor / 10 ** minor_digits(facts.currency)
    ends = {"soonest": left.at_least, "middle": left.expected, "latest": left.at_most or left.expected}
    lines = {name: [[at, money], [at + count * unit_ms, 0]] for name, count in ends.items()}
    return lines | {
        "at": at, "from": at, "to": at + max(least, max(ends.values()) + 1) * unit_ms, "hours": left.in_hours,
        "symbol": formats.symbol(facts.currency), "today": _("now") if left.in_hours else _("today"),
    }  # fmt: skip


def _local_ms(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return int(local.replace(tzinfo=UTC).timestamp()) * 1000


def span_left(facts: AccountFacts, now: datetime) -> timedelta | None:
    """This function will return the time until the account is expected to reach zero; None where that is unknown."""
    return None if facts.empties_at is None else max(timedelta(0), facts.empties_at - now)


def chart_of(usage: UsageView, *, code: str, ranges: tuple[tuple[str, str], ...]) -> Chart:
    """This function will lay out use as stacked bars, from valley at the foot up to sharp, with the table behind."""
    labels = [f"{day:%Y-%m}" if code == "months" else f"{day:%m-%d}" for day in usage.labels]
    before = None if usage.before is None else [_kwh(wh) for wh in usage.before]
    return _chart(usage.bands, labels, labels, code=code, ranges=ranges, more={"before": before})


def hours_chart_of(usage: HoursView, *, zone: ZoneInfo, code: str, ranges: tuple[tuple[str, str], ...]) -> Chart:
    """This function will lay out the last hours likewise: with the hours without power, and where now is."""
    local = [start.astimezone(zone) for start in usage.starts]
    ticks = [f"{start:%m-%d}" if start.hour == 0 else f"{start:%H}" for start in local]
    more = {"outages": usage.outages, "now": len(local) - 1}
    return _chart(usage.bands, ticks, [f"{at:%m-%d %H:%M}" for at in local], code=code, ranges=ranges, more=more)


def _chart(
    bands: Mapping[int, Sequence[int | None]],
    ticks: list[str],
    names: list[str],
    *,
    code: str,
    ranges: tuple[tuple[str, str], ...],
    more: dict[str, Any],
) -> Chart:
    data: dict[str, Any] = {
        "labels": ticks,
        "titles": names,
        "bands": {BAND_NAMES[band]: [_kwh(wh) for wh in values] for band, values in bands.items()},
        "before": None,
        "names": {BAND_NAMES[band]: label("band", band) for band in bands}
        | {"before": _("One week before"), "now": _("Now"), "off": _("Off")},
        "unit": "kWh",
        "outages": [],
        "now": None,
    } | more
    rows = tuple(
        ChartRow(name, tuple(values[at] for values in bands.values()), _sum([values[at] for values in bands.values()]))
        for at, name in enumerate(names)
    )
    return Chart(code, ranges, tuple(bands), data, rows, sum(row.sum or 0 for row in rows))


def _sum(values: Sequence[int | None]) -> int | None:
    """This function will add up what is known; nothing known is not nothing used."""
    known = [wh for wh in values if wh is not None]
    return sum(known) if known else None


def _kwh(wh: int | None) -> float | None:
    return (
        None if wh is None else round(wh / 1000, 2)
    )  # for pixels alone: the table beside the chart is written from the integers


def lines_of(rows: Sequence[PostingRow], *, payments: Mapping[int, PaymentOfEntry]) -> list[LedgerLine]:
    """This function will put words to ledger lines, with the payment and the paper behind each, by entry."""
    lines = []
    for row in rows:
        paid = payments.get(row.entry_id)
        lines.append(
            LedgerLine(
                row.occurred_at, label("entry", "reversal" if row.reverses else row.kind),
                _note(row.memo), row.amount,
                row.balance_after, row.is_reversed, None if paid is None else paid.document_public_id,
                paid.public_id if paid is not None and paid.kind == "top_up" else None,
                paid is not None and paid.channel in ONLINE,
            )
        )  # fmt: skip
    return lines


def _note(memo: Mapping[str, Any]) -> str:
    """This function will say what an entry is about: the room and the days of use, or the reason that was given."""
    days = " – ".join(dict.fromkeys(str(memo[key]) for key in ("from", "to") if memo.get(key)))
    parts = (memo.get("point", ""), days, memo.get("reason", ""))
    return " · ".join(str(part) for part in parts if part)
