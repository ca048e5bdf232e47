"""Who may see which page: every view says the permission that it needs, and refusals are answered in one place.

``requires`` marks the view with ``needs``; a test walks the addresses and fails for a view without the mark.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import activate

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.queries import get_user_permissions
from prewatt.console.problems import explain
from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, PrewattError, Refused
from prewatt.usecases.see_site import SiteView, see_site

PUBLIC: Final = ""
"""The mark of a page that needs no login: signing in, signing out, choosing language and theme."""

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class ConsoleRequest(HttpRequest):
    """A request that ``requires`` has let through: somebody is signed in, and the site is known."""

    user: User
    site: SiteView
    permissions: frozenset[str]
