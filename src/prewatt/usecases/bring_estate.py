"""An estate workbook from outside: whether its bearer may bring it, what is wrong with it, and taking it over."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, ScopeKind
from prewatt.access.queries import is_permitted
from prewatt.estate.models import Site
from prewatt.estate.secrets import KEY_BYTES, MeterSafe
from prewatt.estate.upkeep import Tally
from prewatt.kernel.errors import NotPermitted
from prewatt.reports.estate_sheet import EstateSheet, Problem, SiteRow
from prewatt.usecases.export_estate import export_estate
from prewatt.usecases.import_estate import EstateRefused, foresee_estate, import_estate

PROBLEMS_MAX = 1_000
WORKBOOK_BYTES_MAX = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a workbook: ``checked`` and ``refused`` stored nothing; tallies of the first are foreseen."""

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
    foreseen: Mapping[str, Tally] | None = None,
) -> Brought:
    """This function will check a workbook, and take it over unless it is a dry run or has problems.

    Raises NotPermitted for a site or an organisation in which the login does not hold the permission, and EstateMoved
    when the import would do anything but what was ``foreseen``.
    """
    _require(actor=actor, permission=permission, site=sheet.site)
    has_passwords = any(row.password for row in sheet.meters)
    if dry_run:
        safe = _trial_safe(key_file) if has_passwords else None
        ahead = foresee_estate(actor=actor, sheet=sheet, safe=safe, found=found)
        state = "refused" if ahead.problems else "checked"
        return Brought(state, problems=ahead.problems[:PROBLEMS_MAX], tallies=ahead.tallies)
    safe = MeterSafe.open(key_file, create=True) if has_passwords else None
    try:
        result = import_estate(actor=actor, sheet=sheet, safe=safe, found=found, reason=reason, foreseen=foreseen)
    except EstateRefused as refused:
        return Brought("refused", problems=refused.problems[:PROBLEMS_MAX])
    return Brought("imported", result.site_public_id, tallies=result.tallies)


def take_out_estate(*, actor: Actor, permission: str, site_code: str) -> EstateSheet:
    """This function will return a site as a workbook holds it, without meter passwords. Raises NotPermitted."""
    sheet = export_estate(site_code=site_code)
    _require(actor=actor, permission=permission, site=sheet.site)
    return sheet


def _trial_safe(key_file: Path) -> MeterSafe:
    """This function will open the safe; where there is none yet, a look ahead makes none that stays."""
    return MeterSafe.open(key_file) if key_file.exists() else MeterSafe(secrets.token_bytes(KEY_BYTES))


def _require(*, actor: Actor, permission: str, site: SiteRow) -> None:
    """A known site is brought by who may in it; a new one by who may in its organisation, which must be there."""
    known = Site.objects.select_related("scope").filter(code=site.code).first()
    organisation = Scope.objects.filter(kind=ScopeKind.ORGANISATION, name=site.organisation).order_by("pk")
    scope = known.scope if known is not None else organisation.first()
    if actor.user is None or scope is None or not is_permitted(user=actor.user, permission=permission, scope=scope):
        raise NotPermitted(
            "This estate is not within your scope.", hint="Ask for the permission on its site or its organisation."
        )
