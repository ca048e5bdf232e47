"""Kinds of cases: what each is called on the shift board, and what the person should do."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    """What a person must look at."""

    READING_HELD = auto()
    METER_LOST = auto()
    GATEWAY_LOST = auto()
    ADDRESS_CLASH = auto()
    COMMAND_FAILED = auto()
    RELAY_DIFFERS = auto()
    PASSWORD_REFUSED = auto()
    CUT_LIMIT = auto()
    NOTICE_UNDELIVERED = auto()
    LEDGER_DIFFERENCE = auto()
    PAID_NOT_ON = auto()
    NO_TARIFF = auto()
    FIELD_REJECTED = auto()
    CLOCK_DRIFT = auto()
    METER_STUCK = auto()
    MONEY_UNMATCHED = auto()
    CALLBACK_FOREIGN = auto()
    REFUND_FAILED = auto()
    STATEMENT_DIFFERS = auto()
    STATEMENT_MISSING = auto()
    SURPLUS_TO_REFUND = auto()
    READING_DISPUTED = auto()
    REFUND_WISHED = auto()
    MOVE_OUT_WISHED = auto()
    INVOICE_WISHED = auto()
    POWER_OFF_REPORTED = auto()
    WEBHOOK_FAILING = auto()


@dataclass(frozen=True, slots=True)
class KindText:
    """The words of a kind."""

    label: Promise
    hint: Promise


KINDS: Final[dict[Kind, KindText]] = {
    Kind.READING_HELD: KindText(
        _("Reading held back"), _("Compare it with the meter, then accept or reject it. It is not charged until then.")
    ),
    Kind.METER_LOST: KindText(_("Meter does not answer"), _("Check its wiring, address and baud rate.")),
    Kind.GATEWAY_LOST: KindText(
        _("Gateway does not answer"), _("Check its power and network. Its meters keep their supply.")
    ),
    Kind.ADDRESS_CLASH: KindText(
        _("Two meters answer to one address"), _("Disconnect one of them and give it an address of its own.")
    ),
    Kind.COMMAND_FAILED: KindText(
        _("Command failed"), _("The relay is not as it should be. Look at the meter, then try again.")
    ),
    Kind.RELAY_DIFFERS: KindText(
        _("Relay changed by hand"), _("Somebody worked at the meter. Find out who, then decide what it should be.")
    ),
    Kind.PASSWORD_REFUSED: KindText(
        _("Meter refused the password"), _("Enter the right password. It is not tried again: meters lock.")
    ),
    Kind.CUT_LIMIT: KindText(
        _("Disconnections stopped at their limit"), _("Look at the list, then resume or leave them stopped.")
    ),
    Kind.NOTICE_UNDELIVERED: KindText(
        _("Notice not delivered"), _("Tell the tenant by another way. Nobody is disconnected without a notice.")
    ),
    Kind.LEDGER_DIFFERENCE: KindText(
        _("The books do not agree"), _("Run the verification, keep its output and call support before correcting.")
    ),
    Kind.PAID_NOT_ON: KindText(
        _("Paid, but the power is not back"), _("Look at the command and the meter; the money is credited.")
    ),
    Kind.NO_TARIFF: KindText(_("No price for this use"), _("Assign a tariff. The use is kept and charged then.")),
    Kind.FIELD_REJECTED: KindText(
        _("Answers rejected on a bus"), _("Look for noise, a second master or a wrong setting on this line.")
    ),
    Kind.METER_STUCK: KindText(
        _("Register stands still"), _("Compare the meter with a load that is switched on. Its readings are accepted.")
    ),
    Kind.MONEY_UNMATCHED: KindText(
        _("Money that fits no order"),
        _("It lies in suspense. Credit it to the account that it is for, or have it refunded."),
    ),
    Kind.CALLBACK_FOREIGN: KindText(
        _("Call-back for another merchant"),
        _("It was signed, but names another merchant or app. Compare the merchant's settings with the provider's."),
    ),
    Kind.REFUND_FAILED: KindText(
        _("Refund failed"), _("The money is back where it was. Look at the provider's words, then ask again.")
    ),
    Kind.STATEMENT_DIFFERS: KindText(
        _("Provider's statement differs"), _("Look at each line that differs, and settle it with a word that says why.")
    ),
    Kind.STATEMENT_MISSING: KindText(
        _("Provider's statement is missing"), _("Download it from the provider and upload it, or test the merchant.")
    ),
    Kind.SURPLUS_TO_REFUND: KindText(
        _("Surplus to give back"),
        _("The month is settled. Give the money back by the account's refund, then close this."),
    ),
    Kind.READING_DISPUTED: KindText(
        _("Tenant doubts a reading"), _("Read the meter on site and compare. Write what you found: the tenant sees it.")
    ),
    Kind.REFUND_WISHED: KindText(
        _("Tenant wants money back"), _("Look at the balance, then give it back by the account's refund.")
    ),
    Kind.MOVE_OUT_WISHED: KindText(
        _("Tenant wants to move out"), _("Agree on the day, read the meter then, and settle the account.")
    ),
    Kind.INVOICE_WISHED: KindText(
        _("Tenant wants an invoice"), _("Issue it, and write its number when you close this.")
    ),
    Kind.POWER_OFF_REPORTED: KindText(
        _("Tenant says the power is off"), _("Look at relay, meter and line; call the tenant when you know.")
    ),
    Kind.WEBHOOK_FAILING: KindText(
        _("Webhook does not answer"), _("Mend the program that it leads to, then enable the webhook in the settings.")
    ),
    Kind.CLOCK_DRIFT: KindText(_("Meter clock is wrong"), _("Set the meter's clock; prices follow the server's time.")),
}
