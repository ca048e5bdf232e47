"""The search in the top bar: rooms, names, pinyin, phone and meter numbers; and the palette, with pages and deeds."""

from contextlib import suppress
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.console import palette as offers
from prewatt.console.guard import DeskRequest, at_the_desk, is_part, requires, to_uuid
from prewatt.kernel.errors import NotFound
from prewatt.tenancy.queries import find_accounts, get_account

HITS = 10
TEXT_MAX = 80


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def search(request: DeskRequest) -> HttpResponseBase:
    """This view will list what was found; one hit opens at once where scripts are off."""
    text = request.GET.get("q", "")
    found = find_accounts(user=request.desk.user, text=text, limit=HITS)
    if is_part(request):
        return render(request, "console/parts/found.html", {"found": found, "q": text})
    if len(found) == 1:
        return redirect("console:account", found[0].public_id)
    return render(request, "console/search.html", {"found": found, "q": text})


@at_the_desk
@require_safe
def palette(request: DeskRequest) -> HttpResponseBase:
    """This view will list what the typed words may mean: the account in view, accounts that are found, pages."""
    text, held = request.GET.get("q", "")[:TEXT_MAX], request.desk.permissions
    context: dict[str, Any] = {"q": text, "pages": offers.pages(held=held, text=text), "deeds": [], "found": []}
    if Permission.ACCOUNT_VIEW in held:
        context["found"] = find_accounts(user=request.desk.user, text=text, limit=HITS)
        with suppress(NotFound):
            account = get_account(user=request.desk.user, public_id=to_uuid(request.GET.get("account", "")))
            context |= {"account": account, "deeds": offers.deeds(account=account, held=held, text=text)}
    return render(request, "console/parts/palette.html", context)
