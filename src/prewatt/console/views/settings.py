"""The site's rules, and the dated, signed step from one supply mode to another."""

from datetime import timedelta
from typing import Any, Final

from django.core import signing
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import SignForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.labels import LABELS, label
from prewatt.console.views.desk_money import ask, done
from prewatt.estate.queries import list_buildings
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.reports import formats
from prewatt.supply.queries import get_policy, list_mode_changes
from prewatt.supply.reasons import words_of
from prewatt.supply.values import PreviewRow
from prewatt.usecases.set_supply_mode import preview_supply_mode, set_supply_mode

PREVIEW_VALID_S: Final = 600
SALT: Final = "supply-mode-preview"


@requires(Permission.ESTATE_VIEW)
@require_safe
def settings_page(request: DeskRequest) -> HttpResponseBase:
    """This view will show the supply mode, who signed its steps, and the rules of the site."""
    context = {
        "section": "settings",
        "site": request.desk.site,
        "buildings": list_buildings(user=request.desk.user, site_id=request.desk.site.id),
        "changes": list_mode_changes(site_id=request.desk.site.id, limit=20),
        "modes": list(LABELS["mode"].items()),
        "rules": _rules(request),
    }
    return render(request, "console/settings.html", context)


@requires(Permission.SUPPLY_MODE)
@require_http_methods(["GET", "HEAD", "POST"])
def mode(request: DeskRequest) -> HttpResponseBase:
    """This view will show who would be disconnected at this moment, then take the signed step to another mode."""
    wanted = request.GET.get("mode", "")
    if wanted not in LABELS["mode"]:
        raise Refused("There is no such supply mode.", hint="Choose off, shadow or live.")
    building = _building(request)
    preview = preview_supply_mode(site_id=request.desk.site.id, building_id=building[0]) if wanted == "live" else []
    cuts = [row for row in preview if row.answer == "cut"]
    seen = signing.dumps([row.point_id for row in preview], salt=SALT)
    form = SignForm(request.POST or None, initial={"seen": seen}, expected=len(cuts) if wanted == "live" else None)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        set_supply_mode(
            actor=actor_of(request), site_id=request.desk.site.id, mode=wanted, statement=data["statement"],
            building_id=building[0], previewed=_seen(data["seen"]) if wanted == "live" else None,
        )  # fmt: skip
        return done(request, reverse("console:settings"), _("The supply mode is changed."))

    said = {
        "title": _("%(where)s: supply mode %(mode)s") % {"where": building[1], "mode": label("mode", wanted)},
        "aside": _("nothing has been done yet"),
        "rows": [_row(row) for row in preview],
        "icon": "bolt-off",
        "tone": "off",
        "warning": _warning(wanted, len(cuts)),
        "button": _("Sign and switch"),
        "danger": wanted == "live",
    }
    return ask(request, form, act, said)


def _rules(request: DeskRequest) -> list[tuple[str, str]]:
    policy = get_policy(site_id=request.desk.site.id)

    def amount(minor: int) -> str:
        return formats.money(Money(minor, request.desk.site.currency))

    hours = f"{policy.friendly_from}–{policy.friendly_to}" if policy.friendly_from else _("none")
    return [
        (_("Low balance, level 1"), amount(policy.level_1)),
        (_("Low balance, level 2"), amount(policy.level_2)),
        (_("Least balance to restore"), amount(policy.min_reconnect_balance)),
        (_("Cuts a minute, at most"), str(policy.cuts_per_minute)),
        (_("Cuts a day, at most"), str(policy.cuts_per_day)),
        (_("Friendly hours, no cuts"), hours),
        (_("No cuts on weekends and holidays"), _("yes") if policy.friendly_weekends else _("no")),
        (_("From last call to cut, at least"), formats.age(timedelta(seconds=policy.last_call_s))),
        (_("Ways to tell, in order"), ", ".join(label("notice_channel", way) for way in policy.notice_channels)),
    ]


def _building(request: DeskRequest) -> tuple[int | None, str]:
    wanted = request.GET.get("building", "")
    if not wanted:
        return None, request.desk.site.name
    for one in list_buildings(user=request.desk.user, site_id=request.desk.site.id, permission=Permission.SUPPLY_MODE):
        if str(one.public_id) == wanted:
            return one.id, one.code
    raise Refused("There is no such building, or it is not within your scope.")


def _row(row: PreviewRow) -> dict[str, Any]:
    return {
        "code": row.code, "name": row.account_number, "acts": row.answer == "cut",
        "word": _("would be cut") if row.answer == "cut" else str(words_of(row.reason)),
        "note": formats.money(Money(row.available, row.currency)),
    }  # fmt: skip


def _warning(wanted: str, cuts: int) -> str:
    if wanted == "live":
        said = ngettext("%(n)s room would be disconnected now.", "%(n)s rooms would be disconnected now.", cuts)
        return said % {"n": cuts} + " " + _("From this step on decisions are sent to the meters.")
    if wanted == "shadow":
        return _("Decisions are made and recorded, and nothing is sent. What was cut for credit comes back on.")
    return _("Meters are read and charged; nothing is decided. What was cut for credit comes back on.")


def _seen(text: str) -> list[int]:
    try:
        points: list[int] = signing.loads(text, salt=SALT, max_age=PREVIEW_VALID_S)
    except signing.BadSignature:
        raise Refused(
            "The list is older than ten minutes.", hint="Open the step again and read the new list."
        ) from None
    return points
