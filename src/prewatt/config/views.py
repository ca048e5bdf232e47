"""Health, readiness and what is shown when something is lost."""

import sys

from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import select_template
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

RETRY_AFTER_S = 5


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """This function will answer while the process lives; it touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """This function will answer 200 when the database is there and its tables are those of this version, else 503."""
    problems = []
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            problems.append("migrations are missing: run `prewatt migrate`")
    except (OperationalError, InterfaceError):
        problems.append("the database does not answer")
    return JsonResponse({"ready": not problems, "problems": problems}, status=503 if problems else 200)


def server_error(request: HttpRequest) -> HttpResponse:
    """This function will answer for an error of ours: 503 when the database is away or busy, else 500.

    Nothing of the error itself is shown: the log has it.
    """
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        text = _("It has been written down. Nothing was changed half-way. Try again, or tell the operator.")
        return _answer(request, status=500, title=_("Something went wrong"), text=text)
    text = _("The database does not answer at the moment. Nothing was changed. Try again in a few seconds.")
    response = _answer(request, status=503, title=_("Busy"), text=text)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """This function will answer a request that nothing sensible can be made of."""
    return _answer(request, status=400, title=_("Not understood"), text=_("Go back, load the page again and retry."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """This function will answer a login that may not do this."""
    text = _("Your login does not have the permission for this. An administrator can give it.")
    return _answer(request, status=403, title=_("Not permitted"), text=text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """This function will answer for what is not there, or not for this login."""
    text = _("There is no such page, or it is not yours to see.")
    return _answer(request, status=404, title=_("Not found"), text=text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """This function will answer a form whose token is missing or too old."""
    text = _("The page was open for too long, or cookies are off. Load it again and retry; nothing was changed.")
    return _answer(request, status=403, title=_("This form has expired"), text=text)


def _answer(request: HttpRequest, *, status: int, title: str, text: str) -> HttpResponse:
    """This function will word the answer for a machine or for a person."""
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"type": "about:blank", "title": title, "status": status, "detail": text},
            status=status,
            content_type="application/problem+json",
        )
    template = select_template(["console/error.html", "error.html"])
    return HttpResponse(template.render({"title": title, "text": text, "status": status}), status=status)
