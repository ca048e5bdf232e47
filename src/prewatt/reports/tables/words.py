"""Words for the codes that reports show. A test holds them against the tables that the codes come from."""

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prewatt.cases.kinds import KINDS
from prewatt.reports.tables.columns import Words
from prewatt.supply.reasons import BY_PERSON, REASONS

CHANNELS: Final[Words] = {
    "cash": _("Cash"),
    "card": _("Card terminal"),
    "transfer": _("Bank transfer"),
    "alipay": _("Alipay"),
    "wechat": _("WeChat Pay"),
    "stripe": "Stripe",
    "testpay": _("Test provider"),
}
BANDS: Final[Words] = {
    "1": pgettext_lazy("band", "Sharp"),
    "2": pgettext_lazy("band", "Peak"),
    "3": pgettext_lazy("band", "Flat"),
    "4": pgettext_lazy("band", "Valley"),
    "5": pgettext_lazy("band", "Deep valley"),
}
SEVERITIES: Final[Words] = {"info": _("Information"), "warning": _("Warning"), "urgent": _("Urgent")}
COMM: Final[Words] = {"online": _("Online"), "degraded": _("Degraded"), "lost": _("Lost")}
CASES: Final[Words] = {kind.value: text.label for kind, text in KINDS.items()}
CAUSES: Final[Words] = {
    **{reason.value: words for reason, words in REASONS.items()},
    **BY_PERSON,
    "credit": _("Out of credit"),
    "payment": _("Paid"),
}
COMMANDS: Final[Words] = {
    "queued": _("Queued"),
    "sent": _("Sent"),
    "acknowledged": _("Acknowledged"),
    "verified": _("Verified"),
    "failed": _("Failed"),
    "expired": _("Expired"),
    "voided": _("Voided"),
}
REFUNDS: Final[Words] = {
    "requested": _("To be approved"),
    "approved": _("Approved"),
    "sent": _("On its way"),
    "succeeded": _("Arrived"),
    "failed": _("Failed, money returned to the balance"),
    "refused": _("Refused"),
    "paid_out": _("Paid out at the desk"),
    "reversed": _("Reversed"),
}
OUTCOMES: Final[Words] = {"done": _("Done"), "refused": _("Refused")}
