"""Opening and closing cases, and telling how far long work has come."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import Scope, User
from prewatt.access.notify import touch
from prewatt.cases.errors import NoteMissing, UnknownCase
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Case, Progress, Severity
from prewatt.kernel.clock import machine_now
from prewatt.kernel.ids import uuid7

_UPSERT = """
INSERT INTO cases_case (public_id, scope_id, kind, subject_kind, subject_id, subject_label, severity, detail,
                        opened_at, seen_at, hits, note)
VALUES (%(public_id)s, %(scope)s, %(kind)s, %(subject_kind)s, %(subject_id)s, %(label)s, %(severity)s, %(detail)s,
        %(now)s, %(now)s, 1, '')
ON CONFLICT (kind, subject_kind, subject_id) WHERE closed_at IS NULL
DO UPDATE SET hits = cases_case.hits + 1, seen_at = GREATEST(cases_case.seen_at, excluded.seen_at),
              severity = excluded.severity, detail = excluded.detail
RETURNING *, (xmax = 0) AS inserted
"""


def open_case(
    *,
    scope: Scope,
    kind: str,
    subject_kind: str,
    subject_id: str | int,
    severity: str,
    now: datetime,
    subject_label: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Case:
    """This function will open a case, or meet the open one of (kind, subject) again: one more hit, seen now.

    ``now`` is estate time; ``detail`` holds the facts of the sentence on the screen, as JSON.
    """
    require_unit_of_work()
    parameters = {
        "public_id": uuid7(), "scope": scope.pk, "kind": Kind(kind).value, "subject_kind": subject_kind,
        "subject_id": str(subject_id), "label": subject_label[:120], "severity": Severity(severity).value,
        "detail": json.dumps(dict(detail or {})), "now": now,
    }  # fmt: skip
    rows = list(Case.objects.raw(_UPSERT, parameters))
    case = rows[0]
    if case.hits == 1:
        touch(cases=True)
    return case


def close_case(*, kind: str, subject_kind: str, subject_id: str | int, now: datetime, note: str = "") -> bool:
    """This function will close the open case of (kind, subject), and say whether there was one."""
    require_unit_of_work()
    closed = Case.objects.filter(
        kind=Kind(kind).value, subject_kind=subject_kind, subject_id=str(subject_id), closed_at=None
    ).update(closed_at=now, note=note[:500])
    if closed:
        touch(cases=True)
    return closed == 1


def close_cases(*, kind: str, subject_kind: str, subject_ids: list[str], now: datetime, note: str = "") -> int:
    """This function will close the open cases of many subjects with one statement and return how many."""
    require_unit_of_work()
    closed = Case.objects.filter(
        kind=Kind(kind).value, subject_kind=subject_kind, subject_id__in=subject_ids, closed_at=None
    ).update(closed_at=now, note=note[:500])
    if closed:
        touch(cases=True)
    return closed


def claim_case(*, case_id: int, owner: User) -> None:
    """This function will make the login the owner of an open case. Raises UnknownCase."""
    require_unit_of_work()
    if Case.objects.filter(pk=case_id, closed_at=None).update(owner=owner) != 1:
        raise UnknownCase("The case is not open any more.")
    touch(cases=True)


def settle_case(*, case_id: int, note: str, now: datetime) -> None:
    """This function will close a case by hand, with a word that says why. Raises NoteMissing, UnknownCase."""
    require_unit_of_work()
    if not note.strip():
        raise NoteMissing("A case is closed with a word that says why.", hint="Write what you found and did.")
    if Case.objects.filter(pk=case_id, closed_at=None).update(closed_at=now, note=note.strip()[:500]) != 1:
        raise UnknownCase("The case is not open any more.")
    touch(cases=True)


def reopen_case(*, case_id: int) -> None:
    """This function will open a case again that was closed by mistake, as it was. Raises UnknownCase.

    One that was met again meanwhile is open anew already: it stays the only one.
    """
    require_unit_of_work()
    case = Case.objects.select_for_update().filter(pk=case_id).exclude(closed_at=None).first()
    if case is None:
        raise UnknownCase("The case is open.")
    twins = Case.objects.filter(kind=case.kind, subject_kind=case.subject_kind, subject_id=case.subject_id)
    if twins.filter(closed_at=None).exists():
        raise UnknownCase("It was met again meanwhile, and is open anew.")
    Case.objects.filter(pk=case_id).update(closed_at=None, note="")
    touch(cases=True)


def start_progress(*, scope: Scope, kind: str, total: int) -> None:
    """This function will begin to tell of a long piece of work; a second start of the kind begins anew."""
    require_unit_of_work()
    Progress.objects.update_or_create(
        scope=scope, kind=kind,
        defaults={"done": 0, "total": total, "started_at": machine_now(), "finished_at": None},
    )  # fmt: skip
    touch(cases=True)


def advance_progress(*, scope: Scope, kind: str, done: int) -> None:
    """This function will tell how many of the total are done; it never goes back."""
    require_unit_of_work()
    Progress.objects.filter(scope=scope, kind=kind, finished_at=None, done__lt=done).update(done=done)
    touch(cases=True)


def finish_progress(*, scope: Scope, kind: str) -> None:
    """This function will tell that the work is done."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_progress SET done = total, finished_at = %s WHERE scope_id = %s AND kind = %s",
            [machine_now(), scope.pk, kind],
        )
    touch(cases=True)
