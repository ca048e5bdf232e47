"""The words of reasons, as screens and papers say them: why disconnected, why not, why on again, why stopped."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prewatt.supply.policy import Reason

REASONS: Final[dict[Reason, Promise]] = {
    Reason.NO_CREDIT: _("Out of credit"),
    Reason.IN_CREDIT: _("In credit again"),
    Reason.MOVED_OUT: _("No longer this tenant's room"),
    Reason.OWN_USE: _("The operator's own use"),
    Reason.ACCOUNT_CLOSED: _("Account closed"),
    Reason.OTHER_MEDIUM: _("Not electricity"),
    Reason.MODE_OFF: _("Supply mode is not live"),
    Reason.NO_RELAY: _("The meter has no relay"),
    Reason.PROTECTED: _("Protected"),
    Reason.FROZEN: _("Frozen for maintenance"),
    Reason.STOPPED: _("All disconnections are stopped"),
    Reason.LOADING: _("History is being loaded"),
    Reason.READING_HELD: _("A reading is held back"),
    Reason.FRIENDLY_HOURS: _("Friendly hours"),
    Reason.FRIENDLY_DAY: _("Weekend or holiday"),
    Reason.NO_NOTICE: _("No proof of notice"),
    Reason.NOTICE_TOO_FRESH: _("The last call has not run out"),
    Reason.UNDER_WORK: _("The line is under work"),
    Reason.GATEWAY_LOST: _("The gateway is offline"),
    Reason.METER_LOST: _("The meter is offline"),
    Reason.LIMIT_MINUTE: _("Limit of a minute reached"),
    Reason.LIMIT_DAY: _("Limit of the day reached"),
}

BY_PERSON: Final[dict[str, Promise]] = {
    "manual": _("Disconnected by hand at the desk"),
    "manual_lifted": _("Reconnected at the desk"),
    "protect": _("Protected by the desk"),
    "protect_lifted": _("Protection ended"),
    "maintenance": _("Frozen for maintenance"),
    "maintenance_lifted": _("Maintenance ended"),
    "safety": _("Locked off for safety"),
    "safety_lifted": _("Safety lock ended"),
    "by_hand": _("Changed at the meter"),
    "reconcile": _("To agree with what is wanted"),
}

STOPPED: Final[dict[str, Promise]] = {
    "password_refused": _("The meter refused the password"),
    "relay_stuck": _("The relay does not move"),
    "no_answer": _("The meter does not answer"),
    "changed_by_hand": _("Somebody changes it by hand"),
    "tries_spent": _("Tried as often as allowed"),
}


def words_of(code: str) -> Promise | str:
    """This function will return the words of a reason code; the code itself where it has none."""
    if code in REASONS:
        return REASONS[Reason(code)]
    return BY_PERSON.get(code) or STOPPED.get(code) or code
