"""Statements as files: a zip or plain text, some lines of prose, then a table. Pure, every size limited."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from prewatt.payments.providers.strict import Unreadable

UNPACKED_BYTES_MAX: Final = 64_000_000
ROWS_MAX: Final = 500_000
_FILES_MAX: Final = 8
_FIELD_CHARS_MAX: Final = 4_096


def unpack(data: bytes) -> list[bytes]:
    """This function will return the files of a zip, or the file itself. Raises Unreadable, bombs included."""
    if not data.startswith(b"PK"):
        return [data]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise Unreadable("not a zip that can be opened") from None


def read_text(data: bytes, *encodings: str) -> str:
    """This function will decode with the first encoding that fits; a byte order mark is dropped."""
    if len(data) > UNPACKED_BYTES_MAX:
        raise Unreadable(f"more than {UNPACKED_BYTES_MAX} bytes")
    for encoding in encodings:
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise Unreadable("in none of the character sets that were expected")


def read_table(text: str, *, columns: Sequence[str], ends: Iterable[str] = ()) -> Iterator[Mapping[str, str]]:
    """This function will give the rows under the line that holds all ``columns``, by name, without padding.

    Lines that begin with # and empty ones are prose. A row whose first cell is one of ``ends`` closes the table.
    Raises Unreadable when the columns are not there, or a row has another number of cells.
    """
    names: list[str] = []
    for count, cells in enumerate(_lines(text)):
        if count > ROWS_MAX:
            raise Unreadable(f"more than {ROWS_MAX} rows")
        if not names:
            names = cells if set(columns) <= set(cells) else []
        elif cells[0] in ends:
            return
        elif len(cells) != len(names):
            raise Unreadable(f"row {count + 1} has {len(cells)} cells, its table {len(names)}")
        else:
            yield dict(zip(names, cells, strict=True))
    if not names:
        raise Unreadable(f"no table with the columns {', '.join(columns)}")


def has_columns(text: str, columns: Sequence[str]) -> bool:
    """This function will say whether a table with these columns begins somewhere in the text."""
    return any(set(columns) <= set(cells) for cells in _lines(text))


def _lines(text: str) -> Iterator[list[str]]:
    """This function will give lines as cells without their padding: spaces, tabs, and the mark ` of WeChat Pay."""
    try:
        for cells in csv.reader(io.StringIO(text)):
            if not cells or cells[0].startswith("#") or not any(cells):
                continue
            if any(len(cell) > _FIELD_CHARS_MAX for cell in cells):
                raise Unreadable("a cell is too long")
            yield [cell.strip(" \t`") for cell in cells]
    except csv.Error:
        raise Unreadable("not a table") from None


def _members(archive: zipfile.ZipFile) -> list[bytes]:
    names = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(names) > _FILES_MAX:
        raise Unreadable(f"more than {_FILES_MAX} files")
    room, files = UNPACKED_BYTES_MAX, []
    for entry in names:
        with archive.open(entry) as file:
            files.append(file.read(room + 1))  # what the entry says of its size proves nothing
        room -= len(files[-1])
        if room < 0:
            raise Unreadable(f"more than {UNPACKED_BYTES_MAX} bytes when unpacked")
    return files
