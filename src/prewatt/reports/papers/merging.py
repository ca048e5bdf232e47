"""Many papers as one file to print: the pages of PDFs that we made ourselves, one behind the other.

Our PDFs have a plain table of objects (no compressed ones), so that pages can be carried over as they are, under new
numbers. What belongs to a whole file alone (structure for screen readers, metadata) stays behind in the single papers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Final

from typing_extensions import override

from prewatt.reports.papers.errors import UnableToPrint

_REFERENCE: Final = re.compile(rb"\b(\d+) 0 R\b")
_ENTRY: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])")
_KIDS: Final = re.compile(rb"/Kids\s*\[([^\]]*)\]")
_TYPE_PAGE: Final = re.compile(rb"/Type\s*/Page\b(?!s)")
_PARENT: Final = re.compile(rb"/Parent \d+ 0 R")
_WHOLE_FILES_ALONE: Final = re.compile(rb"/StructParents \d+")
_CATALOG, _PAGES = 1, 2


class _Objects(Mapping[int, bytes]):
    """The objects of a PDF by its table, cut out when they are asked for."""

    def __init__(self, data: bytes) -> None:
        start = int(data[data.rindex(b"startxref") + len(b"startxref") :].split()[0])
        table = data[start : data.index(b"trailer", start)]
        entries = [(int(found[1]), found[3]) for found in _ENTRY.finditer(table)]
        used = sorted((offset, number) for number, (offset, kind) in enumerate(entries) if kind == b"n")
        ends = [*(offset for offset, _ in used[1:]), start]
        self._places = {number: (offset, end) for (offset, number), end in zip(used, ends, strict=True)}
        self._data = data

    @override
    def __getitem__(self, number: int) -> bytes:
        offset, end = self._places[number]
        whole = self._data[offset:end]
        opening = b"%d 0 obj" % number
        if not whole.startswith(opening):
            raise ValueError("the table names another object")
        return whole[len(opening) : whole.rindex(b"endobj")].strip(b"\r\n")

    @override
    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    @override
    def __len__(self) -> int:
        return len(self._places)


class _Source:
    """One PDF, taken apart into its objects."""

    def __init__(self, data: bytes) -> None:
        self.objects = _Objects(data)
        trailer = data[data.rindex(b"trailer") :]
        found = re.search(rb"/Root (\d+) 0 R", trailer)
        if found is None:
            raise UnableToPrint("A kept paper has no root and cannot be joined.")
        catalog = self.objects[int(found[1])]
        root = re.search(rb"/Pages (\d+) 0 R", catalog)
        if root is None:
            raise UnableToPrint("A kept paper has no pages and cannot be joined.")
        self.pages = self._leaves(int(root[1]))

    def _leaves(self, number: int) -> list[int]:
        """Return the pages below a node of the tree of pages, in order."""
        body = self.objects[number]
        if _TYPE_PAGE.search(body):
            return [number]
        kids = _KIDS.search(body)
        numbers = [int(one) for one in _REFERENCE.findall(kids[1])] if kids else []
        return [leaf for one in numbers for leaf in self._leaves(one)]

    def reachable(self) -> list[int]:
        """This method will return every object that the pages need, themselves first."""
        found = list(self.pages)
        seen = set(found)
        for number in found:  # grows while it is walked
            head = _WHOLE_FILES_ALONE.sub(b"", _PARENT.sub(b"", _head(self.objects[number])))
            for one in map(int, _REFERENCE.findall(head)):
                if one not in seen and one in self.objects:
                    seen.add(one)
                    found.append(one)
        return found


def merge_pdfs(files: Iterable[bytes], out: IO[bytes]) -> int:
    """This function will write the pages of PDFs into one, and return how many there are.

    Raises UnableToPrint for a file that is not one of ours.
    """
    offsets: dict[int, int] = {}
    pages: list[int] = []
    written = out.write(b"%PDF-1.7\n%\x80\x80\x80\x80\n")
    number = _PAGES
    for data in files:
        try:
            source = _Source(data)
        except (ValueError, KeyError, IndexError) as error:
            raise UnableToPrint("A kept paper cannot be joined to the others.") from error
        numbers = {old: number + place for place, old in enumerate(source.reachable(), start=1)}
        number += len(numbers)
        pages += [numbers[old] for old in source.pages]
        for old, new in numbers.items():
            offsets[new] = written
            body = _renumbered(source.objects[old], numbers, is_page=old in source.pages)
            written += out.write(b"%d 0 obj\n%s\nendobj\n" % (new, body))
    kids = b" ".join(b"%d 0 R" % one for one in pages)
    for own, body in (
        (_CATALOG, b"<</Type/Catalog/Pages %d 0 R>>" % _PAGES),
        (_PAGES, b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids)),
    ):
        offsets[own] = written
        written += out.write(b"%d 0 obj\n%s\nendobj\n" % (own, body))
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (number + 1))
    out.writelines(b"%010d 00000 n \n" % offsets[one] for one in range(1, number + 1))
    out.write(b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (number + 1, _CATALOG, written))
    return len(pages)


def _head(body: bytes) -> bytes:
    """Return what stands before an object's stream: references are there alone."""
    place = body.find(b"stream")
    return body if place < 0 else body[:place]


def _renumbered(body: bytes, numbers: Mapping[int, int], *, is_page: bool) -> bytes:
    head = _head(body)
    fresh = head
    if is_page:
        fresh = _WHOLE_FILES_ALONE.sub(b"", _PARENT.sub(b"", fresh))
    fresh = _REFERENCE.sub(lambda found: b"%d 0 R" % numbers.get(int(found[1]), 0), fresh)
    if is_page:
        at = fresh.rindex(b">>")
        fresh = fresh[:at] + b"/Parent %d 0 R" % _PAGES + fresh[at:]
    return fresh + body[len(head) :]
