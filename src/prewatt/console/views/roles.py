"""The permission matrix: what each role may do, and roles of one's own made from it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prewatt.access.matrix import SUBJECTS, Right
from prewatt.access.permissions import Permission
from prewatt.access.roster import RoleRow, get_role, list_roles, list_scopes
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.people_forms import RoleForm, SafetyForm
from prewatt.console.problems import sentence
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.errors import NotFound, Refused
from prewatt.kernel.money import Money
from prewatt.usecases import manage_roles

METHODS: Final = ["GET", "HEAD", "POST"]


@dataclass(frozen=True, slots=True)
class Row:
    """A right with its tick in each role; of the column that is edited: ticked, and whether the editor may tick."""

    right: Right
    held: Sequence[bool]
    ticked: bool = False
    may_tick: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Rights about one subject."""

    label: Promise
    rows: Sequence[Row]


@requires(Permission.ADMIN_USERS)
@require_safe
def roles(request: DeskRequest) -> HttpResponseBase:
    """This view will show what each role may do."""
    found = list_roles(user=request.desk.user)
    context = {"section": "users", "roles": found, "parts": _matrix(found)}
    return render(request, "console/roles.html", context)


@requires(Permission.ADMIN_USERS)
@require_http_methods(METHODS)
def role_new(request: DeskRequest) -> HttpResponseBase:
    """This view will make a role of one's own; ``?from=`` names the role whose ticks it begins with."""
    reader = request.desk.user
    form = RoleForm(request.POST or None, scopes=list_scopes(user=reader))
    begin = request.GET.get("from", "")
    ticked = next((one.permissions for one in list_roles(user=reader) if one.code == begin), frozenset[str]())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            manage_roles.create_role(
                actor=actor_of(request), scope_id=data["scope_id"], name=data["name"], permissions=data["rights"]
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The role is made. Give it to people on their page."))
            return redirect("console:roles")
    return _editor(request, form, None, ticked & request.desk.permissions)


@requires(Permission.ADMIN_USERS)
@require_http_methods(METHODS)
def role(request: DeskRequest, code: str) -> HttpResponseBase:
    """This view will change what a role of one's own may do."""
    row = get_role(user=request.desk.user, code=code)
    if not row.may_change:
        raise NotFound("This role is not yours to change.", hint="Make one of your own from it.")
    first = {"name": row.name, "seen": ",".join(sorted(row.permissions))}
    form = RoleForm(request.POST or None, initial=first, scopes=None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            manage_roles.change_role(
                actor=actor_of(request), code=code, name=data["name"], permissions=data["rights"], seen=data["seen"]
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The role is changed, for everybody who holds it, from their next click on."))
            return redirect("console:roles")
    return _editor(request, form, row, row.permissions)


@requires(Permission.ADMIN_USERS)
@require_POST
def role_end(request: DeskRequest, code: str) -> HttpResponseBase:
    """This view will close a role of one's own that nobody holds."""
    get_role(user=request.desk.user, code=code)
    try:
        manage_roles.end_role(actor=actor_of(request), code=code)
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("The role is closed."))
    return redirect("console:roles")


@requires(Permission.ADMIN_USERS)
@require_http_methods(METHODS)
def role_safety(request: DeskRequest, code: str) -> HttpResponseBase:
    """This view will set a role's time-out, and whether it needs a second factor."""
    row = get_role(user=request.desk.user, code=code)
    first: dict[str, Any] = {"idle_minutes": row.idle_minutes, "needs_second_factor": row.needs_second_factor}
    currency = request.desk.site.currency
    if row.alone_up_to is not None:
        first["alone"] = Money(row.alone_up_to, currency).to_decimal()
    form = SafetyForm(request.POST or None, initial=first)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        manage_roles.set_role_safety(
            actor=actor_of(request), code=code, idle_minutes=data["idle_minutes"],
            needs_second_factor=data["needs_second_factor"],
            alone_up_to=Money.parse(data["alone"], currency).minor if data["alone"].strip() else None,
        )  # fmt: skip
        return done(request, reverse("console:roles"), _("It holds from the next click on."))

    said = {
        "title": _("Sessions of %(role)s") % {"role": row.name},
        "facts": [(_("People who hold it"), str(row.holders))],
        "warning": _("Who holds several roles keeps to the strictest of them."),
        "button": _("Save"),
        "danger": False,
    }
    return ask(request, form, act, said)


def _editor(request: DeskRequest, form: RoleForm, row: RoleRow | None, first: Collection[str]) -> HttpResponse:
    others = [one for one in list_roles(user=request.desk.user) if row is None or one.code != row.code]
    ticked = set(request.POST.getlist("rights")) if form.is_bound else set(first)
    parts = _matrix(others, ticked=ticked, may=request.desk.permissions)
    context = {"section": "users", "roles": others, "parts": parts, "form": form, "row": row}
    return render(request, "console/role.html", context, status=422 if form.errors else 200)


def _matrix(found: Sequence[RoleRow], *, ticked: Collection[str] = (), may: Collection[str] = ()) -> list[Part]:
    def line(right: Right) -> Row:
        code = right.permission
        return Row(right, [code in one.permissions for one in found], code in ticked, code in may)

    return [Part(subject.label, [line(right) for right in subject.rights]) for subject in SUBJECTS]
