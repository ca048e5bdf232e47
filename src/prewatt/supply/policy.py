"""Whether a metering point is disconnected for credit, spared, or reconnected. Pure, and in doubt: stay on.

The balance is the account's, the answer each point's: its line may be silent, its reading held back, it may be
protected.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final


class Answer(StrEnum):
    """What the policy says. ``NOTHING`` changes nothing and is not recorded."""

    NOTHING = "nothing"
    CUT = "cut"
    SPARE = "spare"
    RESTORE = "restore"


class Reason(StrEnum):
    """Why. The first two go with CUT and RESTORE, the next with RESTORE, the others with SPARE."""

    NO_CREDIT = "no_credit"
    IN_CREDIT = "in_credit"
    MOVED_OUT = "moved_out"
    OWN_USE = "own_use"
    ACCOUNT_CLOSED = "account_closed"
    OTHER_MEDIUM = "other_medium"
    MODE_OFF = "mode_off"
    NO_RELAY = "no_relay"
    PROTECTED = "protected"
    FROZEN = "frozen"
    STOPPED = "stopped"
    LOADING = "loading"
    READING_HELD = "reading_held"
    FRIENDLY_HOURS = "friendly_hours"
    FRIENDLY_DAY = "friendly_day"
    NO_NOTICE = "no_notice"
    NOTICE_TOO_FRESH = "notice_too_fresh"
    UNDER_WORK = "under_work"
    GATEWAY_LOST = "gateway_lost"
    METER_LOST = "meter_lost"
    LIMIT_MINUTE = "limit_minute"
    LIMIT_DAY = "limit_day"


LIMITS: Final = frozenset({Reason.LIMIT_MINUTE, Reason.LIMIT_DAY})


@dataclass(frozen=True, slots=True)
class NoticeProof:
    """The last call that arrived: which, how, when (estate time), and who says so."""

    notice_id: str
    channel: str
    delivered_at: datetime
    proof: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of the account. Amounts in minor units."""

    ledger_balance: int
    accrued: int
    allowed_credit: int
    min_reconnect_balance: int
    prepaid: bool = True
    open: bool = True
    proof: NoticeProof | None = None

    @property
    def available(self) -> int:
        """This property will be what may still be used up."""
        return self.ledger_balance - self.accrued + self.allowed_credit


@dataclass(frozen=True, slots=True)
class PointFacts:
    """What is known of one metering point of the account. ``mode`` is off, shadow or live."""

    mode: str
    is_tenant: bool = True
    is_electricity: bool = True
    has_relay: bool = True
    held: bool = False
    proven_off: bool = False
    command_out: bool = False
    protected: bool = False
    frozen: bool = False
    reading_held: bool = False
    under_work: bool = False
    gateway_lost: bool = False
    meter_lost: bool = False
    withheld: str = ""
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The site's rules, and what its calendar and clock say now."""

    local_time: time
    day_off: bool = False
    stopped: bool = False
    loading: bool = False
    friendly_from: time | None = None
    friendly_to: time | None = None
    friendly_weekends: bool = True
    last_call_s: int = 3600
    cuts_per_minute: int = 5
    cuts_per_day: int = 50


@dataclass(frozen=True, slots=True)
class CutsMade:
    """Disconnections of the site so far: in the last minute, and since local midnight."""

    minute: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer with its reason."""

    answer: Answer
    reason: Reason | None = None


_NOTHING: Final = Verdict(Answer.NOTHING)


def decide(*, account: AccountFacts, point: PointFacts, site: SiteRules, cuts: CutsMade, now: datetime) -> Verdict:
    """This function will decide one point's supply by the credit of its account.

    A point in arrears is cut, or spared with the first reason that forbids it. A cut that is not proven yet is judged
    again; a proven one ends when the minimum reconnect balance is there.
    """
    outside = _outside(account, point)
    if point.held:
        return _decide_held(account, point, site, outside, now)
    if outside is not None or account.available > 0:
        if point.withheld or point.shadow:
            return Verdict(Answer.RESTORE, outside or Reason.IN_CREDIT)
        return _NOTHING
    reason = _forbids(account, point, site, now) or _unhealthy(point) or _above_limit(point, site, cuts)
    return Verdict(Answer.SPARE, reason) if reason else Verdict(Answer.CUT, Reason.NO_CREDIT)


def is_friendly(site: SiteRules) -> Reason | None:
    """This function will return why the calendar forbids a disconnection now, or None."""
    if site.day_off and site.friendly_weekends:
        return Reason.FRIENDLY_DAY
    if site.friendly_from is None or site.friendly_to is None:
        return None
    if site.friendly_from < site.friendly_to:
        inside = site.friendly_from <= site.local_time < site.friendly_to
    else:  # over midnight; equal ends are the whole day
        inside = site.local_time >= site.friendly_from or site.local_time < site.friendly_to
    return Reason.FRIENDLY_HOURS if inside else None


def inputs_of(*, account: AccountFacts, point: PointFacts, site: SiteRules, cuts: CutsMade) -> dict[str, object]:
    """This function will return everything a decision looked at, as JSON can hold it."""
    facts: dict[str, object] = {"available": account.available}
    parts = {"account": asdict(account), "point": asdict(point), "site": asdict(site), "cuts": asdict(cuts)}
    return facts | {name: _plain(part) for name, part in parts.items()}


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            plain[name] = _plain(value)
        elif isinstance(value, datetime | time):
            plain[name] = value.isoformat()
        else:
            plain[name] = value
    return plain


def _outside(account: AccountFacts, point: PointFacts) -> Reason | None:
    """Why credit does not decide this point at all."""
    if not point.is_tenant:
        return Reason.MOVED_OUT
    if not account.prepaid:
        return Reason.OWN_USE
    if not account.open:
        return Reason.ACCOUNT_CLOSED
    if not point.is_electricity:
        return Reason.OTHER_MEDIUM
    if point.mode not in {"live", "shadow"}:
        return Reason.MODE_OFF
    return None


def _decide_held(
    account: AccountFacts, point: PointFacts, site: SiteRules, outside: Reason | None, now: datetime
) -> Verdict:
    if outside is not None or point.mode != "live":
        return Verdict(Answer.RESTORE, outside or Reason.MODE_OFF)
    if account.available >= max(account.min_reconnect_balance, 1):
        return Verdict(Answer.RESTORE, Reason.IN_CREDIT)
    if point.proven_off or point.command_out:
        return _NOTHING
    if account.available > 0:  # paid while the relay was still on: it was never off, so no minimum is asked
        return Verdict(Answer.RESTORE, Reason.IN_CREDIT)
    # A silent line cannot carry the command anyway; only rules about people end a cut that is not proven.
    reason = _forbids(account, point, site, now)
    return Verdict(Answer.SPARE, reason) if reason else _NOTHING


def _forbids(account: AccountFacts, point: PointFacts, site: SiteRules, now: datetime) -> Reason | None:
    standing = {
        Reason.NO_RELAY: not point.has_relay,
        Reason.PROTECTED: point.protected,
        Reason.FROZEN: point.frozen,
        Reason.STOPPED: site.stopped,
        Reason.LOADING: site.loading,
        Reason.READING_HELD: point.reading_held,
    }
    for reason, holds in standing.items():
        if holds:
            return reason
    return is_friendly(site) or _unproven(account, point, site, now)


def _unproven(account: AccountFacts, point: PointFacts, site: SiteRules, now: datetime) -> Reason | None:
    if point.mode != "live":  # a trial sends no notice, so it asks for none
        return None
    if account.proof is None:
        return Reason.NO_NOTICE
    if account.proof.delivered_at + timedelta(seconds=site.last_call_s) > now:
        return Reason.NOTICE_TOO_FRESH
    return None


def _unhealthy(point: PointFacts) -> Reason | None:
    if point.under_work:
        return Reason.UNDER_WORK
    if point.gateway_lost:
        return Reason.GATEWAY_LOST
    return Reason.METER_LOST if point.meter_lost else None


def _above_limit(point: PointFacts, site: SiteRules, cuts: CutsMade) -> Reason | None:
    if point.mode != "live":
        return None
    if cuts.minute >= site.cuts_per_minute:
        return Reason.LIMIT_MINUTE
    return Reason.LIMIT_DAY if cuts.day >= site.cuts_per_day else None
