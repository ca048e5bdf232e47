"""What differs between meters of one language: data, not code. ``docs/field.md`` says how to add a profile."""

from dataclasses import dataclass
from typing import Final

from prewatt.field.errors import UnknownProfile
from prewatt.wire.dlt645.requests import RelayCommand


@dataclass(frozen=True, slots=True)
class Profile:
    """How one kind of DL/T 645-2007 meter wants to be spoken to."""

    name: str
    rates: int = 4
    """Rates that follow the total in the energy block; only sets how long an answer is waited for."""

    close: RelayCommand = RelayCommand.CLOSE
    n2: int = 0
    validity_s: int = 900
    """Seconds of the meter's clock after which it refuses a command that we have sent (N3..N8)."""

    prove_s: float = 4.0
    """Machine seconds after which an accepted command must show in the relay; a trip delay belongs in here."""

    has_daily_freeze: bool = True
    has_clock_item: bool = True
    """Whether 0400010C exists; else date and time are read one after the other."""


PROFILES: Final = {
    profile.name: profile
    for profile in (
        Profile("dlt645-2007"),
        Profile("dlt645-2007-base", has_daily_freeze=False, has_clock_item=False),
        Profile("dlt645-2007-permit", close=RelayCommand.ALLOW_CLOSE),
    )
}
"""Name -> profile. ``-base``: nothing beyond the base standard. ``-permit``: a person presses the meter's button."""


def get_profile(name: str) -> Profile:
    """This function will return a profile by its name. Raises UnknownProfile."""
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(sorted(PROFILES))
        raise UnknownProfile(f"No driver knows the meter profile {name!r}.", hint=f"Known: {known}.") from None
