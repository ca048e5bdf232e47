"""Every error of the API as problem details (RFC 9457): the one place where the error tree meets HTTP."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from prewatt.access.errors import TooManyTries
from prewatt.api.door import limit_headers
from prewatt.approvals.errors import ApprovalAsked
from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, PrewattError, Refused

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = "5"
_AUTHENTICATE: Final = "Bearer"
_log = structlog.get_logger("prewatt.api")


def status_of(error: PrewattError) -> int:
    """This function will map a branch of the error tree to an HTTP status."""
    match error:
        case NotFound():
            return 404
        case NotPermitted():
            return 403
        case Conflict():
            return 409
        case TooManyTries():
            return 429
        case Refused():
            return 422
        case _:
            return 503


def problem(*, status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> JsonResponse:
    """This function will write problem details."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors or [],
    }
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = _AUTHENTICATE
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = RETRY_AFTER_S
    return response


def install_handlers(api: NinjaAPI) -> None:
    """This function will let every error that an operation raises leave as problem details."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        ApprovalAsked: _asked,
        PrewattError: _refused,
        ValidationError: _invalid,
        AuthenticationError: _unknown_login,
        HttpError: _http_error,
        Http404: _not_found,
        OperationalError: _database_away,
        InterfaceError: _database_away,
        Exception: _our_fault,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def always_problem(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """This function will make a view whose errors are problem details even where no operation was reached: 405."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        for name, value in limit_headers(request).items():
            response.headers[name] = value
        if response.status_code < HTTPStatus.BAD_REQUEST or response.headers.get("Content-Type") == CONTENT_TYPE:
            return response
        status = HTTPStatus(response.status_code)
        answer = problem(status=status, code=status.name.lower(), detail=status.description or status.phrase)
        for name in ("Allow", "RateLimit-Policy", "RateLimit"):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer

    return wrapped


def _asked(request: HttpRequest, error: ApprovalAsked) -> HttpResponse:
    del request
    address = reverse("api:approval", args=[error.public_id])
    body = {"approval_id": str(error.public_id), "address": address, "detail": str(error)}
    return JsonResponse(body, status=HTTPStatus.ACCEPTED, headers={"Location": address})


def _refused(request: HttpRequest, error: PrewattError) -> HttpResponse:
    status = status_of(error)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        _log.error("unable", code=error.code, path=request.path, message=error.message)
    response = problem(status=status, code=error.code, detail=str(error))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(error.facts.get("wait_s", RETRY_AFTER_S))
    return response


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    del request
    errors = [{"where": _where(one.get("loc", ())), "detail": str(one.get("msg", ""))} for one in error.errors]
    detail = "; ".join(f"{one['where']}: {one['detail']}" for one in errors)
    return problem(status=422, code="invalid_request", detail=detail, errors=errors)


def _where(loc: tuple[object, ...]) -> str:
    """This function will name a field by where it was given and its path, without our own function's name for it."""
    parts = [str(part) for part in loc]
    if parts[:1] == ["body"]:
        parts = [parts[0], *parts[2:]]
    return ".".join(parts)


def _unknown_login(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    del request, error
    detail = "The request carries no token that is in force. Send the header Authorization: Bearer <token>."
    return problem(status=401, code="not_signed_in", detail=detail)


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    del request
    return problem(status=error.status_code, code="bad_request", detail=error.message)


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    del request, error
    return problem(status=404, code="not_found", detail="There is no such thing, or it is not within your scope.")


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("database away", path=request.path, error=type(error).__name__)
    detail = "The database does not answer at the moment. Nothing was changed. Repeat the request with the same key."
    return problem(status=503, code="busy", detail=detail)


def _our_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.exception("api failed", path=request.path, exc_info=error)
    detail = "It has been written down. Nothing was changed half-way. Repeat the request with the same key, or tell us."
    return problem(status=500, code="our_fault", detail=detail)
