"""The dated, signed step between reading only, shadow and live; and the preview that comes before it."""

from collections.abc import Sequence

from prewatt.access.audit import Actor
from prewatt.estate.models import SupplyMode
from prewatt.kernel.clock import estate_now
from prewatt.notices.queries import find_proofs
from prewatt.supply import services
from prewatt.supply.errors import NamedPersonNeeded, PreviewOutdated
from prewatt.supply.models import ModeChange
from prewatt.supply.queries import find_building, get_site, list_open_account_ids, list_standings, preview_live
from prewatt.supply.values import PreviewRow
from prewatt.usecases.review_due import review_all
from prewatt.usecases.work import unit_of_work


def preview_supply_mode(*, site_id: int, building_id: int | None = None) -> list[PreviewRow]:
    """This function will say who in arrears would be disconnected, were the site or building live at this moment."""
    now = estate_now()
    ids = list_open_account_ids(site_id=site_id)
    standings = list_standings(account_ids=ids, now=now)
    in_arrears = [one.account_id for one in standings if one.available <= 0]
    return preview_live(
        standings=standings, now=now, building_id=building_id, proofs=find_proofs(account_ids=in_arrears)
    )


def set_supply_mode(
    *,
    actor: Actor,
    site_id: int,
    mode: str,
    statement: str,
    building_id: int | None = None,
    previewed: Sequence[int] | None = None,
) -> ModeChange:
    """This function will change the supply mode of a site, or of one building, signed by a named person.

    ``previewed`` are the points of the preview that the person saw before going live. Away from live every credit hold
    ends and what we had disconnected comes back. Raises UnknownSite, NamedPersonNeeded, ReasonMissing, PreviewOutdated.
    """
    site, building = get_site(site_id=site_id), find_building(site_id=site_id, building_id=building_id)
    wanted = SupplyMode(mode)
    preview = preview_supply_mode(site_id=site_id, building_id=building_id) if wanted == SupplyMode.LIVE else []
    scope = building.scope if building is not None and building.scope is not None else site.scope
    with unit_of_work(
        actor=actor, verb="set_supply_mode", scope=scope, subject=("site", str(site.public_id)), reason=statement
    ) as work:
        if actor.user is None:
            raise NamedPersonNeeded("A change of supply mode is signed by a person.", hint="Sign in, then do it.")
        new = {row.point_id for row in preview} - set(previewed if previewed is not None else ())
        if previewed is not None and new:
            raise PreviewOutdated(
                "%(count)s more rooms are in arrears than you were shown.",
                hint="Look at the list again.",
                count=len(new),
            )
        change = services.change_mode(
            site=site, building=building, mode=wanted, statement=statement, signed_by=actor.user, now=work.now,
            would_disconnect=[
                {"point": row.code, "account": row.account_number, "available": row.available, "answer": row.answer,
                 "reason": row.reason}
                for row in preview
            ],
        )  # fmt: skip
    review_all(actor=actor, site_id=site_id)
    return change
