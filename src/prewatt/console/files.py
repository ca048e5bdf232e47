"""Files on their way out: read piece by piece on both kinds of server, so that a slow reader costs no memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import IO, Any, Final

from django.http import FileResponse
from typing_extensions import override

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
BLOCK_BYTES: Final = 256 * 1024


class SheetResponse(FileResponse):
    """A file as a download. Django's own would hold all of it in memory before an asynchronous server sends it."""

    def __init__(self, file: IO[bytes], *, filename: str, content_type: str) -> None:
        super().__init__(file, as_attachment=True, filename=filename, content_type=content_type)
        self._file = file
        self["Cache-Control"] = "no-store"

    @override
    async def __aiter__(self) -> AsyncIterator[Any]:
        while block := await asyncio.to_thread(self._file.read, BLOCK_BYTES):
            yield block
