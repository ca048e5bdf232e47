"""The demo's letter box: where a visitor finds the codes and invitations that would else go to a phone."""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prewatt.notices.queries import list_open_letterbox
from prewatt.portal.door import public


@public("the demo's own: elsewhere there is no such page")
@never_cache
@require_safe
def letterbox(request: HttpRequest) -> HttpResponseBase:
    """This view will show the newest letters to anybody, in the demo alone."""
    if not settings.LETTERBOX:
        raise Http404
    return render(request, "portal/letterbox.html", {"letters": list_open_letterbox()})
