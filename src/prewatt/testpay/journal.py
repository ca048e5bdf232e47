"""The provider's memory: one JSON line for each change, the last one of a thing counts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

JOURNAL_FILE: Final = "book.jsonl"


class Journal:
    """Appends changes to a file, and gives the present state of everything when it is opened again."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL_FILE
        self._file: TextIO | None = None

    def load(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """This method will give (kind, fields) of everything, and shorten the file to that.

        A last line that a kill cut short is dropped: what it said was not answered yet.
        """
        present: dict[tuple[str, str], dict[str, Any]] = {}
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                try:
                    kind, key, fields = json.loads(line)
                except ValueError:
                    continue
                present[kind, key] = fields
        draft = self._path.with_suffix(".half")
        draft.write_text("".join(_line(kind, key, fields) for (kind, key), fields in present.items()))
        draft.replace(self._path)
        self._file = self._path.open("a")
        yield from ((kind, fields) for (kind, _), fields in present.items())

    def write(self, kind: str, key: str, fields: dict[str, Any]) -> None:
        """This method will keep the present state of a thing."""
        if self._file is not None:
            self._file.write(_line(kind, key, fields))
            self._file.flush()

    def close(self) -> None:
        """This method will close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(kind: str, key: str, fields: dict[str, Any]) -> str:
    return json.dumps([kind, key, fields], ensure_ascii=False) + "\n"
