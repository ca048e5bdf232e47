"""Money: every line with the balance after it, in words; receipts and statements; months ahead."""

from typing import Final
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from prewatt.kernel.clock import estate_now
from prewatt.portal.door import TenantRequest, actor_of, tenant
from prewatt.usecases.see_plan import see_plan
from prewatt.usecases.see_portal_money import print_own_paper, see_portal_money

DIGITS_MAX: Final = 12


@tenant()
@require_safe
def money(request: TenantRequest) -> HttpResponseBase:
    """This view will show the account's lines, the newest first; ``?before=`` pages on."""
    before = request.GET.get("before", "")
    seq = int(before) if before.isdecimal() and len(before) < DIGITS_MAX else None
    seen = see_portal_money(share=request.share, before_seq=seq)
    zone, account_id = request.site_view.zone, request.share.account_id
    context = {
        "place": "money",
        "seen": seen,
        "facts": seen.facts,
        "is_first": seq is None,
        "plan": see_plan(account_id=account_id, zone=zone, now=estate_now()) if seen.months else None,
    }
    return render(request, "portal/money.html", context)


@tenant()
@require_safe
def paper(request: TenantRequest, document_id: UUID) -> HttpResponseBase:
    """This view will hand out a paper of the account as PDF."""
    name, data = print_own_paper(actor=actor_of(request), share=request.share, document_public_id=document_id)
    disposition = content_disposition_header(as_attachment=request.GET.get("save") == "1", filename=name) or "inline"
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": disposition})
