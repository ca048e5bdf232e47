"""What stands around every page: the rail, the guard bar, the clock, who is signed in, language and theme."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prewatt.access.permissions import ROLES, Permission
from prewatt.cases.queries import count_open_cases
from prewatt.console.guard import Desk
from prewatt.kernel.clock import estate_clock, estate_now
from prewatt.usecases.decide_approval import count_waiting
from prewatt.usecases.see_guard import Guard, see_guard

THEME_COOKIE: Final = "pw_theme"
THEMES: Final = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Section:
    """A place on the rail, shown to logins that hold its permission. ``group`` begins after a line."""

    code: str
    icon: str
    label: Promise
    permission: Permission
    group: bool = False
    or_with: tuple[Permission, ...] = ()

    def is_open(self, held: Collection[str]) -> bool:
        """This method will tell whether a login with these permissions sees the section."""
        return self.permission in held or not set(self.or_with).isdisjoint(held)


SECTIONS: Final = (
    Section("shift", "layout-dashboard", _("Shift"), Permission.ESTATE_VIEW),
    Section("rooms", "grid-dots", _("Rooms"), Permission.ESTATE_VIEW),
    Section("till", "cash-register", _("Till"), Permission.MONEY_TAKE),
    Section("comms", "topology-star-3", _("Comms"), Permission.COMM_VIEW, group=True),
    Section("commands", "terminal-2", _("Commands"), Permission.COMM_VIEW),
    Section("readings", "gauge", _("Readings"), Permission.READINGS_VIEW),
    Section("reports", "chart-bar", _("Reports"), Permission.REPORTS_VIEW),
    Section("months", "calendar", _("Months"), Permission.BILLING_SETTLE),
    Section("papers", "receipt", _("Papers"), Permission.ACCOUNT_VIEW),
    Section(
        "payments",
        "wallet",
        pgettext_lazy("console", "Payments"),
        Permission.PAY_RECONCILE,
        or_with=(Permission.MONEY_APPROVE, Permission.PAY_CONFIGURE),
    ),
    Section("approvals", "shield-check", _("Approvals"), Permission.ACCOUNT_VIEW),
    Section("letters", "mailbox", _("Letters"), Permission.ACCOUNT_VIEW, group=True),
    Section("users", "users", _("People"), Permission.ADMIN_USERS),
    Section("audit", "history", _("Audit"), Permission.AUDIT_VIEW),
    Section("settings", "settings", _("Settings"), Permission.ESTATE_VIEW),
)


@dataclass(frozen=True, slots=True)
class RailItem:
    """A section as the rail draws it."""

    code: str
    icon: str
    label: Promise
    url: str
    group: bool
    count: int


class Shell:
    """The frame of one page; what a part of a page does not draw is not asked for."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.now = estate_now()
        self.machine_ms = desk.asked_ms
        self.site_name = desk.site.name
        self.currency = desk.site.currency
        self.zone = desk.site.zone.key
        self.speed = estate_clock().speed
        self.estate_ms = int(self.now.timestamp() * 1000)
        self.user_name = str(desk.user)

    @cached_property
    def guard(self) -> Guard:
        """This property will hold the guard bar's facts."""
        return see_guard(site=self.desk.site, now=self.now)

    @property
    def meters(self) -> int:
        """This property will hold how many meters the site has."""
        return self.guard.total

    @property
    def may_stop(self) -> bool:
        """This property will tell whether the login may stop all disconnections."""
        return Permission.SUPPLY_STOP in self.desk.permissions

    @cached_property
    def nav(self) -> list[RailItem]:
        """This property will hold the sections that the login may open."""
        counts = {"shift": count_open_cases(user=self.desk.user)}
        if Permission.MONEY_APPROVE in self.desk.permissions:
            counts["approvals"] = count_waiting(user=self.desk.user)
        return [
            RailItem(
                section.code, section.icon, section.label, reverse(f"console:{section.code}"), section.group,
                counts.get(section.code, 0),
            )
            for section in SECTIONS
            if section.is_open(self.desk.permissions)
        ]  # fmt: skip

    @property
    def role_names(self) -> str:
        """This property will hold the greatest roles whose permissions the login has in full."""
        full = [role for role in ROLES.values() if role.permissions <= self.desk.permissions]
        tops = [role for role in full if not any(role.permissions < other.permissions for other in full)]
        return ", ".join(str(role.label) for role in tops)


def shell(request: HttpRequest) -> dict[str, Any]:
    """This context processor will hand every page its frame and the theme that the person chose."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    desk = getattr(request, "desk", None)
    return {
        "shell": None if desk is None else Shell(desk),
        "permissions": frozenset() if desk is None else desk.permissions,
        "theme": theme if theme in THEMES else "",
    }
