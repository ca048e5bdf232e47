"""An estate workbook from outside: whether its bearer may bring it, what is wrong with it, and taking it over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, ScopeKind
from prewatt.access.queries import is_permitted
from prewatt.estate.models import Site
from prewatt.estate.secrets import MeterSafe
from prewatt.estate.upkeep import Tally
from prewatt.kernel.errors import NotPermitted
from prewatt.reports.estate_sheet import EstateSheet, Problem
from prewatt.usecases.import_estate import EstateRefused, check_estate, import_estate

PROBLEMS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a workbook: ``checked`` and ``refused`` stored nothing."""

    state: str
    site_public_id: UUID | None = None
    problems: Sequence[Problem] = ()
    tallies: Mapping[str, Tally] = field(default_factory=dict)


def bring_estate(
    *,
    actor: Actor,
    permission: str,
    sheet: EstateSheet,
    found: Sequence[Problem],
    reason: str,
    dry_run: bool,
    key_file: Path,
) -> Brought:
    """This function will check a workbook, and take it over unless it is a dry run or has problems.

    Raises NotPermitted for a site or an organisation in which the login does not hold the permission.
    """
    _require(actor=actor, permission=permission, sheet=sheet)
    problems = check_estate(actor=actor, sheet=sheet, found=found)
    if problems or dry_run:
        return Brought("refused" if problems else "checked", problems=problems[:PROBLEMS_MAX])
    has_passwords = any(row.password for row in sheet.meters)
    safe = MeterSafe.open(key_file, create=True) if has_passwords else None
    try:
        result = import_estate(actor=actor, sheet=sheet, safe=safe, found=found, reason=reason)
    except EstateRefused as refused:
        return Brought("refused", problems=refused.problems[:PROBLEMS_MAX])
    return Brought("imported", result.site_public_id, tallies=result.tallies)


def _require(*, actor: Actor, permission: str, sheet: EstateSheet) -> None:
    """A known site is brought by who may in it; a new one by who may in its organisation, which must be there."""
    site = Site.objects.select_related("scope").filter(code=sheet.site.code).first()
    organisation = Scope.objects.filter(kind=ScopeKind.ORGANISATION, name=sheet.site.organisation).order_by("pk")
    scope = site.scope if site is not None else organisation.first()
    if actor.user is None or scope is None or not is_permitted(user=actor.user, permission=permission, scope=scope):
        raise NotPermitted(
            "This estate is not within your scope.", hint="Ask for the permission on its site or its organisation."
        )
