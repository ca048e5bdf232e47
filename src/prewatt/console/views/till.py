"""The till: find on the left, decide in the middle, see on the right what the tenant will hold."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.account_page import steps_of
from prewatt.console.forms import CHANNELS, TopUpForm
from prewatt.console.guard import DeskRequest, actor_of, is_part, requires, to_uuid
from prewatt.console.paper import paper_of
from prewatt.console.problems import sentence
from prewatt.console.topics import account_topic, room_topic
from prewatt.console.views.till_name import till_of
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money, minor_digits
from prewatt.payments.queries import list_payments
from prewatt.reports import formats
from prewatt.tenancy.queries import find_accounts, get_account
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.see_account import see_rooms
from prewatt.usecases.see_receipt import list_takings, see_receipt
from prewatt.usecases.see_top_up import TopUpPreview, preview_top_up
from prewatt.usecases.take_payment import take_payment

PRESETS: Final = (100, 200, 300, 500, 1_000)
HITS: Final = 8
TAKINGS: Final = 8
METHOD_KEYS: Final = {"cash": "C", "card": "K", "transfer": "B"}


@dataclass(frozen=True, slots=True)
class AmountKey:
    """A key of the till: an amount, what it means in days, its shortcut."""

    value: str
    amount: Money
    days: int | None
    key: str
    chosen: bool


@requires(Permission.MONEY_TAKE)
@require_http_methods(["GET", "HEAD", "POST"])
def till(request: DeskRequest) -> HttpResponseBase:
    """This view will show the till, and take a top-up. A form that is sent twice counts once: its token says so."""
    if request.method == "POST":
        return _take(request)
    context = _context(request)
    chosen, paid = request.GET.get("account"), request.GET.get("done")
    if chosen:
        facts = get_account(user=request.desk.user, public_id=to_uuid(chosen), permission=Permission.MONEY_TAKE)
        context |= _account(facts, form=_fresh(request, facts))
    elif paid:
        facts = get_account(
            user=request.desk.user, public_id=to_uuid(request.GET.get("for", "")), permission=Permission.MONEY_TAKE
        )
        context |= _done(facts) | {"paper": paper_of(see_receipt(user=request.desk.user, public_id=to_uuid(paid)))}
    return render(request, "console/till.html", context)


@requires(Permission.MONEY_TAKE)
@require_safe
def find(request: DeskRequest) -> HttpResponseBase:
    """This view will list accounts for what is typed into the till's search."""
    text = request.GET.get("q", "")
    return render(request, "console/parts/till_found.html", {"found": _found(request, text), "q": text})


@requires(Permission.MONEY_TAKE)
@require_safe
def preview(request: DeskRequest) -> HttpResponseBase:
    """This view will say what the typed amount does, and draw the receipt as it would be."""
    facts = get_account(
        user=request.desk.user, public_id=to_uuid(request.GET.get("account", "")), permission=Permission.MONEY_TAKE
    )
    return render(request, "console/parts/till_preview.html", _preview(request, facts, request.GET.get("amount", "")))


@requires(Permission.MONEY_TAKE)
@require_safe
def done_live(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show how far the power has come since the money was taken."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.MONEY_TAKE)
    return render(request, "console/parts/till_done.html", _done(facts))


def _take(request: DeskRequest) -> HttpResponseBase:
    form = TopUpForm(request.POST)
    facts = get_account(
        user=request.desk.user, public_id=to_uuid(request.POST.get("account", "")), permission=Permission.MONEY_TAKE
    )
    if form.is_valid():
        try:
            paid = take_payment(
                actor=actor_of(request), account_id=facts.id, channel=form.cleaned_data["channel"],
                till=till_of(request), amount=Money.parse(form.cleaned_data["amount"], facts.currency),
                token=str(form.cleaned_data["token"]),
            )  # fmt: skip
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(f"{reverse('console:till')}?done={paid.document_public_id}&for={facts.public_id}")
    context = _context(request) | _account(facts, form=form) | _preview(request, facts, request.POST.get("amount", ""))
    return render(request, "console/till.html", context, status=422)


def _context(request: DeskRequest) -> dict[str, Any]:
    text = request.GET.get("q", "")
    context: dict[str, Any] = {
        "section": "till",
        "till": till_of(request),
        "q": text,
        "found": _found(request, text),
        "takings": list_takings(user=request.desk.user, site_id=request.desk.site.id, limit=TAKINGS),
        "symbol": formats.symbol(request.desk.site.currency),
    }
    return context


def _found(request: DeskRequest, text: str) -> list[AccountFacts]:
    """This function will find who can pay: the operator's own use takes no money."""
    found = find_accounts(user=request.desk.user, text=text, limit=HITS, permission=Permission.MONEY_TAKE)
    return [one for one in found if one.payment_mode == "prepaid"]


def _account(facts: AccountFacts, *, form: TopUpForm) -> dict[str, Any]:
    scale = 10 ** minor_digits(facts.currency)
    chosen = form["amount"].value() or ""
    amounts = [Money(preset * scale, facts.currency) for preset in PRESETS]
    keys = [
        AmountKey(str(preset), amount, _days(facts, amount), str(place), chosen == str(preset))
        for place, (preset, amount) in enumerate(zip(PRESETS, amounts, strict=True), start=1)
    ]
    points = [point.point_id for point in facts.points if point.to_at is None]
    methods = [(code, name, METHOD_KEYS[code]) for code, name in CHANNELS]
    return {
        "facts": facts, "form": form, "keys": keys, "methods": methods, "rooms": see_rooms(point_ids=points),
        "chosen_method": form["channel"].value() or "cash",
        "is_other": bool(chosen) and not any(key.chosen for key in keys),
    }  # fmt: skip


def _days(facts: AccountFacts, amount: Money) -> int | None:
    if facts.daily_cost is None or facts.daily_cost.minor <= 0:
        return None
    return amount.minor // facts.daily_cost.minor


def _preview(request: DeskRequest, facts: AccountFacts, text: str) -> dict[str, Any]:
    preview: TopUpPreview | None = None
    problem = ""
    if text.strip():
        try:
            amount = Money.parse(text, facts.currency)
            preview = preview_top_up(facts=facts, amount=amount, now=estate_now()) if amount.minor > 0 else None
        except Refused as refusal:
            problem = sentence(refusal)
    return {
        "facts": facts, "preview": preview, "problem": problem, "site": request.desk.site, "now": estate_now(),
        "method": request.GET.get("channel", "cash"), "is_part": is_part(request),
    }  # fmt: skip


def _fresh(request: DeskRequest, facts: AccountFacts) -> TopUpForm:
    """Return an empty form. Until the account's next payment the same person gets the same token: two tabs are one."""
    last = list_payments(user=request.desk.user, account_id=facts.id, permission=Permission.MONEY_TAKE, limit=1)
    token = uuid5(facts.public_id, f"{request.desk.user.pk} after {last[0].public_id if last else 'nothing'}")
    return TopUpForm(initial={"account": facts.public_id, "token": token, "channel": "cash"})


def _done(facts: AccountFacts) -> dict[str, Any]:
    points = [point.point_id for point in facts.points if point.to_at is None]
    rooms = see_rooms(point_ids=points)
    topics = [account_topic(facts.id), *(room_topic(point) for point in points)]
    return {
        "facts": facts,
        "done_rooms": [(room, steps_of(room)) for room in rooms],
        "done_topics": " ".join(topics),
        "all_agree": all(room.truths.agree for room in rooms),
    }
