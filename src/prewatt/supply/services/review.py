"""The one place where credit decides supply: facts of many accounts in, holds, wishes and decisions out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.cases.kinds import Kind
from prewatt.cases.services import open_case
from prewatt.supply.models import Relay, SupplyPolicy
from prewatt.supply.policy import LIMITS, Answer, CutsMade, NoticeProof, Reason, Verdict, decide, inputs_of
from prewatt.supply.services.decisions import DecisionRow, record_decisions
from prewatt.supply.services.holds import lift_credit_holds, place_credit_holds
from prewatt.supply.services.relays import apply_desired, ensure_relays
from prewatt.supply.standings import (
    PointRow,
    SiteNow,
    account_facts,
    cuts_made,
    list_point_rows,
    list_standings,
    proofs_or_none,
    sites_now,
)
from prewatt.supply.values import Outcome, ReviewResult, Standing

NO_CUTS = CutsMade()


@dataclass(frozen=True, slots=True)
class Judged:
    """A point with what the policy said of it, and on which inputs."""

    point: PointRow
    verdict: Verdict
    inputs: Mapping[str, object]

    @property
    def is_news(self) -> bool:
        """This property will tell whether the answer differs from what stands in the rows."""
        facts = self.point.facts
        match self.verdict.answer:
            case Answer.NOTHING:
                return False
            case Answer.SPARE:
                return facts.held or facts.shadow or self.verdict.reason != facts.withheld
            case Answer.CUT:
                return facts.mode == "live" or not facts.shadow
            case Answer.RESTORE:
                return True

    @property
    def is_shadow_cut(self) -> bool:
        """This property will tell whether the cut is only written down."""
        return self.verdict.answer is Answer.CUT and self.point.facts.mode != "live"


def review_accounts(
    *, account_ids: Collection[int], now: datetime, proofs: Mapping[int, NoticeProof] | None = None
) -> ReviewResult:
    """This function will judge accounts whose rows the caller has locked, and change what must change.

    ``proofs`` are the last calls that arrived, by account: without one nobody is disconnected.
    """
    standings = list_standings(account_ids=account_ids, now=now)
    return review_standings(standings=standings, now=now, proofs=proofs)


def review_standings(
    *, standings: Sequence[Standing], now: datetime, proofs: Mapping[int, NoticeProof] | None = None
) -> ReviewResult:
    """This function will do as ``review_accounts``, from standings that were read under the lock."""
    require_unit_of_work()
    judged = judge(standings=standings, now=now, proofs=proofs)
    if any(one.verdict.answer is Answer.CUT and not one.is_shadow_cut for one in judged):
        _lock_policies({one.point.site_id for one in judged})
        judged = judge(standings=standings, now=now, proofs=proofs, count_cuts=True)
    return _carry_out([one for one in judged if one.is_news], now=now)


def judge(
    *,
    standings: Sequence[Standing],
    now: datetime,
    proofs: Mapping[int, NoticeProof] | None = None,
    count_cuts: bool = False,
) -> list[Judged]:
    """This function will say what is to be done with each point of accounts that need a decision. It writes nothing.

    With ``count_cuts`` the limits of the site are held: each disconnection counts for the next.
    """
    due = {one.account_id: one for one in standings if one.available <= 0 or one.marked}
    if not due:
        return []
    rows = list_point_rows(account_ids=due, now=now)
    loading = {one.site_id for one in due.values() if one.loading}
    sites = sites_now(site_ids={row.site_id for row in rows}, loading=loading, now=now)
    cuts = {site_id: cuts_made(site=site, now=now) for site_id, site in sites.items()} if count_cuts else {}
    known = proofs_or_none(proofs)
    judged = []
    for row in rows:
        one = _judge_point(
            row, due[row.account_id], sites[row.site_id],
            cuts=cuts.get(row.site_id, NO_CUTS), proof=known.get(row.account_id), now=now,
        )  # fmt: skip
        if one.verdict.answer is Answer.CUT and not one.is_shadow_cut:
            made = cuts.get(row.site_id, NO_CUTS)
            cuts[row.site_id] = CutsMade(made.minute + 1, made.day + 1) if count_cuts else NO_CUTS
        judged.append(one)
    return judged


def _judge_point(
    row: PointRow, standing: Standing, site: SiteNow, *, cuts: CutsMade, proof: NoticeProof | None, now: datetime
) -> Judged:
    account = account_facts(standing, proof)
    verdict = decide(account=account, point=row.facts, site=site.rules, cuts=cuts, now=now)
    inputs = {} if verdict.answer is Answer.NOTHING else inputs_of(
        account=account, point=row.facts, site=site.rules, cuts=cuts
    )  # fmt: skip
    return Judged(row, verdict, inputs)


def _lock_policies(site_ids: set[int]) -> None:
    """Two reviews at once must not both use the last disconnection of the minute."""
    for site_id in sorted(site_ids):
        SupplyPolicy.objects.get_or_create(site_id=site_id)
    list(SupplyPolicy.objects.select_for_update(no_key=True).filter(site__in=site_ids).order_by("pk").values("pk"))


def _carry_out(news: Sequence[Judged], *, now: datetime) -> ReviewResult:
    if not news:
        return ReviewResult()
    decisions = record_decisions(rows=[_decision(one) for one in news], now=now)
    cut = _accounts(one for one in news if one.verdict.answer is Answer.CUT and not one.is_shadow_cut)
    lifted = _accounts(one for one in news if one.point.facts.held)
    place_credit_holds(accounts_by_point=cut, now=now)
    lift_credit_holds(accounts_by_point=lifted, now=now)
    points = sorted({one.point.point_id for one in news})
    ensure_relays(point_ids=points, now=now)
    _mark(news, decisions)
    changed = apply_desired(point_ids=sorted({*cut, *lifted}), now=now, decisions=decisions)
    _stop_at_limit(news, now=now)
    touch(points=points, accounts={one.point.account_id for one in news})
    return ReviewResult(tuple(_outcome(one, decisions) for one in news), tuple(changed))


def _accounts(judged: Iterable[Judged]) -> dict[int, int]:
    return {one.point.point_id: one.point.account_id for one in judged}


def _decision(one: Judged) -> DecisionRow:
    return DecisionRow(
        one.point.point_id, one.point.account_id, one.point.facts.mode, str(one.verdict.answer),
        str(one.verdict.reason), one.inputs,
    )  # fmt: skip


def _outcome(one: Judged, decisions: Mapping[int, int]) -> Outcome:
    return Outcome(
        point_id=one.point.point_id,
        point_code=one.point.code,
        account_id=one.point.account_id,
        site_id=one.point.site_id,
        answer=str(one.verdict.answer),
        reason=str(one.verdict.reason),
        decision_id=decisions[one.point.point_id],
        shadow=one.point.facts.mode == "shadow",
    )


def _mark(news: Sequence[Judged], decisions: Mapping[int, int]) -> None:
    """Keep on the relay why a disconnection is withheld, so that the next review knows what is news."""
    for one in sorted(news, key=lambda each: each.point.point_id):
        withheld = str(one.verdict.reason) if one.verdict.answer is Answer.SPARE else ""
        Relay.objects.filter(pk=one.point.point_id).update(
            withheld=withheld, shadow=one.is_shadow_cut, decision_id=decisions[one.point.point_id]
        )


def _stop_at_limit(news: Sequence[Judged], *, now: datetime) -> None:
    """Above the limit all disconnections of the site stop until a person has looked."""
    for site_id in sorted({one.point.site_id for one in news if one.verdict.reason in LIMITS}):
        over = [one for one in news if one.point.site_id == site_id and one.verdict.reason in LIMITS]
        reason = "minute" if any(one.verdict.reason is Reason.LIMIT_MINUTE for one in over) else "day"
        policy = SupplyPolicy.objects.select_related("site__scope").get(pk=site_id)
        policy.stopped_at, policy.stopped_why = now, f"limit of a {reason}"
        policy.save(update_fields=["stopped_at", "stopped_why"])
        limit = policy.cuts_per_minute if reason == "minute" else policy.cuts_per_day
        open_case(
            scope=policy.site.scope, kind=Kind.CUT_LIMIT, subject_kind="site", subject_id=site_id,
            subject_label=policy.site.name, severity="urgent", now=now,
            detail={"limit": limit, "per": reason, "points": [one.point.code for one in over[:40]]},
        )  # fmt: skip
        touch(site_id=site_id, cases=True)
