"""What the estate can refuse or not do."""

from prewatt.kernel.errors import Conflict, NotFound, Refused, Unable


class UnknownPlace(NotFound):
    """There is no such site, place, point, meter, gateway or bus, or not for this login."""

    code = "unknown_place"


class FixedFact(Conflict):
    """The fact was used by readings or money and cannot be changed by an edit."""

    code = "fixed_fact"


class BadInstallation(Refused):
    """The meter cannot hang there."""

    code = "bad_installation"


class BadPassword(Refused):
    """The password of a meter is not one that the protocol can carry."""

    code = "bad_password"


class KeyMissing(Unable):
    """The key file that opens meter passwords is not there, or cannot be read."""

    code = "meter_key_missing"


class WrongKey(Unable):
    """A sealed password does not open with this key file."""

    code = "meter_key_wrong"


class NoTrial(Refused):
    """The meter has not answered at this place lately: nothing is saved that no trial has proven."""

    code = "no_trial"


class PlaceChanged(Conflict):
    """The meter, or the line, is no longer where the trial found it."""

    code = "place_changed"
