"""Runs of papers: asked for, claimed by lease, worked off in batches, ended. Writes stand inside a unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Count, Q

from prewatt.access.audit import require_unit_of_work
from prewatt.reports.models import PaperItem, PaperRun, RunState

LEASE_S: Final = 60
TRIES_MAX: Final = 5
OPEN: Final = (RunState.WAITING, RunState.RUNNING)
INSERT_AT_ONCE: Final = 1_000
_ERROR_CHARS: Final = 300
_CLAIM: Final = """
WITH due AS MATERIALIZED (
    SELECT id FROM reports_paperrun
    WHERE state IN ('waiting', 'running') AND (leased_until IS NULL OR leased_until <= %(now)s)
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE reports_paperrun run SET state = 'running', lease = %(lease)s, leased_until = %(until)s, tries = run.tries + 1,
       started_at = coalesce(run.started_at, %(now)s)
FROM due WHERE run.id = due.id
RETURNING run.id, run.public_id, run.site_id, run.kind, run.month, run.tries
"""


class LeaseLost(RuntimeError):
    """Somebody else works on the run: whatever is under way here is theirs to do."""


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that is ours until its lease ends."""

    id: int
    public_id: UUID
    site_id: int
    kind: str
    month: date
    tries: int
    lease: UUID


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as its page shows it. Times are machine time."""

    id: int
    public_id: UUID
    site_id: int
    kind: str
    month: date
    building: str
    building_id: int | None
    state: str
    total: int
    done: int
    failed: int
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str

    @property
    def is_open(self) -> bool:
        """This property will tell whether the run is still to be worked on."""
        return self.state in OPEN


def open_run(
    *,
    site_id: int,
    building_id: int | None,
    kind: str,
    month: date,
    items: Sequence[tuple[int, str]],
    now: datetime,
) -> tuple[UUID, bool]:
    """This function will write a run with its accounts and labels down, or find the same one that is still open.

    It returns the run's public id and whether this call made it. ``now`` is machine time.
    """
    work = require_unit_of_work()
    run, created = PaperRun.objects.get_or_create(
        site_id=site_id, building_id=building_id, kind=kind, month=month, state__in=OPEN,
        defaults={"state": RunState.WAITING, "total": len(items), "asked_by": work.actor.user, "asked_at": now},
    )  # fmt: skip
    if created:
        PaperItem.objects.bulk_create(
            [PaperItem(run=run, account_id=account_id, label=label[:120]) for account_id, label in items],
            INSERT_AT_ONCE,
        )
    return run.public_id, created


def has_open_runs(*, now: datetime) -> bool:
    """This function will tell whether a run waits for somebody. ``now`` is machine time."""
    return PaperRun.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), state__in=OPEN).exists()


def claim_run(*, now: datetime) -> ClaimedRun | None:
    """This function will claim the oldest run that nobody works on, for a minute of machine time."""
    require_unit_of_work()
    lease = uuid4()
    wanted: dict[str, Any] = {"lease": lease, "now": now, "until": now + timedelta(seconds=LEASE_S)}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, wanted)
        row = cursor.fetchone()
    if row is None:
        return None
    run_id, public_id, site_id, kind, month, tries = row
    return ClaimedRun(run_id, public_id, site_id, kind, month, tries, lease)


def list_open_items(*, run_id: int, after_id: int, limit: int) -> list[tuple[int, int]]:
    """This function will return the next items of a run without paper, as (item, account), in their order."""
    rows = PaperItem.objects.filter(run=run_id, document=None, error="", pk__gt=after_id)
    return list(rows.order_by("pk").values_list("pk", "account_id")[:limit])


def finish_items(*, run: ClaimedRun, documents: Mapping[int, int], errors: Mapping[int, str], now: datetime) -> None:
    """This function will write down which papers are made and which cannot be, and renew the lease.

    Raises LeaseLost.
    """
    require_unit_of_work()
    _hold(run, leased_until=now + timedelta(seconds=LEASE_S), tries=1)
    made = [PaperItem(pk=item_id, document_id=document_id) for item_id, document_id in documents.items()]
    failed = [PaperItem(pk=item_id, error=error[:_ERROR_CHARS]) for item_id, error in errors.items()]
    PaperItem.objects.bulk_update(made, ["document"], INSERT_AT_ONCE)
    PaperItem.objects.bulk_update(failed, ["error"], INSERT_AT_ONCE)


def end_run(*, run: ClaimedRun, error: str, now: datetime) -> None:
    """This function will end a run: done, or failed with an error. Raises LeaseLost."""
    require_unit_of_work()
    state = RunState.FAILED if error else RunState.DONE
    _hold(run, state=state, error=error[:_ERROR_CHARS], finished_at=now, lease=None, leased_until=None)


def release_run(*, run: ClaimedRun) -> None:
    """This function will give a run back, for whoever looks next. Raises LeaseLost."""
    require_unit_of_work()
    _hold(run, lease=None, leased_until=None)


def find_run(*, public_id: UUID) -> RunView | None:
    """This function will return a run. Who may see it is asked after."""
    found = _views(PaperRun.objects.filter(public_id=public_id))
    return found[0] if found else None


def list_runs(*, site_id: int, limit: int = 20) -> list[RunView]:
    """This function will list a site's runs, the newest first."""
    return _views(PaperRun.objects.filter(site=site_id).order_by("-pk")[:limit])


def list_run_documents(*, run_id: int) -> list[tuple[int, str]]:
    """This function will return the papers of a run in their order, as row number of the document and label."""
    rows = PaperItem.objects.filter(run=run_id, document__isnull=False).order_by("pk")
    return [(document_id, label) for document_id, label in rows.values_list("document_id", "label") if document_id]


def list_run_errors(*, run_id: int, limit: int = 50) -> list[tuple[str, str]]:
    """This function will return the accounts of a run that have no paper, as label and why."""
    rows = PaperItem.objects.filter(run=run_id).exclude(error="").order_by("pk")
    return list(rows.values_list("label", "error")[:limit])


def _hold(run: ClaimedRun, **changes: Any) -> None:
    """Change a run while the lease is ours."""
    if PaperRun.objects.filter(pk=run.id, lease=run.lease, state=RunState.RUNNING).update(**changes) != 1:
        raise LeaseLost(f"run {run.public_id} was taken over")


def _views(rows: Any) -> list[RunView]:
    runs = list(rows.select_related("building", "asked_by"))
    counts = {
        row["run"]: (row["made"], row["failed"])
        for row in PaperItem.objects.filter(run__in=[one.pk for one in runs])
        .values("run")
        .annotate(made=Count("document"), failed=Count("pk", filter=~Q(error="")))
    }
    return [
        RunView(
            run.pk, run.public_id, run.site_id, run.kind, run.month, run.building.code if run.building else "",
            run.building_id, run.state, run.total, *counts.get(run.pk, (0, 0)),
            str(run.asked_by) if run.asked_by is not None else "", run.asked_at, run.started_at, run.finished_at,
            run.error,
        )
        for run in runs
    ]  # fmt: skip
