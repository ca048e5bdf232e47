"""What each permission means to a person, by subject: the rows of the permission matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prewatt.access.permissions import Permission


@dataclass(frozen=True, slots=True)
class Right:
    """A permission in words: what its holder may do."""

    permission: Permission
    label: Promise
    weighty: bool = False
    """Whether it moves money, cuts power or gives rights: drawn so that nobody ticks it by habit."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Rights about one thing."""

    label: Promise
    rights: Sequence[Right]


SUBJECTS: Final = (
    Subject(
        _("Estate and meters"),
        (
            Right(Permission.ESTATE_VIEW, _("See the shift board, rooms and meters")),
            Right(Permission.ESTATE_IMPORT, _("Bring the estate's workbook"), weighty=True),
            Right(Permission.COMM_VIEW, _("See gateways, buses and commands")),
            Right(Permission.READINGS_VIEW, _("See readings and use")),
            Right(Permission.READINGS_EXPORT, _("Take readings out as a sheet")),
            Right(Permission.METERS_MOVE, _("Move a meter to another bus or address"), weighty=True),
            Right(Permission.CASES_WORK, _("Work on cases, decide held readings")),
        ),
    ),
    Subject(
        _("Customers"),
        (
            Right(Permission.ACCOUNT_VIEW, _("See accounts, customers and their papers")),
            Right(Permission.ACCOUNT_INVITE, _("Let tenants into the portal, and end it")),
            Right(Permission.ACCOUNT_CLOSE, _("Close a settled account"), weighty=True),
            Right(Permission.PERSONAL_DATA, _("Take out and blank a customer’s personal data"), weighty=True),
            Right(Permission.NOTICES_TELL, _("Tell tenants at the desk, change how they are told")),
            Right(Permission.PAPERS_ISSUE, _("Issue statements, reports and agreements")),
        ),
    ),
    Subject(
        pgettext_lazy("desk", "Money"),
        (
            Right(Permission.MONEY_TAKE, _("Take top-ups at the till"), weighty=True),
            Right(Permission.MONEY_REFUND, _("Give money back"), weighty=True),
            Right(Permission.MONEY_REVERSE, _("Reverse a wrong top-up"), weighty=True),
            Right(Permission.MONEY_CLEAR, _("Clear a balance to zero"), weighty=True),
            Right(Permission.MONEY_APPROVE, _("Approve what another has asked for"), weighty=True),
            Right(Permission.PAY_RECONCILE, _("Settle online payments and statements of the day"), weighty=True),
            Right(Permission.PAY_CONFIGURE, _("Set up payment channels and their keys"), weighty=True),
            Right(Permission.TARIFF_VIEW, _("See prices")),
            Right(Permission.TARIFF_PUBLISH, _("Publish prices"), weighty=True),
            Right(Permission.BILLING_SETTLE, _("Freeze, run and close months"), weighty=True),
        ),
    ),
    Subject(
        _("Power"),
        (
            Right(Permission.SUPPLY_SWITCH, _("Disconnect, reconnect and protect rooms"), weighty=True),
            Right(Permission.SUPPLY_STOP, _("Stop all cuts, and allow them again")),
            Right(Permission.SUPPLY_MODE, _("Sign the step to shadow or live"), weighty=True),
        ),
    ),
    Subject(
        _("Reports"),
        (
            Right(Permission.REPORTS_VIEW, _("Read reports about energy, power and meters")),
            Right(Permission.REPORTS_MONEY, _("Read reports about money")),
            Right(Permission.REPORTS_EXPORT, _("Take reports out as Excel and CSV")),
            Right(Permission.REPORTS_SHARE, _("Save reports for everybody and have them mailed")),
        ),
    ),
    Subject(
        _("People and programs"),
        (
            Right(Permission.AUDIT_VIEW, _("See who did what")),
            Right(Permission.ADMIN_USERS, _("Invite people, give roles, change what roles may do"), weighty=True),
            Right(Permission.API_READ, _("A program may read")),
            Right(Permission.API_TAKE, _("A program may take payments"), weighty=True),
            Right(Permission.API_WEBHOOKS, _("Say which programs are told of events"), weighty=True),
        ),
    ),
)
"""Every permission stands here exactly once; a test fails for one that does not."""

RIGHTS: Final[dict[str, Right]] = {right.permission: right for subject in SUBJECTS for right in subject.rights}
