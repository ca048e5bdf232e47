"""Issued papers: found by number, day or account; seen, printed, issued for a month, corrected."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import MonthForm, PapersForm, ReasonForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.labels import label
from prewatt.console.views.desk_money import ask, done
from prewatt.console.views.paper_runs import as_shown
from prewatt.kernel.errors import NotFound
from prewatt.kernel.ids import uuid7
from prewatt.ledger.values import DocumentValue
from prewatt.reports.papers import forms_of
from prewatt.tenancy.queries import get_account
from prewatt.usecases.issue_agreement import issue_agreement
from prewatt.usecases.issue_energy_report import issue_energy_report
from prewatt.usecases.issue_statement import issue_statement
from prewatt.usecases.print_document import draw_paper, file_name_of, print_paper, verify_address
from prewatt.usecases.see_documents import PapersWanted, list_closed_months, list_desk_documents, see_document
from prewatt.usecases.see_paper_runs import list_desk_runs

METHODS: Final = ["GET", "HEAD", "POST"]
PAGE: Final = 50
RUNS: Final = 5
OWN_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""A paper is ours from edge to edge: its pictures carry their styles, and nothing of it can ask for anything."""
ISSUERS: Final[Mapping[str, Callable[..., DocumentValue]]] = {
    "statement": issue_statement,
    "energy_report": issue_energy_report,
    "agreement": issue_agreement,
}


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def papers(request: DeskRequest) -> HttpResponseBase:
    """This view will list papers, the newest first, by number or account, kind and day."""
    form = PapersForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    before = request.GET.get("before", "")
    found = list_desk_documents(
        user=request.desk.user, site=request.desk.site, limit=PAGE,
        wanted=PapersWanted(
            text=data.get("q") or "", kinds=(data["kind"],) if data.get("kind") else (),
            from_day=data.get("from_day"), to_day=data.get("to_day"), before=before,
        ),
    )  # fmt: skip
    query = urlencode({key: value for key, value in request.GET.items() if key != "before"})
    may_issue = Permission.PAPERS_ISSUE in request.desk.permissions
    runs = list_desk_runs(user=request.desk.user, site=request.desk.site) if may_issue else []
    context = {
        "section": "papers",
        "form": form,
        "papers": found,
        "query": query,
        "more": str(found[-1].public_id) if len(found) == PAGE else "",
        "runs": [as_shown(run) for run in runs[:RUNS]],
    }
    return render(request, "console/papers.html", context)


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def paper(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show a paper as it prints, with its forms; ``?form=`` chooses one."""
    document = see_document(user=request.desk.user, public_id=public_id)
    forms = forms_of(document.kind)
    wanted = request.GET.get("form", "")
    chosen = next((one for one in forms if one.code == wanted), forms[0])
    pages = draw_paper(document=document, form=chosen.code)
    context = {
        "section": "papers",
        "document": document,
        "kind": label("document", document.kind),
        "forms": forms,
        "chosen": chosen,
        "pages": range(1, len(pages) + 1),
        "account_public_id": document.content.get("account_public_id"),
        "customer": document.content.get("customer", ""),
        "verify": verify_address(document),
        "may_correct": document.voided_at is None and document.kind in ISSUERS,
    }
    return render(request, "console/paper.html", context)


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def paper_pdf(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will hand a paper out as PDF: the same bytes each time. ``?form=`` chooses, ``?save=1`` saves it."""
    document = see_document(user=request.desk.user, public_id=public_id)
    data = print_paper(actor=actor_of(request), document=document, form=request.GET.get("form", ""))
    answer = HttpResponse(data, content_type="application/pdf")
    way = "attachment" if request.GET.get("save") else "inline"
    answer.headers["Content-Disposition"] = f'{way}; filename="{file_name_of(number=document.number_text)}"'
    answer.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def paper_page(request: DeskRequest, public_id: UUID, page: int) -> HttpResponseBase:
    """This view will draw one page of a paper, for the screen."""
    document = see_document(user=request.desk.user, public_id=public_id)
    pages = draw_paper(document=document, form=request.GET.get("form", ""))
    if not 1 <= page <= len(pages):
        raise NotFound("The paper has no such page.")
    answer = HttpResponse(pages[page - 1], content_type="image/svg+xml")
    answer.headers["Content-Security-Policy"] = OWN_POLICY
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@requires(Permission.PAPERS_ISSUE)
@require_http_methods(METHODS)
def issue(request: DeskRequest, public_id: UUID, kind: str) -> HttpResponseBase:
    """This view will issue an account's paper: of a month that is closed, or its agreement as things stand."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.PAPERS_ISSUE)
    if kind not in ISSUERS:
        raise NotFound("There is no such paper.")
    months = list_closed_months(site_id=facts.site_id)
    form = (
        ReasonForm(request.POST or None, initial={"token": uuid7(), "reason": _("move-in")})
        if kind == "agreement"
        else MonthForm(request.POST or None, months=months)
    )

    def act(data: dict[str, Any]) -> HttpResponseBase:
        more: dict[str, Any] = (
            {"reason": data["reason"]} if kind == "agreement" else {"month": date.fromisoformat(data["month"])}
        )
        issued = ISSUERS[kind](actor=actor_of(request), account_id=facts.id, **more)
        said = _("%(number)s is issued.") % {"number": issued.number_text}
        return done(request, reverse("console:paper", args=[issued.public_id]), said)

    has_none = kind != "agreement" and not months
    said = {
        "title": label("document", kind),
        "facts": [(_("Customer"), facts.customer_name), (_("Room"), facts.rooms or facts.number)],
        "warning": _("No month is closed yet: every day of a month must be sealed first.") if has_none else "",
        "button": "" if has_none else _("Issue"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.PAPERS_ISSUE)
@require_http_methods(METHODS)
def correct(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will issue a paper anew when the facts say something else now; the old one becomes void."""
    document = see_document(user=request.desk.user, public_id=public_id, permission=Permission.PAPERS_ISSUE)
    if document.kind not in ISSUERS or document.voided_at is not None:
        raise NotFound("This paper is not corrected.", hint="Receipts are reversed; a void paper stays as it is.")
    account = UUID(document.content["account_public_id"])
    facts = get_account(user=request.desk.user, public_id=account, permission=Permission.PAPERS_ISSUE)
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        more: dict[str, Any] = {}
        if document.kind != "agreement":
            more["month"] = date.fromisoformat(f"{document.content['month']}-01")
        fresh = ISSUERS[document.kind](
            actor=actor_of(request), account_id=facts.id, correcting=True, reason=data["reason"], **more
        )
        same = fresh.public_id == document.public_id
        said = _("The facts still say the same: the paper stands.") if same else _("Issued anew; the old one is void.")
        return done(request, reverse("console:paper", args=[fresh.public_id]), said)

    said = {
        "title": _("Correct %(number)s") % {"number": document.number_text},
        "facts": [(_("Customer"), facts.customer_name)],
        "warning": _("The paper is made anew from today's facts. When they differ, this one becomes void for good."),
        "button": _("Issue anew"),
        "danger": False,
    }
    return ask(request, form, act, said)
