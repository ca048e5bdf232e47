"""Top-up: an amount in days, a way to pay, then four steps until the power is proven on."""

from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotFound, PrewattError
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.portal.door import PortalRequest, TenantRequest, actor_of, signed_in, tenant
from prewatt.portal.forms import TopUpForm
from prewatt.portal.presets import presets_of
from prewatt.reports.papers.qr import draw_qr
from prewatt.tenancy.queries import get_shared_account
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.see_order import OrderView, note_return, see_order
from prewatt.usecases.see_portal_home import see_portal_home
from prewatt.usecases.start_order import Payer, list_ways, start_order

DIGITS_MAX: Final = 9
METHODS: Final = ["GET", "HEAD", "POST"]
ON_PHONE: Final = ("wap", "h5", "checkout", "page", "qr")
ON_DESK: Final = ("page", "checkout", "qr", "wap", "h5")


@tenant("payer")
@require_http_methods(METHODS)
def top_up(request: TenantRequest) -> HttpResponseBase:
    """This view will offer amounts and ways to pay, and lead on to the provider."""
    seen = see_portal_home(share=request.share, site=request.site_view, now=estate_now())
    ways = list_ways(account_id=request.share.account_id)
    least = seen.to_pay.total if seen.to_pay else None
    presets = presets_of(facts=seen.facts, least=least)
    initial = {
        "token": uuid7(),
        "merchant": ways[0].public_id if ways else "",
        "amount": _wanted(request) or presets[1].text,
    }
    form = TopUpForm(request.POST or None, initial=initial, ways=ways)
    if request.method == "POST" and form.is_valid():
        answer = _start(request, form, seen.facts, ways)
        if answer is not None:
            return answer
    wanted = str(form["amount"].value() or "")
    context = {
        "place": "home", "seen": seen, "facts": seen.facts, "form": form, "presets": presets, "ways": ways,
        "chosen": wanted, "is_other": wanted not in {one.text for one in presets}, "least": least,
        "merchant": str(form["merchant"].value() or ""),
    }  # fmt: skip
    return render(request, "portal/top_up.html", context, status=422 if form.errors else 200)


def _start(request: TenantRequest, form: TopUpForm, facts: AccountFacts, ways: list[Any]) -> HttpResponseBase | None:
    data = form.cleaned_data
    choice = next((one for one in ways if str(one.public_id) == data["merchant"]), None)
    try:
        if choice is None:
            raise NotFound("This way to pay is not offered now.", hint="Choose another one.")
        order = start_order(
            actor=actor_of(request), user=request.visit.user, account_public_id=request.share.public_id,
            amount=Money.parse(data["amount"], facts.currency), merchant_public_id=choice.public_id,
            way=_way(request, choice.ways), token=str(data["token"]),
            return_url=reverse("portal:order", args=[UUID(int=0)]).replace(str(UUID(int=0)), "{order}") + "?back=1",
            language=get_language() or "zh-hans", payer=Payer(address=str(request.META.get("REMOTE_ADDR", ""))),
        )  # fmt: skip
    except PrewattError as error:
        form.refuse(error)
        return None
    # The content policy lets a form lead to our own pages alone; the order's page goes on to the provider.
    return redirect(f"{reverse('portal:order', args=[order.public_id])}?go=1")


@signed_in
@require_safe
def order(request: PortalRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show how far an order has come. What a provider's redirect says is not read: it may be forged."""
    if request.GET.get("back") == "1":
        note_return(actor=actor_of(request), user=request.visit.user, public_id=public_id)
        return redirect("portal:order", public_id=public_id)
    return render(request, "portal/order.html", _order_context(request, public_id))


@signed_in
@require_safe
def order_part(request: PortalRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show the steps of an order, for a page that is open."""
    return render(request, "portal/parts/order.html", _order_context(request, public_id))


def _order_context(request: PortalRequest, public_id: UUID) -> dict[str, Any]:
    seen = see_order(user=request.visit.user, public_id=public_id)
    share = get_shared_account(user=request.visit.user, public_id=seen.account_public_id)  # the desk has its own page
    started = dict(seen.started)
    is_waiting = seen.state in {"created", "pending"}
    return {
        "place": "home", "order": seen, "order_share": share, "started": started, "is_waiting": is_waiting,
        "qr": SafeString(draw_qr(str(started["url"]))) if is_waiting and started.get("kind") == "qr" else "",
        "steps": steps_of(seen),
    }  # fmt: skip


def steps_of(seen: OrderView) -> list[dict[str, Any]]:
    """This function will return the four steps: what each is called, its state (done, now, slow, wait), its time."""
    times = (seen.paid_at, seen.credited_at, seen.command_at, seen.proven_at)
    names = ("paid", "credited", "command", "power")
    is_on = seen.state == "credited" and not seen.needs_power
    steps, reached = [], True
    for name, at in zip(names, times, strict=True):
        done = at is not None or (is_on and name in {"command", "power"})
        state = "done" if done else ("slow" if seen.slow else "now") if reached and not seen.is_over else "wait"
        steps.append({"name": name, "at": at, "state": state, "skipped": done and at is None})
        reached = done
    return steps


def _wanted(request: TenantRequest) -> str:
    """Return the amount that the address names: what brings the power back, from the first page."""
    wanted = request.GET.get("amount", "")
    return wanted if wanted.isdecimal() and len(wanted) < DIGITS_MAX else ""


def _way(request: TenantRequest, ways: tuple[str, ...]) -> str:
    agent = request.headers.get("User-Agent", "")
    liked = ON_PHONE if "Mobi" in agent or "Android" in agent else ON_DESK
    return next((one for one in liked if one in ways), ways[0])
