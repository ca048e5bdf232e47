"""Use: one number, one chart, the bands that add up, where the month will end."""

from datetime import date
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prewatt.kernel.clock import estate_now
from prewatt.kernel.period import local_date, month_start
from prewatt.portal.charts import Chart, draw
from prewatt.portal.door import TenantRequest, tenant
from prewatt.usecases.see_hours import see_hour_usage
from prewatt.usecases.see_portal_use import Use, see_days, see_month, see_months

STRETCHES: Final = ("day", "week", "month", "thirty", "years")


@tenant()
@require_safe
def use(request: TenantRequest) -> HttpResponseBase:
    """This view will show a stretch of use; ``?stretch=week`` chooses it, ``?month=2026-10`` a month."""
    stretch = request.GET.get("stretch", "month")
    stretch = stretch if stretch in STRETCHES else "month"
    now, site, account_id = estate_now(), request.site_view, request.share.account_id
    this_month = month_start(local_date(now, site.zone))
    month = _month(request.GET.get("month", ""), this_month)
    if stretch == "years":
        seen = see_months(account_id=account_id, site=site)
    elif stretch == "month":
        seen = see_month(account_id=account_id, site=site, now=now, month=month)
    else:
        days = {"day": 1, "week": 7, "thirty": 30}[stretch]
        seen = see_days(account_id=account_id, site=site, now=now, days=days)
    context = {
        "place": "use", "seen": seen, "stretch": stretch, "stretches": _stretches(), "month": month, "now": now,
        "is_this_month": month == this_month, "chart": _chart(request, stretch, seen),
        "rows": _rows(stretch, seen), "by_band": sorted(seen.by_band, key=lambda one: -one.band),
    }  # fmt: skip
    return render(request, "portal/use.html", context)


def _stretches() -> list[tuple[str, str]]:
    return [
        ("day", _("Today")), ("week", _("7 days")), ("month", _("Month")), ("thirty", _("30 days")),
        ("years", _("3 years")),
    ]  # fmt: skip


def _chart(request: TenantRequest, stretch: str, seen: Use) -> Chart | None:
    if stretch == "day":
        now = estate_now()
        hour = now.astimezone(request.site_view.zone).hour
        hours = see_hour_usage(account_id=request.share.account_id, site=request.site_view, now=now, hours=hour + 1)
        bands = {band: [wh or 0 for wh in values] for band, values in hours.bands.items()}
        labels = [_("%(hour)s h") % {"hour": one} for one in range(24)]
        return draw(labels=labels, bands=bands, every=6, now=hour + 1) if bands else None
    if not seen.bands:
        return None
    if stretch == "years":
        return draw(
            labels=[f"{one:%y-%m}" for one in seen.labels], bands=seen.bands, every=max(1, len(seen.labels) // 4)
        )
    ahead = seen.forecast.days_wh if seen.forecast else ()
    labels = [str(one.day) for one in seen.labels]
    labels += [str(seen.labels[-1].day + one) for one in range(1, len(ahead) + 1)]
    return draw(labels=labels, bands=seen.bands, ahead=ahead, every=1 if stretch == "week" else 7)


def _rows(stretch: str, seen: Use) -> list[dict[str, Any]]:
    """Return the table behind the chart, the newest on top."""
    if stretch == "day":
        return []
    return [
        {
            "label": f"{one:%Y-%m}" if stretch == "years" else one,
            "wh": sum(values[place] for values in seen.bands.values()),
        }
        for place, one in reversed(list(enumerate(seen.labels)))
    ]  # fmt: skip


def _month(text: str, otherwise: date) -> date:
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return otherwise
    return min(month, otherwise)
