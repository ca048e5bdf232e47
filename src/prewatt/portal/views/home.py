"""Home: is the power on, how long does the money last, one button."""

from typing import Any, Final

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prewatt.kernel.clock import estate_now
from prewatt.portal.charts import draw
from prewatt.portal.door import TenantRequest, tenant
from prewatt.usecases.see_hours import see_hour_usage
from prewatt.usecases.see_plan import PlanView, see_plan
from prewatt.usecases.see_portal_home import PortalHome, see_portal_home
from prewatt.usecases.see_portal_use import see_days

SPAN_DAYS: Final = 14
SPAN_UNITS: Final = 320


@tenant()
@require_safe
def home(request: TenantRequest) -> HttpResponseBase:
    """This view will show the account's supply, its money and its use of today."""
    return render(request, "portal/home.html", _context(request))


@tenant()
@require_safe
def home_part(request: TenantRequest) -> HttpResponseBase:
    """This view will show the part of the page that changes, for a page that is open."""
    return render(request, "portal/parts/home.html", _context(request))


def _context(request: TenantRequest) -> dict[str, Any]:
    now = estate_now()
    seen = see_portal_home(share=request.share, site=request.site_view, now=now)
    local = now.astimezone(request.site_view.zone)
    hours = see_hour_usage(account_id=request.share.account_id, site=request.site_view, now=now, hours=local.hour + 1)
    plan = see_plan(account_id=request.share.account_id, zone=request.site_view.zone, now=now)
    today = see_days(account_id=request.share.account_id, site=request.site_view, now=now, days=1)
    bands = {band: [wh or 0 for wh in values] for band, values in hours.bands.items()}
    chart = draw(
        labels=[_("%(hour)s h") % {"hour": hour} for hour in range(24)], bands=bands, every=6, now=local.hour + 1
    )
    return {
        "place": "home", "seen": seen, "facts": seen.facts, "chart": chart if bands else None, "today": today,
        "span": _span(seen), "now": now, "plan": plan, "bar": _bar(plan),
    }  # fmt: skip


def _span(seen: PortalHome) -> dict[str, int] | None:
    """Return how far the money reaches within two weeks, in units of the picture: surely, probably, perhaps."""
    left = seen.left
    if left is None:
        return None
    whole = 24 if left.in_hours else SPAN_DAYS

    def units(count: int) -> int:
        return min(SPAN_UNITS, SPAN_UNITS * count // whole)

    sure, likely = units(left.at_least), units(left.expected)
    perhaps = SPAN_UNITS if left.at_most is None else units(left.at_most)
    return {"sure": sure, "likely": likely, "perhaps": max(perhaps, sure), "whole": whole}


def _bar(plan: PlanView | None) -> dict[str, int] | None:
    """Return how much of this month's estimate is used, and of its days is over, in units of the picture."""
    if plan is None or plan.running is None:
        return None
    used, time = plan.running.used_percent, plan.running.time_percent
    return {"used": SPAN_UNITS * used // 100, "time": min(SPAN_UNITS * time // 100, SPAN_UNITS - 3)}
