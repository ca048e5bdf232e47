"""Who may come in: a machine's token, and the permission that each operation names."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, cast

from django.http import HttpRequest
from ninja.security import HttpBearer
from typing_extensions import override

from prewatt.access.audit import Actor
from prewatt.access.permissions import Permission
from prewatt.access.queries import find_user_by_token, get_user_permissions
from prewatt.access.throttle import Allowance, Limit, take_try
from prewatt.kernel.errors import NotPermitted

if TYPE_CHECKING:
    from prewatt.access.models import User

MARK: Final = "prewatt_permission"
ALLOWANCE: Final = "prewatt_allowance"
BY_METHOD: Final = "prewatt_permission_by_method"
PASSED: Final = "prewatt_passed"


REQUESTS: Final = Limit("api", burst=1_200, every_s=0.05)
"""Of one token: as many at once, then twenty a second."""


class Token(HttpBearer):
    """A bearer token, issued to one machine and shown once. Each request with it is counted.

    Whether the machine may do this is asked here, before the body is looked at: without the right it teaches nothing.
    """

    @override
    def authenticate(self, request: HttpRequest, token: str) -> "User | None":
        user = find_user_by_token(token_text=token)
        if user is not None:
            setattr(request, ALLOWANCE, take_try(limit=REQUESTS, key=token.split("_")[1]))
            view = request.resolver_match.func if request.resolver_match else None
            needed: Permission | None = getattr(view, BY_METHOD, {}).get(request.method)
            if needed is not None:
                require_permission(request, user, needed)
        return user


def limit_headers(request: HttpRequest) -> dict[str, str]:
    """This function will say how many requests the token has, how many are left and when all are there again."""
    allowance: Allowance | None = getattr(request, ALLOWANCE, None)
    if allowance is None:
        return {}
    window_s = round(REQUESTS.burst * REQUESTS.every_s)
    return {
        "RateLimit-Policy": f'"token";q={REQUESTS.burst};w={window_s}',
        "RateLimit": f'"token";r={allowance.left};t={allowance.whole_in_s}',
    }


def machine_of(request: HttpRequest) -> "User":
    """This function will return the login whose token the request carries."""
    return cast("User", request.auth)  # type: ignore[attr-defined]  # ninja puts it there before any operation runs


def actor_of(request: HttpRequest) -> Actor:
    """This function will name who acts, and from which address."""
    return Actor(process="api", user=machine_of(request), address=str(request.META.get("REMOTE_ADDR", "")))


def require_permission(request: HttpRequest, user: "User", permission: Permission) -> None:
    """This function will refuse a login without the permission, and note on the request that it has it.

    Raises NotPermitted.
    """
    if permission not in get_user_permissions(user=user):
        raise NotPermitted(
            f"This token may not do this: it needs the permission {permission}.",
            hint="An administrator can give it a role that has it.",
        )
    setattr(request, PASSED, permission)


def permitted(permission: Permission) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """This function will make a decorator that lets only logins with the permission pass, and marks the operation."""

    def decorate(operation: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(operation)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if getattr(request, PASSED, None) != permission:
                require_permission(request, machine_of(request), permission)
            return operation(request, *args, **kwargs)

        setattr(guarded, MARK, permission)
        return guarded

    return decorate
