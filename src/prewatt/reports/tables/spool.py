"""A file that is being made: small ones in memory, long ones on disk."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

IN_MEMORY_BYTES: Final = 1_000_000


@contextmanager
def spool() -> Iterator[IO[bytes]]:
    """This function will lend a file to be filled, and leave it open at its beginning for whoever hands it on.

    It is closed when filling it fails.
    """
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # whoever hands it on closes it
    try:
        yield file
    except BaseException:
        file.close()
        raise
    file.seek(0)
