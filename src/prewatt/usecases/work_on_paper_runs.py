"""Working a run of papers off: facts of the next batch are gathered while the one before is being laid out.

Every step may be done again: a paper is in force once and kept once. Who dies in the middle leaves a lease that ends.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import structlog

from prewatt.access.audit import Actor
from prewatt.access.notify import touch
from prewatt.estate.models import Site
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import Refused, Unable
from prewatt.ledger.queries import find_printed
from prewatt.ledger.services import keep_files
from prewatt.ledger.values import DocumentValue
from prewatt.reports.papers.forms import A4
from prewatt.reports.runs import (
    TRIES_MAX,
    ClaimedRun,
    LeaseLost,
    claim_run,
    end_run,
    finish_items,
    has_open_runs,
    list_open_items,
    release_run,
)
from prewatt.usecases.issue_energy_report import issue_energy_reports
from prewatt.usecases.issue_statement import issue_statements, month_of
from prewatt.usecases.print_document import render_paper
from prewatt.usecases.work import unit_of_work

PRINTERS: Final = 2
"""Laying out lets go of the interpreter's lock: two threads keep two cores at work."""
BATCH: Final = 100
BATCH_FIRST: Final = 16
"""The first batch is small, so that the printers have something to do soon."""

_ISSUERS: Final = {"statement": issue_statements, "energy_report": issue_energy_reports}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A paper of a run on its way: printed before, or being laid out."""

    item_id: int
    document: DocumentValue
    printing: Future[bytes] | None


def work_on_paper_runs(*, actor: Actor, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """This function will work the oldest open run off, and return how many papers it made.

    When it is told to stop it drops what is being printed, which the next one prints again, and gives the run back.
    """
    if not has_open_runs(now=machine_now()):
        return 0
    with unit_of_work(actor=actor, verb="claim_paper_run"):
        run = claim_run(now=machine_now())
    if run is None:
        return 0
    if run.tries > TRIES_MAX:
        _end(actor, run, error=f"It was begun {TRIES_MAX} times and made nothing: the worker's log says why.")
        return 0
    try:
        return _work(actor, run, is_stopping)
    except LeaseLost:
        _log.warning("a run of papers was taken over", run=str(run.public_id))
    except Refused as refusal:
        _end(actor, run, error=str(refusal))
    return 0


def _work(actor: Actor, run: ClaimedRun, is_stopping: Callable[[], bool]) -> int:
    site = Site.objects.select_related("scope").get(pk=run.site_id)
    made, after_id, size = 0, 0, BATCH_FIRST
    printed: list[_Sheet] = []
    printers = ThreadPoolExecutor(PRINTERS, thread_name_prefix="printer")
    try:
        while not is_stopping():
            items = list_open_items(run_id=run.id, after_id=after_id, limit=size)
            sheets = _begin(actor, site, run, items, printers)
            made += _keep(actor, run, printed)
            if not sheets:
                _end(actor, run, error="")
                return made
            printed, after_id, size = sheets, items[-1][0], BATCH
    finally:
        printers.shutdown(wait=False, cancel_futures=True)
    with unit_of_work(actor=actor, verb="release_paper_run"):
        release_run(run=run)
    return made


def _begin(
    actor: Actor, site: Site, run: ClaimedRun, items: Sequence[tuple[int, int]], printers: ThreadPoolExecutor
) -> list[_Sheet]:
    """Issue the papers of a batch and let the printers begin with those that were never printed."""
    if not items:
        return []
    month = month_of(site=site, day=run.month)
    account_ids = [account_id for _, account_id in items]
    issued = _ISSUERS[run.kind](actor=actor, site=site, account_ids=account_ids, month=month)
    before = find_printed(document_ids=[one.id for one in issued], form=A4)
    return [
        _Sheet(
            item_id, document,
            None if document.id in before else printers.submit(render_paper, document=document, form=A4),
        )
        for (item_id, _), document in zip(items, issued, strict=True)
    ]  # fmt: skip


def _keep(actor: Actor, run: ClaimedRun, sheets: Sequence[_Sheet]) -> int:
    """Wait for the printers, and write down what they made."""
    if not sheets:
        return 0
    files: dict[int, bytes] = {}
    documents: dict[int, int] = {}
    errors: dict[int, str] = {}
    for sheet in sheets:
        try:
            if sheet.printing is not None:
                files[sheet.document.id] = sheet.printing.result()
        except Unable as error:
            _log.exception("a paper cannot be printed", number=sheet.document.number_text)
            errors[sheet.item_id] = str(error)
        else:
            documents[sheet.item_id] = sheet.document.id
    now = machine_now()
    with unit_of_work(actor=actor, verb="print_papers", subject=("run", str(run.public_id))):
        keep_files(form=A4, files=files, printed_at=now)
        finish_items(run=run, documents=documents, errors=errors, now=now)
        touch(site_id=run.site_id)
    return len(documents)


def _end(actor: Actor, run: ClaimedRun, *, error: str) -> None:
    with unit_of_work(actor=actor, verb="end_paper_run", subject=("run", str(run.public_id))):
        end_run(run=run, error=error, now=machine_now())
        touch(site_id=run.site_id)
