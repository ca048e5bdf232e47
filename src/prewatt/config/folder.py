"""Where the data of this installation lie, when nobody says where."""

import hashlib
import os
import sys
from pathlib import Path
from typing import Final

ROOTS_FOLDER: Final = Path("/var/lib/prewatt")


def default_data_folder(*, package: Path | None = None) -> Path:
    """This function will return a folder of its own for each checkout, below the user's data folder.

    Under root it lies below /var/lib/prewatt: root's home is closed to the account that runs the database.
    """
    place = (package or Path(__file__).parent.parent).resolve()
    checkout = place.parent.parent if place.parent.name == "src" else place.parent
    mark = hashlib.sha256(os.fsencode(place)).hexdigest()[:8]
    name = f"{checkout.name}-{mark}"
    return (ROOTS_FOLDER if os.geteuid() == 0 else _users_data_folder() / "prewatt") / name


def _users_data_folder() -> Path:
    """This function will return the folder that the system's conventions name for a user's data."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    given = os.environ.get("XDG_DATA_HOME", "")
    return Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "share"
