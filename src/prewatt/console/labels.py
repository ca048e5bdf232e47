"""Words for codes that the database speaks and people read."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LABELS: Final[Mapping[str, Mapping[str, str | Promise]]] = {
    "channel": {
        "cash": _("Cash"),
        "card": _("Card terminal"),
        "transfer": _("Bank transfer"),
        "alipay": _("Alipay"),
        "wechat": _("WeChat Pay"),
        "stripe": "Stripe",
        "testpay": _("Test provider"),
    },
    "entry": {
        "top_up": _("Top-up"),
        "refund": _("Refund"),
        "clearing": _("Cleared to zero"),
        "reversal": _("Reversal"),
        "usage": _("Use, day close"),
        "opening_balance": _("Opening balance"),
    },
    "hold": {
        "credit": _("Out of credit"),
        "manual": _("By hand"),
        "protection": _("Protected"),
        "maintenance": _("Maintenance"),
        "safety": _("Safety"),
        "vacancy": _("Vacant"),
    },
    "effect": {
        "frozen": _("Frozen"),
        "locked_off": _("Locked off"),
        "protect": _("Protected"),
        "off": _("Off"),
    },
    "mode": {
        "off": _("Reading only"),
        "shadow": _("Shadow"),
        "live": _("Live"),
    },
    "payment_mode": {
        "prepaid": _("Prepaid"),
        "own_use": _("Own use"),
    },
    "month": {
        "requested": _("Asked for"),
        "settled": _("Settled, to look at"),
        "closed": _("Closed"),
    },
    "surplus": {
        "carry": _("carried"),
        "refund": _("to give back"),
    },
    "notice": {
        "level_1": _("Low balance"),
        "level_2": _("Very low balance"),
        "last_call": _("Last call before disconnection"),
        "disconnected": _("Disconnected"),
        "reconnected": _("Reconnected"),
        "top_up": _("Top-up received"),
        "request": _("Payment for a month ahead"),
        "code": _("Sign-in code"),
        "invitation": _("Invitation"),
        "security": _("Change of sign-in"),
    },
    "share_role": {
        "owner": _("Owner"),
        "payer": _("Pays"),
        "viewer": _("Looks"),
    },
    "notice_channel": {
        "desk": _("Told by the desk"),
        "mail": _("Mail"),
        "letterbox": _("Letter box (demo)"),
    },
    "notice_state": {
        "pending": _("Waiting"),
        "sending": _("Sending"),
        "delivered": _("Delivered"),
        "failed": _("Failed"),
    },
    "reading": {
        "1": _("Scheduled"),
        "2": _("Daily register"),
        "3": _("Opening"),
        "4": _("Closing"),
        "5": _("On demand"),
    },
    "quality": {
        "1": _("Accepted"),
        "2": _("Held back"),
        "3": _("Rejected"),
    },
    "band": {
        "1": pgettext_lazy("band", "Sharp"),
        "2": pgettext_lazy("band", "Peak"),
        "3": pgettext_lazy("band", "Flat"),
        "4": pgettext_lazy("band", "Valley"),
        "5": pgettext_lazy("band", "Deep valley"),
    },
    "held": {
        "rollback": _("Register went back"),
        "jump": _("More than the room can take"),
        "contradiction": _("Another value for the same time"),
        "future": _("Later than now"),
        "outside": _("Outside the meter's time here"),
        "bad_value": _("Not a register value"),
        "bad_rates": _("Rates do not add up"),
        "no_payer": _("Nobody pays for the room"),
        "no_tariff": _("No price plan"),
    },
    "detail": {
        "cause": _("Cause"),
        "read_at": _("Read at"),
        "total_wh": _("Total"),
        "last_read_at": _("Read before at"),
        "last_total_wh": _("Total before"),
        "multiplier": _("Multiplier"),
        "day": _("Day"),
        "difference": _("Difference"),
        "what": _("What"),
        "point": _("Room"),
        "points": _("Rooms"),
        "drift_s": _("Clock difference, s"),
        "note": _("Note"),
        "fault": _("Fault"),
        "count": _("Times"),
        "detail": _("Detail"),
        "gateway": _("Gateway"),
        "channel": _("Way"),
        "kind": _("Notice"),
        "error": _("Error"),
        "next": _("Next way"),
        "limit": _("Limit"),
        "per": _("Reached"),
    },
    "document": {
        "receipt": _("Receipt"),
        "refund": _("Refund slip"),
        "clearing": _("Clearing slip"),
        "reversal": _("Reversal slip"),
        "statement": _("Fee statement"),
        "settlement": _("Settlement"),
        "energy_report": _("Energy report"),
        "agreement": _("Agreement"),
        "cashier_report": _("Daily cashier report"),
    },
    "run": {
        "statement": _("Fee statements"),
        "energy_report": _("Energy reports"),
    },
    "run_state": {
        "waiting": _("Waiting"),
        "running": _("Being made"),
        "done": _("Done"),
        "failed": _("Failed"),
    },
    "progress": {
        "history": _("Filling in the estate's history"),
        "import": _("Importing the estate"),
    },
}


def label(table: str, code: object) -> str:
    """This function will return the word for a code; a code without one is shown as it is."""
    return str(LABELS[table].get(str(code), str(code)))
