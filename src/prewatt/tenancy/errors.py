"""What tenancy can refuse."""

from prewatt.kernel.errors import Conflict, NotFound, NotPermitted


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
