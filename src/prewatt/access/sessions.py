"""Sessions as rows that know their login: listed, ended one by one, and new at each sign-in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from typing_extensions import override

from prewatt.access.audit import require_unit_of_work
from prewatt.access.errors import StaleSession, UnknownSession
from prewatt.access.factors import has_factor
from prewatt.access.models import LoginSession, User
from prewatt.kernel.clock import machine_now

KEPT_FOR: Final = timedelta(days=60)
FRESH_FOR: Final = timedelta(minutes=15)
LISTED_MAX: Final = 50
DEVICE_COOKIE: Final = "prewatt_device"
DEVICE_AGE_S: Final = 365 * 24 * 3600
_SALT: Final = "prewatt.device"
_BEGUN: Final = "begun_at"
_PLACE: Final = "place"
_WAY: Final = "way"
_SECOND: Final = "second_factor"
_OWES: Final = "owes"
_PASSED: Final = "passed"
SEEN_COOKIE: Final = "prewatt_seen"
SEEN_AGAIN_AFTER: Final = timedelta(minutes=1)
_SEEN_SALT: Final = "prewatt.seen"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser that is signed in. ``code`` names it without opening it; times are machine time."""

    code: str
    begun_at: datetime | None
    ends_at: datetime
    address: str
    browser: str
    is_this: bool


class SessionStore(DatabaseStore):
    """Django's own store, on a table that also says whose session it is and where it began."""

    @classmethod
    @override
    def get_model_class(cls) -> type[LoginSession]:
        return LoginSession

    @override
    def create_model_instance(self, data: dict[str, Any]) -> LoginSession:
        row = super().create_model_instance(data)
        assert isinstance(row, LoginSession)
        user_id = data.get("_auth_user_id")
        row.user_id = None if user_id is None else int(user_id)
        row.begun_at = datetime.fromisoformat(data[_BEGUN]) if _BEGUN in data else None
        row.address, row.browser = data.get(_PLACE, ("", ""))
        return row


def begin_session(*, request: HttpRequest, user: User, way: str, keep: bool = False) -> None:
    """This function will sign the login in on this browser, with a new session id; ``keep``: for sixty days.

    Without ``keep`` the session lasts as long as the settings say. ``way``: password, code or invitation.
    """
    browser = request.headers.get("User-Agent", "")[:200]
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[_BEGUN] = machine_now().isoformat()
    request.session[_WAY] = way
    request.session[_SECOND] = _OWES if has_factor(user=user) else ""
    request.session[_PLACE] = [str(request.META.get("REMOTE_ADDR", ""))[:60], browser]
    if keep:
        request.session.set_expiry(KEPT_FOR)


def owes_second_factor(*, request: HttpRequest, is_required: bool = False) -> bool:
    """This function will tell whether the session must still show a second factor: its login has one, or needs one."""
    state = request.session.get(_SECOND, "")
    return state == _OWES or (is_required and state != _PASSED)


def note_second_factor(*, request: HttpRequest) -> None:
    """This function will mark the session as proven by a second factor; it gets a new id."""
    request.session[_SECOND] = _PASSED
    request.session.cycle_key()


def is_fresh(*, request: HttpRequest) -> bool:
    """This function will tell whether the person signed in a moment ago."""
    begun = request.session.get(_BEGUN)
    return begun is not None and machine_now() - datetime.fromisoformat(begun) <= FRESH_FOR


def came_by_code(*, request: HttpRequest) -> bool:
    """This function will tell whether the person has just proven to hold phone or mail, whatever the password is."""
    return request.session.get(_WAY) in {"code", "invitation"} and is_fresh(request=request)


def has_rested(*, request: HttpRequest, idle_minutes: int) -> bool:
    """This function will tell whether nobody has touched the session for so long that it ends; 0 minutes: never.

    When somebody last did, the browser keeps in a signed cookie that is good for this session alone: reading a page
    writes nothing to the database, and an older cookie only makes the session end earlier.
    """
    seen = _seen_at(request)
    return bool(idle_minutes) and seen is not None and machine_now() - seen > timedelta(minutes=idle_minutes)


def new_mark(*, request: HttpRequest) -> str | None:
    """This function will return what the browser keeps from now on, or None when what it has is new enough."""
    seen, now = _marked_at(request), machine_now()
    if seen is not None and now - seen < SEEN_AGAIN_AFTER:
        return None
    return signing.dumps([code_of(str(request.session.session_key)), now.isoformat()], salt=_SEEN_SALT)


def _seen_at(request: HttpRequest) -> datetime | None:
    begun, marked = request.session.get(_BEGUN), _marked_at(request)
    return max((one for one in (begun and datetime.fromisoformat(begun), marked) if one), default=None)


def _marked_at(request: HttpRequest) -> datetime | None:
    try:
        code, at = signing.loads(request.COOKIES.get(SEEN_COOKIE, ""), salt=_SEEN_SALT)
    except (signing.BadSignature, ValueError):
        return None
    return datetime.fromisoformat(at) if code == code_of(str(request.session.session_key)) else None


def require_fresh(*, request: HttpRequest) -> None:
    """This function will refuse what could lock the owner out when the sign-in is old. Raises StaleSession."""
    if not is_fresh(request=request):
        raise StaleSession("You signed in some time ago.", hint="Sign in again before you change this.")


def list_sessions(*, user: User, this_key: str | None) -> list[SessionRow]:
    """This function will list where the login is signed in, the newest first."""
    rows = LoginSession.objects.filter(user=user, expire_date__gt=machine_now()).order_by("-begun_at")
    return [
        SessionRow(
            code_of(row.session_key), row.begun_at, row.expire_date, row.address, row.browser,
            row.session_key == this_key,
        )
        for row in rows[:LISTED_MAX]
    ]  # fmt: skip


def end_session(*, user: User, code: str) -> None:
    """This function will sign the login out where ``code`` says, from the next request on. Raises UnknownSession."""
    require_unit_of_work()
    for row in LoginSession.objects.filter(user=user):
        if code_of(row.session_key) == code:
            row.delete()
            return
    raise UnknownSession("You are not signed in there any more.")


def end_other_sessions(*, user: User, this_key: str | None) -> int:
    """This function will sign the login out everywhere but here, and return how often that was."""
    require_unit_of_work()
    return LoginSession.objects.filter(user=user).exclude(session_key=this_key).delete()[0]


def forget_old_sessions() -> int:
    """This function will delete sessions that have run out, and return how many."""
    return LoginSession.objects.filter(expire_date__lt=machine_now()).delete()[0]


def code_of(session_key: str) -> str:
    """This function will name a session by something that opens nothing."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:20]


def device_mark(*, user: User) -> str:
    """This function will return what a browser keeps to be known again as one of the login's own."""
    return signing.dumps(str(user.public_id), salt=_SALT, compress=False)


def remember_device(*, request: HttpRequest, answer: HttpResponseBase, user: User) -> None:
    """This function will let the browser keep its mark, once the sign-in is whole.

    Who has shown a password alone gets none while a second factor is owed: each mark has tries of its own.
    """
    if not owes_second_factor(request=request):
        answer.set_cookie(
            DEVICE_COOKIE, device_mark(user=user), max_age=DEVICE_AGE_S, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip


def is_known_device(*, mark: str, user: User | None) -> bool:
    """This function will tell whether the browser has been signed in as this login within the last year."""
    try:
        named = signing.loads(mark, salt=_SALT, max_age=DEVICE_AGE_S)
    except signing.BadSignature:
        return False
    return user is not None and named == str(user.public_id)
