"""What asking for a second person, and deciding as one, can refuse.

::

    Refused
    ├── ApprovalAsked        it waits for another person now: nothing was done yet
    ├── NotPermitted
    │   └── SameHands        who asked does not approve
    ├── NotFound
    │   └── UnknownApproval
    └── Conflict
        ├── ApprovalEnded    it was decided, taken back or ran out before
        └── ApprovalStale    what it is about has changed since it was asked
"""

from uuid import UUID

from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, Refused


class ApprovalAsked(Refused):
    """It waits for another person now; nothing was done yet. ``public_id`` names the request."""

    code = "approval_asked"

    def __init__(self, message: str, *, hint: str = "", public_id: UUID) -> None:
        super().__init__(message, hint=hint)
        self.public_id = public_id


class SameHands(NotPermitted):
    """Who asked does not approve."""

    code = "same_person"


class UnknownApproval(NotFound):
    """There is no such request, or none for this login."""

    code = "unknown_approval"


class ApprovalEnded(Conflict):
    """It was decided, taken back or ran out before."""

    code = "approval_ended"


class ApprovalStale(Conflict):
    """What it is about has changed since it was asked."""

    code = "approval_stale"
