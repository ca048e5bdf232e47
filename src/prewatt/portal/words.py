"""What tenants read for the codes of the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class RoleWord:
    """A role in sharing: its name, and what it allows."""

    name: Promise
    allows: Promise


ROLES: Final[Mapping[str, RoleWord]] = {
    "viewer": RoleWord(_("Looks"), _("Sees balance, use and papers.")),
    "payer": RoleWord(_("Pays"), _("Also tops up and restores power.")),
    "owner": RoleWord(_("Owner"), _("Also shares the account, asks for money back and moves out.")),
}


@dataclass(frozen=True, slots=True)
class WishWord:
    """Something that the desk can be asked for: its name, what to know before, what stands on the button."""

    name: Promise
    says: Promise
    button: Promise
    icon: str


WISHES: Final[Mapping[str, WishWord]] = {
    "dispute": WishWord(
        _("A reading looks wrong"),
        _("Write what you read on the meter and when. Somebody compares it on site; until then nothing changes."),
        _("Have it checked"), "gauge",
    ),
    "refund": WishWord(
        _("Money back"),
        _("The desk gives back what is not used, by the way it was paid where that is possible."),
        _("Ask for money back"), "receipt-refund",
    ),
    "move_out": WishWord(
        _("Moving out"),
        _("Write the day. The meter is read then, what is left is given back, and you get a last statement."),
        _("Tell the desk"), "logout",
    ),
    "invoice": WishWord(
        _("An invoice"),
        _("Write the months and the name and tax number that it shall bear."),
        _("Ask for the invoice"), "receipt",
    ),
    "power": WishWord(
        _("The power is off and I do not know why"),
        _("Write what you see: one room or all, a breaker, a light on the meter."),
        _("Tell the desk"), "bolt-off",
    ),
}  # fmt: skip

SUPPLY: Final[Mapping[str, Promise]] = {
    "on": _("Power is on"),
    "warning": _("Power is on, money runs low"),
    "off_credit": _("Off: out of credit"),
    "off_by_hand": _("Switched off by the operator"),
    "off_other": _("Power is off"),
    "cutting": _("Power is being switched off"),
    "restoring": _("Power is coming back"),
    "unknown": _("The meter has not answered yet"),
    "no_room": _("No room belongs to this account"),
}
STEPS: Final[Mapping[str, Promise]] = {
    "paid": _("Paid"),
    "credited": _("Credited"),
    "command": _("Command sent"),
    "power": _("Power on"),
}
SLOW: Final[Mapping[str, Promise]] = {
    "provider_away": _("The payment service does not answer. We keep asking it."),
    "waiting_for_provider": _(
        "The payment service has not confirmed it yet. We keep asking it; you may leave this page."
    ),
    "parked": _("The money is here, and somebody looks at where it belongs. The service desk has been told."),
    "not_enough": _(
        "The money is credited. It is less than what brings the power back: see how much is missing on the first page."
    ),
    "power_held": _(
        "The money is credited. The operator keeps the power off for another reason: call the service desk."
    ),
    "meter_silent": _("The line to your meter is disturbed. An engineer was told, and we keep trying."),
    "command_failed": _("The meter did not switch. An engineer was told."),
}
LINES: Final[Mapping[str, Promise]] = {
    "top_up": _("Top-up"),
    "refund": _("Money back"),
    "usage": _("Electricity used"),
    "clearing": _("Balance cleared"),
    "reversal": _("Undone"),
    "opening_balance": _("Balance taken over"),
    "refund_returned": _("Refund that failed, credited again"),
}
PAPERS: Final[Mapping[str, Promise]] = {
    "receipt": _("Receipt"),
    "refund": _("Refund slip"),
    "clearing": _("Clearing slip"),
    "reversal": _("Reversal slip"),
    "statement": _("Fee statement"),
    "settlement": _("Settlement statement"),
    "energy_report": _("Energy report"),
    "agreement": _("Agreement"),
}
CHANNELS: Final[Mapping[str, str | Promise]] = {
    "cash": _("cash"),
    "card": _("card at the desk"),
    "transfer": _("bank transfer"),
    "alipay": _("Alipay"),
    "wechat": _("WeChat Pay"),
    "stripe": "Stripe",
    "testpay": _("test payment"),
}
