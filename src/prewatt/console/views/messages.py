"""How an account is told: seen by everybody who sees the account, changed by the desk for a tenant who asked."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from prewatt.access.permissions import Permission
from prewatt.console.forms import LANGUAGES, MessagesForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.labels import label
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.notices.texts import language_of
from prewatt.notices.values import DeskWishes, Wishes
from prewatt.notices.ways import ways_in_order
from prewatt.reports import formats
from prewatt.supply.queries import PolicyView, get_policy
from prewatt.tenancy.queries import get_account
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.keep_preference import keep_preference_at_desk, see_preference


@requires(Permission.NOTICES_TELL)
@require_http_methods(["GET", "HEAD", "POST"])
def message_settings(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show how an account is told, and keep it otherwise."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.NOTICES_TELL)
    policy, wishes = get_policy(site_id=facts.site_id), see_preference(account_id=facts.id)
    ways = ways_in_order(offered=policy.notice_channels, wished=())
    form = MessagesForm(
        request.POST or None, initial=_initial(facts, wishes), offered=(*ways, *wishes.channels)
    )  # fmt: skip
    for name, level in (("level_1", policy.level_1), ("level_2", policy.level_2)):
        form.fields[name].widget.attrs["placeholder"] = str(Money(level, facts.currency).to_decimal())
    if request.method == "POST" and form.is_valid():
        try:
            _keep(request, facts, form.cleaned_data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Kept. It holds from the next message on."))
            return redirect(f"{reverse('console:account', args=[facts.public_id])}?tab=notices#pw-tab")
    context = {
        "section": "rooms",
        "facts": facts,
        "form": form,
        "unit": formats.symbol(facts.currency),
        "ways": _ways(policy, ()),
    }
    return render(request, "console/messages.html", context, status=422 if form.errors else 200)


def told_by(facts: AccountFacts) -> list[tuple[str, str]]:
    """This function will say how an account is told, as names and values."""
    wishes, policy = see_preference(account_id=facts.id), get_policy(site_id=facts.site_id)
    said = [(_("Language of the messages"), dict(LANGUAGES)[language_of(facts.language)])]
    said.append((_("Ways to tell, in order"), _ways(policy, wishes.channels)))
    said.append((_("Warned at"), _levels(facts, wishes, policy)))
    if wishes.quiet_from is not None and wishes.quiet_to is not None:
        said.append((_("Quiet hours"), f"{wishes.quiet_from:%H:%M}–{wishes.quiet_to:%H:%M}"))
    if wishes.muted:
        said.append((_("Not wanted"), ", ".join(label("notice", kind) for kind in wishes.muted)))
    if wishes.second_name:
        reached = wishes.second_phone or wishes.second_mail
        said.append((_("A second person"), f"{wishes.second_name} {reached}".strip()))
    return said


def _ways(policy: PolicyView, wished: Sequence[str]) -> str:
    ways = ways_in_order(offered=policy.notice_channels, wished=wished)
    return ", ".join(label("notice_channel", way) for way in ways)


def _levels(facts: AccountFacts, wishes: Wishes, policy: PolicyView) -> str:
    levels = (
        policy.level_1 if facts.level_1 is None else facts.level_1,
        policy.level_2 if facts.level_2 is None else facts.level_2,
    )
    said = [formats.money(Money(level, facts.currency)) for level in levels]
    if wishes.warn_days is not None:
        said.append(ngettext("%(n)s day left", "%(n)s days left", wishes.warn_days) % {"n": wishes.warn_days})
    return " · ".join(said)


def _initial(facts: AccountFacts, wishes: Wishes) -> dict[str, Any]:
    def level(minor: int | None) -> str:
        return "" if minor is None else str(Money(minor, facts.currency).to_decimal())

    return {
        "language": language_of(facts.language), "channel": wishes.channels[0] if wishes.channels else "",
        "level_1": level(facts.level_1), "level_2": level(facts.level_2), "warn_days": wishes.warn_days,
        "quiet_from": wishes.quiet_from and f"{wishes.quiet_from:%H:%M}",
        "quiet_to": wishes.quiet_to and f"{wishes.quiet_to:%H:%M}", "muted": list(wishes.muted),
        "second_name": wishes.second_name, "second_phone": wishes.second_phone, "second_mail": wishes.second_mail,
    }  # fmt: skip


def _keep(request: DeskRequest, facts: AccountFacts, data: dict[str, Any]) -> None:
    def level(text: str) -> int | None:
        return Money.parse(text, facts.currency).minor if text else None

    wishes = Wishes(
        channels=(data["channel"],) if data["channel"] else (), muted=tuple(data["muted"]),
        quiet_from=data["quiet_from"], quiet_to=data["quiet_to"], warn_days=data["warn_days"],
        second_name=data["second_name"], second_phone=data["second_phone"], second_mail=data["second_mail"],
    )  # fmt: skip
    desk = DeskWishes(data["language"], level(data["level_1"]), level(data["level_2"]))
    keep_preference_at_desk(
        actor=actor_of(request), account_id=facts.id, wishes=wishes, desk=desk, reason=data["reason"]
    )
