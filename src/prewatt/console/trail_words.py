"""Words for the audit trail: registers and fields; what was done has its words in ``reports.tables.verbs``."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prewatt.access.permissions import ROLES
from prewatt.console.labels import LABELS

REGISTERS: Final[dict[str, str | Promise]] = {
    "account": _("Account"),
    "accountshare": _("Portal access"),
    "bus": _("Bus"),
    "calendarday": _("Calendar day"),
    "customer": _("Customer"),
    "gateway": _("Gateway"),
    "membership": _("Role given"),
    "merchant": _("Payment channel"),
    "merchantkey": _("Key of a channel"),
    "meter": _("Meter"),
    "meteringpoint": _("Metering point"),
    "meterinstallation": _("Installation"),
    "monthahead": _("Month ahead"),
    "place": _("Place"),
    "portalinvitation": _("Invitation"),
    "preference": _("Message settings"),
    "reportschedule": _("Scheduled report"),
    "role": pgettext_lazy("desk", "Role"),
    "savedreport": _("Saved report"),
    "site": _("Site"),
    "supplypolicy": _("Supply rules"),
    "tariffassignment": _("Tariff assigned"),
    "tenancy": _("Tenancy"),
    "user": _("Login"),
    "webhookendpoint": _("Webhook"),
}
"""Registers whose history is kept."""

FIELDS: Final[dict[str, str | Promise]] = {
    "account": _("Account"),
    "address": _("Address"),
    "allowed_credit": _("Allowed credit"),
    "app_id": _("App"),
    "baud": _("Baud"),
    "building": _("Building"),
    "bus": _("Bus"),
    "channel": _("Way"),
    "channels": _("Ways"),
    "code": _("Code"),
    "customer": _("Customer"),
    "cuts_per_day": _("Cuts a day"),
    "cuts_per_minute": _("Cuts a minute"),
    "email": _("Mail"),
    "ended_at": _("Ended"),
    "events": _("Events"),
    "fingerprint": _("Fingerprint"),
    "fixed_estimate": _("Amount a month"),
    "from_at": pgettext_lazy("history", "From"),
    "gateway": _("Gateway"),
    "idle_minutes": _("Minutes of rest"),
    "is_active": pgettext_lazy("history", "Open"),
    "is_machine": _("Program"),
    "kind": _("Kind"),
    "language": _("Language"),
    "level_1": _("Low balance, level 1"),
    "level_2": _("Low balance, level 2"),
    "live_since": _("Live since"),
    "merchant": _("Payment channel"),
    "merchant_no": _("Merchant number"),
    "meter": _("Meter"),
    "metering_point": _("Metering point"),
    "min_reconnect_balance": _("Least balance to reconnect"),
    "multiplier": _("Multiplier"),
    "muted": _("Not wanted"),
    "name": _("Name"),
    "needs_second_factor": _("Second factor required"),
    "note": _("Note"),
    "number": _("Number"),
    "owner": _("Owner"),
    "payment_mode": _("Payment mode"),
    "period": _("Period"),
    "permissions": _("Rights"),
    "phone": _("Phone"),
    "port": _("Port"),
    "quiet_from": _("Quiet from"),
    "quiet_to": _("Quiet until"),
    "recipient": _("Recipient"),
    "resumed_at": _("Cuts allowed again"),
    "role": pgettext_lazy("desk", "Role"),
    "scope": _("Where"),
    "second_mail": _("Their mail"),
    "second_name": _("Second person"),
    "second_phone": _("Their phone"),
    "serial": _("Serial number"),
    "site": _("Site"),
    "state": _("State"),
    "stopped_at": _("Cuts stopped"),
    "stopped_why": _("Why cuts were stopped"),
    "supply_mode": _("Supply mode"),
    "surplus": _("Surplus"),
    "tariff_code": _("Tariff"),
    "tenancy": _("Tenancy"),
    "to_at": pgettext_lazy("history", "Until"),
    "url": _("Address of the call"),
    "user": _("Login"),
    "username": _("User name"),
    "warn_days": _("Warn days ahead"),
    "why": _("Why"),
}
"""Fields of registers."""

REASONS: Final[dict[str, str | Promise]] = {
    **LABELS["notice"],
    "password": _("by password"),
    "code": _("by code"),
    "invitation": _("by invitation"),
    **{role.code: role.label for role in ROLES.values()},
}
"""Reasons that the house gives by code."""

SUBJECTS: Final[dict[str, str | Promise]] = {
    "books": _("All books"),
    "collector": _("Collector"),
    "run": _("Papers of a block"),
    "report_mail": _("Mail of a report"),
    "statement_line": _("Line of a statement"),
    "unmatched": _("Money in suspense"),
    "account": _("Account"),
    "account_month": _("Month of an account"),
    "case": _("Case"),
    "day": _("Day"),
    "document": _("Paper"),
    "login": _("Login"),
    "merchant": _("Payment channel"),
    "metering_point": _("Metering point"),
    "month": _("Month"),
    "notice": _("Message"),
    "order": _("Order"),
    "page": _("Page"),
    "payment": _("Payment"),
    "refund": _("Refund"),
    "report": _("Report"),
    "role": pgettext_lazy("desk", "Role"),
    "site": _("Site"),
    "tariff": _("Tariff"),
    "trade": _("Trade"),
    "webhook": _("Webhook"),
}
"""What an action is about."""


def word(table: Mapping[str, str | Promise], code: str) -> str:
    """This function will return the word for a code, or the code itself with spaces in it."""
    return str(table[code]) if code in table else code.replace("_", " ")
