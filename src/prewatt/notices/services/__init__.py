"""Writes of notices, split by use. All of it needs a unit of work."""

from prewatt.notices.services.party import Party, load_party
from prewatt.notices.services.preferences import get_wishes, keep_desk_wishes, keep_preference
from prewatt.notices.services.raising import (
    raise_message,
    raise_warnings,
    tell_refund,
    tell_relay_changes,
    tell_request,
    tell_top_up,
)
from prewatt.notices.services.sending import (
    CLAIM_MAX,
    TRIES_MAX,
    claim_notices,
    follow_unconfirmed,
    record_report,
    record_sent,
    send_again,
    tell,
)

__all__ = [
    "CLAIM_MAX",
    "TRIES_MAX",
    "Party",
    "claim_notices",
    "follow_unconfirmed",
    "get_wishes",
    "keep_desk_wishes",
    "keep_preference",
    "load_party",
    "raise_message",
    "raise_warnings",
    "record_report",
    "record_sent",
    "send_again",
    "tell",
    "tell_refund",
    "tell_relay_changes",
    "tell_request",
    "tell_top_up",
]
