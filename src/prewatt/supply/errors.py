"""What supply refuses.

::

    Refused
    ├── NotLive              the building's supply mode is not live: nothing is sent
    ├── PointProtected       protection beats a disconnection
    ├── PointFrozen          somebody works there: no command in either direction
    ├── CutsStopped          all disconnections of the site are stopped
    ├── CutLimitReached      the site's limit of disconnections is reached
    ├── StillHeld            another hold keeps the power off
    ├── ReasonMissing        a person's act on supply needs a reason
    ├── NamedPersonNeeded    only a named person may do this
    ├── PreviewOutdated      more rooms are concerned than the person was shown
    └── NotFound
        ├── UnknownPoint
        ├── UnknownSite
        └── UnknownHold
"""

from prewatt.kernel.errors import NotFound, Refused


class NotLive(Refused):
    """The supply mode is not live: nothing is sent."""

    code = "not_live"


class PointProtected(Refused):
    """Protection beats a disconnection."""

    code = "point_protected"


class PointFrozen(Refused):
    """Somebody works there: no command in either direction."""

    code = "point_frozen"


class CutsStopped(Refused):
    """All disconnections of the site are stopped."""

    code = "cuts_stopped"


class CutLimitReached(Refused):
    """The site's limit of disconnections is reached."""

    code = "cut_limit_reached"


class StillHeld(Refused):
    """Another hold keeps the power off."""

    code = "still_held"


class ReasonMissing(Refused):
    """A person's act on supply needs a reason."""

    code = "reason_missing"


class NamedPersonNeeded(Refused):
    """Only a named person may do this."""

    code = "named_person_needed"


class UnknownPoint(NotFound):
    """There is no such metering point."""

    code = "unknown_point"


class UnknownSite(NotFound):
    """There is no such site or building."""

    code = "unknown_site"


class UnknownHold(NotFound):
    """There is no such open hold."""

    code = "unknown_hold"


class PreviewOutdated(Refused):
    """More rooms are concerned than the person was shown."""

    code = "preview_outdated"
