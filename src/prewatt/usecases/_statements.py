"""What a month's statement of each account says, gathered at once: as many queries for a hundred as for one."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from prewatt.billing.queries.months import MonthPosition, VersionFacts, list_month_positions, load_versions
from prewatt.billing.statement import MonthBookings, sort_bookings, split_position
from prewatt.kernel.money import Money
from prewatt.kernel.period import days
from prewatt.ledger.queries import document_numbers_of_entries, list_bookings
from prewatt.ledger.values import AccountBookings, Booking
from prewatt.metering.queries.days import DayBand, list_day_usage
from prewatt.metering.queries.registers import RegisterEnd, RegisterSpan, list_register_spans
from prewatt.payments.capitals import to_capitals
from prewatt.rating.bands import BANDS, Band
from prewatt.rating.tariff import BandSource
from prewatt.supply.outages import Outage, list_outages
from prewatt.tenancy.models import Tenancy
from prewatt.usecases._papers import OBJECTION, PaperMonth, Party, load_parties

MONTHS_BACK: Final = 12
LONG_GAP: Final = timedelta(hours=1)
"""Energy shared out over a longer gap between readings is called estimated."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A tenancy as papers see it: a room of an account, and since when and until when within the month."""

    id: int
    account_id: int
    point_id: int
    room: str
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """Everything that papers of accounts about a month are made of."""

    month: PaperMonth
    parties: Mapping[int, Party]
    stays: Mapping[int, Sequence[Stay]]
    positions: Mapping[int, Sequence[MonthPosition]]
    versions: Mapping[int, VersionFacts]
    usage: Mapping[int, Mapping[DayBand, int]]
    outages: Mapping[int, Sequence[Outage]]

    def positions_of(self, account_id: int, month: date) -> list[tuple[Stay, MonthPosition]]:
        """This method will return an account's positions in a month, with the room of each, in order of room."""
        return [
            (stay, position)
            for stay in self.stays.get(account_id, ())
            for position in self.positions.get(stay.id, ())
            if position.month == month
        ]

    def days_of(self, account_id: int) -> dict[int, list[int]]:
        """This method will return an account's use of each day of the month by band, in Wh."""
        days = {int(band): [0] * self.month.count for band in BANDS}
        for stay in self.stays.get(account_id, ()):
            for (_, day, band), wh in self.usage.get(stay.id, {}).items():
                days[band][(day - self.month.first).days] += wh
        return {band: values for band, values in days.items() if any(values)}


def load_month_facts(*, account_ids: Collection[int], month: PaperMonth) -> MonthFacts:
    """This function will gather what papers about a month need, in a fixed number of queries."""
    stays = _stays(account_ids, month)
    tenancy_ids = [stay.id for some in stays.values() for stay in some]
    year_before = month.first.replace(year=month.first.year - 1)
    positions: dict[int, list[MonthPosition]] = defaultdict(list)
    for one in list_month_positions(tenancy_ids=tenancy_ids, from_month=year_before, to_month=month.first):
        positions[one.tenancy_id].append(one)
    point_ids = {stay.point_id for some in stays.values() for stay in some}
    outages: dict[int, list[Outage]] = defaultdict(list)
    for outage in list_outages(point_ids=point_ids, from_at=month.from_at, to_at=month.to_at):
        outages[outage.point_id].append(outage)
    return MonthFacts(
        month, load_parties(account_ids=account_ids), stays, positions,
        load_versions(version_ids={one.version_id for some in positions.values() for one in some}),
        list_day_usage(tenancy_ids=tenancy_ids, from_day=month.first, to_day=month.after), outages,
    )  # fmt: skip


def _stays(account_ids: Collection[int], month: PaperMonth) -> dict[int, list[Stay]]:
    """Return the tenancies of accounts that a year up to the month knows; those of the month itself have use in it."""
    rows = Tenancy.objects.filter(
        account__in=account_ids, period__overlap=(month.from_at - 13 * OBJECTION, month.to_at)
    )
    found: dict[int, list[Stay]] = defaultdict(list)
    for row in rows.order_by("metering_point__code", "period").values_list(
        "pk", "account_id", "metering_point_id", "metering_point__code", "period"
    ):
        pk, account_id, point_id, room, period = row
        found[account_id].append(Stay(pk, account_id, point_id, room, period.lower, period.upper))
    return found


def statement_contents(*, account_ids: Collection[int], month: PaperMonth, today: date) -> dict[int, dict[str, Any]]:
    """This function will return what a month's statement says, by account. The month must be over."""
    facts = load_month_facts(account_ids=account_ids, month=month)
    spans: dict[int, list[RegisterSpan]] = defaultdict(list)
    current = {stay.id: account_id for account_id, some in facts.stays.items() for stay in some}
    for span in list_register_spans(tenancy_ids=list(current), from_at=month.from_at, to_at=month.to_at):
        spans[current[span.tenancy_id]].append(span)
    ledger_ids = [one for party in facts.parties.values() for one in party.ledger_account_ids]
    bookings = list_bookings(ledger_account_ids=ledger_ids, from_day=month.first, to_day=month.after)
    entries = [booking.entry_id for one in bookings.values() for booking in one.bookings if booking.kind != "usage"]
    around = _Around(bookings, spans, document_numbers_of_entries(entry_ids=entries), today + OBJECTION)
    return {account_id: _statement(party, facts, around) for account_id, party in facts.parties.items()}


@dataclass(frozen=True, slots=True)
class _Around:
    """What statements need beside the facts of the month."""

    bookings: Mapping[int, AccountBookings]
    spans: Mapping[int, Sequence[RegisterSpan]]
    numbers: Mapping[int, str]
    objection_until: date


def _together(party: Party, bookings: Mapping[int, AccountBookings]) -> AccountBookings:
    """Return what was booked on all buckets of an account, in the order of days."""
    own = [bookings[one] for one in party.ledger_account_ids]
    return AccountBookings(
        sum((one.opening for one in own), Money.zero(party.currency)),
        tuple(sorted((b for one in own for b in one.bookings), key=lambda b: (b.booking_date, b.occurred_at))),
    )  # fmt: skip


def _statement(party: Party, facts: MonthFacts, around: _Around) -> dict[str, Any]:
    booked = _together(party, around.bookings)
    month, account_id = facts.month, party.account_id
    sorted_out = sort_bookings(opening=booked.opening, bookings=booked.bookings, month=month.first)
    positions = facts.positions_of(account_id, month.first)
    energy = energy_lines(positions=positions, facts=facts)
    bands = facts.days_of(account_id)
    reckoned = Money(sum(one["amount"] for one in energy), party.currency)
    charges = sorted_out.charges
    return {
        **party.common,
        "rooms": rooms_of(facts=facts, account_id=account_id),
        "payment_mode": party.payment_mode,
        "amount": charges,
        "amount_capitals": to_capitals(charges) if charges.minor >= 0 else "",
        "month": month.text,
        "from_at": month.from_at,
        "to_at": month.to_at,
        "objection_until": around.objection_until,
        **_terms(sorted_out, around.numbers),
        "charges": charges,
        "carried": reckoned - charges,
        "registers": [_register(span, facts) for span in around.spans.get(account_id, ())],
        "energy": energy,
        "energy_wh": sum(one["wh"] for one in energy),
        "shared": [],
        "days": {
            "from": month.first,
            "count": month.count,
            "paid": days_paid(facts=facts, account_id=account_id),
            "bands": bands,
        },
        "before_wh": month_wh(
            facts=facts, account_id=account_id, month=(month.first - timedelta(days=1)).replace(day=1)
        ),
        "outage_minutes": sum(outage.minutes for stay, outage in outages_of(facts=facts, account_id=account_id)),
        "programmes": _programmes(positions, facts),
    }


def rooms_of(*, facts: MonthFacts, account_id: int) -> list[str]:
    """This function will return the rooms that an account paid for at some time of the month."""
    month = facts.month
    here = [
        stay.room
        for stay in facts.stays.get(account_id, ())
        if stay.from_at < month.to_at and (stay.to_at is None or stay.to_at > month.from_at)
    ]
    return list(dict.fromkeys(here))


def days_paid(*, facts: MonthFacts, account_id: int) -> int:
    """This function will return on how many days of the month an account paid for any room."""
    month = facts.month
    paid: set[date] = set()
    for stay in facts.stays.get(account_id, ()):
        from_at = max(stay.from_at, month.from_at)
        to_at = month.to_at if stay.to_at is None else min(stay.to_at, month.to_at)
        if from_at < to_at:
            last = (to_at - timedelta(microseconds=1)).astimezone(month.zone).date()
            paid.update(days(from_at.astimezone(month.zone).date(), last))
    return len(paid)


def month_wh(*, facts: MonthFacts, account_id: int, month: date) -> int | None:
    """This function will return what an account used in a month, None when it had no position in it."""
    positions = facts.positions_of(account_id, month)
    return sum(sum(one.bands_wh) for _, one in positions) if positions else None


def outages_of(*, facts: MonthFacts, account_id: int) -> list[tuple[Stay, Outage]]:
    """This function will return when an account's rooms were without power while it paid for them."""
    return [
        (stay, outage)
        for stay in facts.stays.get(account_id, ())
        for outage in facts.outages.get(stay.point_id, ())
        if outage.from_at >= stay.from_at and (stay.to_at is None or outage.from_at < stay.to_at)
    ]


def _terms(sorted_out: MonthBookings, numbers: Mapping[int, str]) -> dict[str, Any]:
    return {
        "opening": sorted_out.opening,
        "closing": sorted_out.closing,
        "top_ups": [
            {
                "kind": "reversal" if one.origin else one.kind, "at": one.occurred_at,
                "channel": one.memo.get("channel", ""), "number": numbers.get(one.entry_id, ""),
                "amount": one.amount.minor,
            }
            for one in sorted_out.top_ups
        ],
        "top_ups_total": sorted_out.topped_up,
        "adjustments": [_adjustment(one, numbers) for one in sorted_out.adjustments],
        "adjustments_total": sorted_out.adjusted,
    }  # fmt: skip


def _adjustment(one: Booking, numbers: Mapping[int, str]) -> dict[str, Any]:
    days = " – ".join(dict.fromkeys(str(one.memo[key]) for key in ("from", "to") if one.memo.get(key)))
    return {
        "day": one.booking_date,
        "kind": "reversal" if one.origin else one.kind,
        "about": " ".join(filter(None, (str(one.memo.get("point", "")), days))),
        "reason": str(one.memo.get("reason", "")),
        "number": numbers.get(one.entry_id, ""),
        "amount": one.amount.minor,
    }


def energy_lines(*, positions: Sequence[tuple[Stay, MonthPosition]], facts: MonthFacts) -> list[dict[str, Any]]:
    """This function will return one block of lines for each room and price version: they add up to what it cost."""
    found = []
    for place, (stay, position) in enumerate(positions):
        if not any(position.bands_wh):
            continue
        version = facts.versions[position.version_id]
        lines = split_position(bands_wh=position.bands_wh, tariff=version.tariff)
        from_day, to_day = _span(stay, version, positions[place + 1 :], facts)
        found.append(
            {
                "room": stay.room,
                "tariff": version.name,
                "code": version.code,
                "version": version.version,
                "reference": version.reference,
                "from": from_day,
                "to": to_day,
                "bands": [[line.band, line.wh, line.price, line.minor] for line in lines],
                "wh": sum(line.wh for line in lines),
                "amount": sum(line.minor for line in lines),
            }
        )
    return found


def _span(
    stay: Stay, version: VersionFacts, after: Sequence[tuple[Stay, MonthPosition]], facts: MonthFacts
) -> tuple[date, date]:
    """Return the first and the last day of the month on which a version priced a tenancy."""
    month = facts.month
    following = [
        facts.versions[position.version_id].effective_from
        for later, position in after
        if later.id == stay.id and facts.versions[position.version_id].code == version.code
    ]
    begins = [month.first, version.effective_from, stay.from_at.astimezone(month.zone).date()]
    ends = [month.after - timedelta(days=1), *(day - timedelta(days=1) for day in following[:1])]
    if stay.to_at is not None:
        ends.append((stay.to_at - timedelta(microseconds=1)).astimezone(month.zone).date())
    return max(begins), min(ends)


def _register(span: RegisterSpan, facts: MonthFacts) -> dict[str, Any]:
    usage = facts.usage.get(span.tenancy_id, {})
    energy_wh = sum(wh for (installation_id, _, _), wh in usage.items() if installation_id == span.installation_id)
    difference = span.difference_wh(span.first.total_wh, span.last.total_wh)
    return {
        "room": span.room,
        "meter": span.serial,
        "multiplier": span.multiplier,
        "from": _end(span.first),
        "to": _end(span.last),
        "rows": [[0, span.first.total_wh, span.last.total_wh, difference], *_rates(span, facts)],
        "share_wh": energy_wh - difference * span.multiplier,
        "energy_wh": energy_wh,
        "wrapped": span.is_wrapped,
    }


def _end(end: RegisterEnd) -> dict[str, Any]:
    gap = end.next_at - end.at if end.is_shared and end.next_at is not None else None
    return {
        "at": end.at,
        "next_at": end.next_at if gap is not None else None,
        "estimated": bool(gap and gap > LONG_GAP),
    }


def _rates(span: RegisterSpan, facts: MonthFacts) -> list[list[int]]:
    """Return a line for each rate register, where the price takes its bands from the meter."""
    sayings: set[tuple[Band, ...]] = set()
    for position in facts.positions.get(span.tenancy_id, ()):
        if position.month == facts.month.first:
            tariff = facts.versions[position.version_id].tariff
            sayings.add(tariff.meter_rates if tariff.band_source is BandSource.METER else ())
    bands = sayings.pop() if len(sayings) == 1 else ()
    return [
        [int(band), from_wh, to_wh, span.difference_wh(from_wh, to_wh)]
        for band, from_wh, to_wh in zip(bands, span.first.rates_wh, span.last.rates_wh, strict=False)
    ]


def _programmes(positions: Sequence[tuple[Stay, MonthPosition]], facts: MonthFacts) -> list[dict[str, Any]]:
    """Return the hours of each price version that has more than one band."""
    versions = {position.version_id: facts.versions[position.version_id] for _, position in positions}
    return [
        {
            "tariff": one.name, "code": one.code, "version": one.version, "days": one.tariff.to_json()["days"],
        }
        for one in versions.values()
        if len(one.tariff.bands) > 1
    ]  # fmt: skip
