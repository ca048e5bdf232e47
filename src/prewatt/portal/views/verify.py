"""Whether a paper is one of ours: the page behind the code that every paper carries. Nobody signs in for it."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prewatt.access.errors import TooManyTries
from prewatt.access.throttle import Limit, counted_address, take_try
from prewatt.portal.door import public
from prewatt.reports import formats
from prewatt.reports.papers.words import TITLES, Both
from prewatt.usecases.verify_paper import verify_paper

LIMIT: Final = Limit("verify_paper", burst=30, every_s=2)
"""A queue of people at one address may look at their papers; nobody tries codes."""


@public("whoever holds a paper may ask whether it is ours, and has no login for it")
@never_cache
@require_safe
def verify(request: HttpRequest, public_id: UUID, check: str) -> HttpResponseBase:
    """This view will say of a paper whether it stands, is void, or is none of ours; nothing else about it."""
    try:
        take_try(limit=LIMIT, key=counted_address(str(request.META.get("REMOTE_ADDR", ""))))
    except TooManyTries:
        return render(request, "portal/verify.html", {"verdict": "later"}, status=429)
    found = verify_paper(public_id=public_id, check=check)
    if found is None:
        return render(request, "portal/verify.html", {"verdict": "unknown"}, status=404)
    context = {
        "verdict": "valid" if found.voided_at is None else "void",
        "paper": found,
        "kind": TITLES.get(found.kind, Both(found.kind, "")),
        "amount": formats.money(found.amount) if found.amount is not None else "",
        "issued": formats.stamp(found.issued_at, zone=found.zone),
        "voided": formats.stamp(found.voided_at, zone=found.zone) if found.voided_at else "",
    }
    return render(request, "portal/verify.html", context)
