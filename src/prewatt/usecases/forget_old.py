"""What says nothing any more is deleted: counts of tries, codes that ran out, sessions that ended."""

from prewatt.access.codes import forget_old_codes
from prewatt.access.sessions import forget_old_sessions
from prewatt.access.throttle import forget_old_tries


def forget_old() -> int:
    """This function will delete them, and return how many. Nobody's deed, so it leaves no action."""
    return forget_old_tries() + forget_old_codes() + forget_old_sessions()
