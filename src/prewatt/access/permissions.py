"""What a login may do, and the roles that bundle it. Data, not code: every view and operation names one of these."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One thing that a login may do, within a scope."""

    ESTATE_VIEW = "estate.view"
    ESTATE_IMPORT = "estate.import"
    ACCOUNT_VIEW = "account.view"
    ACCOUNT_INVITE = "account.invite"
    ACCOUNT_CLOSE = "account.close"
    PERSONAL_DATA = "personal.data"
    READINGS_VIEW = "readings.view"
    READINGS_EXPORT = "readings.export"
    COMM_VIEW = "comm.view"
    TARIFF_VIEW = "tariff.view"
    TARIFF_PUBLISH = "tariff.publish"
    AUDIT_VIEW = "audit.view"
    REPORTS_VIEW = "reports.view"
    REPORTS_MONEY = "reports.money"
    REPORTS_EXPORT = "reports.export"
    REPORTS_SHARE = "reports.share"
    CASES_WORK = "cases.work"
    NOTICES_TELL = "notices.tell"
    MONEY_TAKE = "money.take"
    MONEY_REFUND = "money.refund"
    MONEY_REVERSE = "money.reverse"
    MONEY_CLEAR = "money.clear"
    MONEY_APPROVE = "money.approve"
    PAY_CONFIGURE = "pay.configure"
    PAY_RECONCILE = "pay.reconcile"
    PAPERS_ISSUE = "papers.issue"
    BILLING_SETTLE = "billing.settle"
    METERS_MOVE = "meters.move"
    SUPPLY_SWITCH = "supply.switch"
    SUPPLY_STOP = "supply.stop"
    SUPPLY_MODE = "supply.mode"
    API_READ = "api.read"
    API_TAKE = "api.take"
    API_WEBHOOKS = "api.webhooks"
    ADMIN_USERS = "admin.users"


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role as the house knows it: its code, what people call it, what it may do."""

    code: str
    label: str | Promise
    permissions: frozenset[Permission]
    idle_minutes: int = 60
    """What a new installation begins with; an administrator may set another."""
    alone_up_to: int | None = 0
    """Minor units up to which its holder gives back or undoes money alone, as a new installation begins with."""


_VIEWS: Final = frozenset(
    {
        Permission.ESTATE_VIEW,
        Permission.ACCOUNT_VIEW,
        Permission.READINGS_VIEW,
        Permission.COMM_VIEW,
        Permission.TARIFF_VIEW,
    }
)

ROLES: Final[dict[str, RoleSpec]] = {
    spec.code: spec
    for spec in (
        RoleSpec("administrator", _("Administrator"), frozenset(Permission), idle_minutes=30, alone_up_to=None),
        RoleSpec(
            "manager",
            _("Manager"),
            _VIEWS
            | {
                Permission.READINGS_EXPORT,
                Permission.AUDIT_VIEW,
                Permission.REPORTS_VIEW,
                Permission.REPORTS_MONEY,
                Permission.REPORTS_EXPORT,
                Permission.REPORTS_SHARE,
                Permission.ACCOUNT_INVITE,
                Permission.ACCOUNT_CLOSE,
                Permission.CASES_WORK,
                Permission.NOTICES_TELL,
                Permission.MONEY_APPROVE,
                Permission.PAPERS_ISSUE,
                Permission.BILLING_SETTLE,
                Permission.METERS_MOVE,
                Permission.SUPPLY_SWITCH,
                Permission.SUPPLY_STOP,
                Permission.SUPPLY_MODE,
            },
        ),
        RoleSpec(
            "finance",
            _("Finance"),
            _VIEWS
            | {
                Permission.READINGS_EXPORT,
                Permission.AUDIT_VIEW,
                Permission.REPORTS_VIEW,
                Permission.REPORTS_MONEY,
                Permission.REPORTS_EXPORT,
                Permission.REPORTS_SHARE,
                Permission.MONEY_REFUND,
                Permission.MONEY_REVERSE,
                Permission.MONEY_CLEAR,
                Permission.MONEY_APPROVE,
                Permission.PAY_RECONCILE,
                Permission.PAPERS_ISSUE,
                Permission.BILLING_SETTLE,
            },
            idle_minutes=30,
            alone_up_to=100_000,
        ),
        RoleSpec(
            "cashier",
            _("Cashier"),
            _VIEWS
            | {
                Permission.ACCOUNT_INVITE,
                Permission.MONEY_TAKE,
                Permission.MONEY_REFUND,
                Permission.PAPERS_ISSUE,
                Permission.NOTICES_TELL,
            },
            alone_up_to=20_000,
        ),
        RoleSpec(
            "engineer",
            _("Engineer"),
            _VIEWS
            | {
                Permission.READINGS_EXPORT,
                Permission.REPORTS_VIEW,
                Permission.REPORTS_EXPORT,
                Permission.CASES_WORK,
                Permission.METERS_MOVE,
                Permission.SUPPLY_SWITCH,
                Permission.SUPPLY_STOP,
            },
        ),
        RoleSpec(
            "auditor",
            _("Auditor"),
            _VIEWS
            | {
                Permission.READINGS_EXPORT,
                Permission.AUDIT_VIEW,
                Permission.REPORTS_VIEW,
                Permission.REPORTS_MONEY,
                Permission.REPORTS_EXPORT,
            },
        ),
        RoleSpec("machine", _("Machine"), _VIEWS | {Permission.API_READ, Permission.API_TAKE}, idle_minutes=0),
    )
}
"""Taking money and undoing it are kept apart: who takes it at the desk can neither reverse nor clear it."""
