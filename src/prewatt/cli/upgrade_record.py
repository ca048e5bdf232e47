"""What an upgrade has done so far, on disk before it does it: whoever comes after a kill reads how to go on."""

import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from prewatt.cli.errors import UnableToStart
from prewatt.kernel.clock import machine_now

RECORD: Final = "record.json"
BACKUP: Final = "backup"


class Stage(StrEnum):
    """How far an upgrade has come. Up to BACKING_UP nothing was changed; the last three are ends."""

    BACKING_UP = "backing up"
    MIGRATING = "migrating"
    CHECKING = "checking"
    ROLLING_BACK = "rolling back"
    DONE = "done"
    ROLLED_BACK = "rolled back"
    GIVEN_UP = "given up"

    @property
    def is_end(self) -> bool:
        """This property will say whether nothing is left to do."""
        return self in {Stage.DONE, Stage.ROLLED_BACK, Stage.GIVEN_UP}


@dataclass(slots=True)
class Record:
    """One upgrade: from what to what, its stage, and a line for each step that it took."""

    folder: Path
    version: str
    stage: Stage = Stage.BACKING_UP
    missing: list[str] = field(default_factory=list)
    mark: str = ""
    steps: list[str] = field(default_factory=list)

    @property
    def backup(self) -> Path:
        """This property will hold the folder of the backup that was made before anything changed."""
        return self.folder / BACKUP

    def enter(self, stage: Stage, step: str) -> None:
        """This method will note the step; it is on the disk when the method returns."""
        self.stage = stage
        self.steps.append(f"{machine_now().isoformat(timespec='seconds')} {step}")
        words = {**asdict(self), "folder": str(self.folder)}
        half = self.folder / f"{RECORD}.half"
        with half.open("w") as file:
            file.write(json.dumps(words, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        half.rename(self.folder / RECORD)
        place = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """This method will read what ``enter`` wrote; what cannot be read is refused."""
        try:
            words: dict[str, Any] = json.loads((folder / RECORD).read_text())
            return cls(**{**words, "folder": folder, "stage": Stage(words["stage"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnableToStart(
                f"The record of an upgrade, {folder / RECORD}, cannot be read.",
                hint="Look into it. When that upgrade is over for you, move its folder elsewhere.",
            ) from error


def upgrades_folder(data: Path) -> Path:
    """This function will return where the records of this installation's upgrades lie."""
    return data / "upgrades"


def last_record(data: Path) -> Record | None:
    """This function will return the record of the newest upgrade, or None when there was none.

    A folder without a record was made in the moment of a kill: nothing had begun.
    """
    folders = sorted(one.parent for one in upgrades_folder(data).glob(f"*/{RECORD}"))
    return Record.read(folders[-1]) if folders else None


def refuse_half_upgrade(data: Path, *, version: str) -> None:
    """This function will refuse a start that would run into what an upgrade left half done, or has just rolled back.

    Raises UnableToStart.
    """
    record = last_record(data)
    if record is None or record.stage in {Stage.DONE, Stage.GIVEN_UP}:
        return
    if not record.stage.is_end:
        raise UnableToStart(
            f"An upgrade to {record.version} was interrupted while {record.stage}.",
            hint="Run `prewatt upgrade`: it says what is left and goes on.",
        )
    if record.version == version:
        raise UnableToStart(
            f"The upgrade to {version} failed and was rolled back; see {record.folder / RECORD}.",
            hint="Put the version before back, or mend what it names and run `prewatt upgrade` again.",
        )
