"""Help: my power is off, a reading looks wrong, money back, moving out; and what became of it."""

from typing import Final

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotFound, Refused
from prewatt.portal.door import TenantRequest, actor_of, tenant
from prewatt.portal.forms import WishForm
from prewatt.portal.words import WISHES
from prewatt.usecases.ask_desk import ask_desk, see_wishes
from prewatt.usecases.see_portal_home import see_portal_home

METHODS: Final = ["GET", "HEAD", "POST"]


@tenant()
@require_safe
def help_page(request: TenantRequest) -> HttpResponseBase:
    """This view will list what can be asked, and what became of what was asked before."""
    asked = [
        (WISHES[wish], opened_at, closed_at, note)
        for wish, opened_at, closed_at, note in see_wishes(share=request.share)
    ]
    context = {"place": "help", "wishes": WISHES, "asked": asked, "site": request.site_view}
    return render(request, "portal/help.html", context)


@tenant()
@require_safe
def power(request: TenantRequest) -> HttpResponseBase:
    """This view will say why the power may be off, from what meter, line and money say, and what to do."""
    seen = see_portal_home(share=request.share, site=request.site_view, now=estate_now())
    context = {"place": "help", "seen": seen, "facts": seen.facts, "site": request.site_view}
    return render(request, "portal/power.html", context)


@tenant("payer")
@require_http_methods(METHODS)
def ask(request: TenantRequest, wish: str) -> HttpResponseBase:
    """This view will put a wish before the service desk."""
    word = WISHES.get(wish)
    if word is None:
        raise NotFound("There is nothing under this address.")
    form = WishForm(request.POST or None, needs_text=wish == "dispute")
    if request.method == "POST" and form.is_valid():
        try:
            ask_desk(actor=actor_of(request), share=request.share, wish=wish, text=form.cleaned_data["text"])
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The service desk has it. You see here what becomes of it."))
            return redirect("portal:help", public_id=request.share.public_id)
    context = {"place": "help", "form": form, "word": word, "wish": wish}
    return render(request, "portal/ask.html", context, status=422 if form.errors else 200)
