"""The search in the top bar: rooms, names, pinyin, phone and meter numbers."""

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.console.guard import DeskRequest, is_part, requires
from prewatt.tenancy.queries import find_accounts

HITS = 10


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
