"""The estate workbook at the desk: sent, looked at with everything that it would do, then signed and brought in.

Nothing is kept between looking and signing: the browser sends the file again, and the mark of what was looked at
says whether it is the same file and would still do the same.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.estate_form import WorkbookForm
from prewatt.console.files import XLSX, SheetResponse
from prewatt.console.guard import DeskRequest, actor_of, is_part, requires
from prewatt.console.labels import label
from prewatt.console.views.desk_money import done
from prewatt.estate.upkeep import Tally
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.reports.estate_reading import read_estate_data
from prewatt.reports.estate_sheet import EstateSheet
from prewatt.reports.estate_workbook import write_estate, write_template
from prewatt.usecases.bring_estate import Brought, bring_estate, take_out_estate

SEEN_VALID_S: Final = 1_800
SALT: Final = "estate-workbook-seen"


@requires(Permission.ESTATE_IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def estate(request: DeskRequest) -> HttpResponseBase:
    """This view will check a workbook and say all that it would do, and bring it in when somebody signs for that."""
    form = WorkbookForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"section": "settings", "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            sheet, brought = _bring(request, form.cleaned_data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            if brought.state == "imported":
                return done(request, reverse("console:estate"), _("The estate is brought in."))
            context |= _found(form.cleaned_data, sheet, brought)
    name = "console/parts/estate_found.html" if is_part(request) else "console/estate.html"
    is_bad = bool(form.errors) or "problems" in context
    return render(request, name, context, status=422 if is_bad else 200)


@requires(Permission.ESTATE_IMPORT)
@require_safe
def estate_template(request: DeskRequest) -> HttpResponseBase:  # noqa: ARG001 - the guard alone asks who it is for
    """This view will hand out an empty workbook with explanations in it."""
    with tempfile.TemporaryDirectory(prefix="prewatt-") as folder:
        path = Path(folder) / "template.xlsx"
        write_template(path=path)
        return SheetResponse(BytesIO(path.read_bytes()), filename="estate-template.xlsx", content_type=XLSX)


@requires(Permission.ESTATE_IMPORT)
@require_safe
def estate_export(request: DeskRequest) -> HttpResponseBase:
    """This view will hand out the site as a workbook, without meter passwords."""
    code = request.desk.site.code
    sheet = take_out_estate(actor=actor_of(request), permission=Permission.ESTATE_IMPORT, site_code=code)
    with tempfile.TemporaryDirectory(prefix="prewatt-") as folder:
        path = Path(folder) / "estate.xlsx"
        write_estate(path=path, sheet=sheet)
        return SheetResponse(BytesIO(path.read_bytes()), filename="estate.xlsx", content_type=XLSX)


def _bring(request: DeskRequest, data: Mapping[str, Any]) -> tuple[EstateSheet, Brought]:
    content: bytes = data["file"].read()
    is_signed = data["step"] == "bring"
    foreseen = _foreseen(data["seen"], content) if is_signed else None
    read = read_estate_data(data=content, now=estate_now())
    brought = bring_estate(
        actor=actor_of(request), permission=Permission.ESTATE_IMPORT, sheet=read.sheet, found=read.problems,
        reason=data["statement"], dry_run=not is_signed, key_file=settings.METER_KEY_FILE, foreseen=foreseen,
    )  # fmt: skip
    data["file"].seek(0)
    return read.sheet, brought


def _found(data: Mapping[str, Any], sheet: EstateSheet, brought: Brought) -> dict[str, Any]:
    """This function will put what a look at the workbook found into words for the page."""
    facts = {"sheet": sheet.site, "file_name": data["file"].name}
    if brought.problems:
        return facts | {"problems": brought.problems}
    amounts = [row.amount for row in sheet.opening_balances]
    currency = sheet.site.currency
    tallies = {kind: (one.created, one.updated, one.unchanged) for kind, one in brought.tallies.items()}
    digest = hashlib.sha256(data["file"].read()).hexdigest()
    return facts | {
        "rows": [(label("estate_kind", kind), one) for kind, one in brought.tallies.items()],
        "seen": signing.dumps([digest, tallies], salt=SALT),
        "changes": sum(one.created + one.updated for one in brought.tallies.values()),
        "balances": {
            "count": len(amounts),
            "owned": Money(sum(one for one in amounts if one > 0), currency),
            "owed": Money(sum(one for one in amounts if one < 0), currency),
            "total": Money(sum(amounts), currency),
            "signature": sheet.signature,
        },
    }


def _foreseen(seen: str, content: bytes) -> dict[str, Tally]:
    """This function will read from the mark what was agreed to. Raises Refused for another or an old workbook."""
    try:
        digest, tallies = signing.loads(seen, salt=SALT, max_age=SEEN_VALID_S)
    except signing.BadSignature:
        raise Refused(
            "It was checked more than half an hour ago, or not at all.", hint="Check the workbook, read, then sign."
        ) from None
    if digest != hashlib.sha256(content).hexdigest():
        raise Refused("This is another workbook than the one that was checked.", hint="Check it, read, then sign.")
    return {kind: Tally(*counts) for kind, counts in tallies.items()}
