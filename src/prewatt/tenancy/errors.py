"""What tenancy can refuse.

::

    Refused
    ├── InvitationOver       its link was used, was taken back, or has expired
    ├── LastOwner            an account that is shared keeps an owner
    ├── NotSettled           an account that money or use stands on cannot be closed
    ├── StillCustomer        personal fields of somebody with an open account are needed
    ├── Conflict
    │   ├── PointTaken
    │   └── FixedTenancy
    ├── NotFound
    │   ├── UnknownAccount
    │   ├── UnknownInvitation
    │   └── UnknownShare
    └── NotPermitted
        └── RoleTooSmall
"""

from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, Refused


class UnknownAccount(NotFound):
    """There is no such account or customer, or not for this login."""

    code = "unknown_account"


class PointTaken(Conflict):
    """Another account pays for the metering point at that time."""

    code = "point_taken"


class FixedTenancy(Conflict):
    """The fact was used by money and cannot be changed by an edit."""

    code = "fixed_tenancy"


class RoleTooSmall(NotPermitted):
    """The login shares the account, but not in a role that allows this."""

    code = "role_too_small"


class UnknownShare(NotFound):
    """The account is not shared in that way, or not any more."""

    code = "unknown_share"


class UnknownInvitation(NotFound):
    """There is no invitation with this link."""

    code = "unknown_invitation"


class InvitationOver(Refused):
    """The invitation's link was used, was taken back, or has expired."""

    code = "invitation_over"


class LastOwner(Refused):
    """Nobody would be left who may share the account or ask for its money back."""

    code = "last_owner"


class NotSettled(Refused):
    """Money, use or a room still stands on the account: it cannot be closed."""

    code = "not_settled"


class StillCustomer(Refused):
    """The customer has an open account: who pays must be known."""

    code = "still_customer"
