"""The way up: a queue in memory before a file, so that nothing learned in the field is lost while nobody listens.

Every envelope is appended to the file first (the page cache outlives a kill -9; fsync follows in batches), and kept in
memory while there is room. The reader takes from memory; what found no room there is read back from the file, so the
order stays. When all is taken and confirmed, the file is emptied. Confirmed means: whatever was taken may be repeated
after a crash, never lost; who takes must be able to take it twice.

When the file cannot grow (full disk, or its own limit) envelopes wait in memory up to a bound, then they are refused
and counted; ``fill`` tells the field to ask less.
"""

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

from prewatt.link.encoding import decode, encode
from prewatt.link.errors import BadMessage
from prewatt.link.messages import Envelope

MEMORY_MAX: Final = 4_000
FILE_BYTES_MAX: Final = 256 * 1024 * 1024
_COMPACT_FROM_BYTES: Final = 16 * 1024 * 1024
_CHUNK_BYTES: Final = 256 * 1024


class Spool:
    """A queue of envelopes between two threads. ``wake`` is called after each ``put``, from the thread that puts."""

    def __init__(
        self,
        *,
        path: Path,
        memory_max: int = MEMORY_MAX,
        file_bytes_max: int = FILE_BYTES_MAX,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.refused = 0
        """Envelopes that found no room anywhere."""
        self.torn = 0
        """Lines of the file that could not be read back: cut off by a crash, or by a full disk."""
        self._path = path
        self._memory_max = memory_max
        self._file_bytes_max = file_bytes_max
        self._wake = wake
        self._lock = Lock()
        self._memory: deque[Envelope] = deque()  # read next
        self._late: deque[Envelope] = deque()  # found no room in the file; read after it
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._end = os.fstat(self._file).st_size
        self._read = 0  # bytes of the file that are in memory or were taken
        self._ends: deque[tuple[int, int]] = deque()  # (seq, where it ends in the file) of what is not confirmed
        self._confirmed = 0  # bytes of the file that are confirmed
        self._dirty = False
        self._seal_torn_line()
        self.found_bytes = self._end
        """Bytes that a former process left behind."""

    def put(self, envelope: Envelope) -> bool:
        """This method will keep an envelope; False when there is no room for it, neither on disk nor in memory."""
        line = encode(envelope)
        with self._lock:
            kept = self._keep(envelope, line)
        if kept:
            self._wake()
        return kept

    def take(self, limit: int) -> list[Envelope]:
        """This method will return up to ``limit`` envelopes in their order; confirm them when they are safe."""
        with self._lock:
            if not self._memory and self._read < self._end:
                self._load()
            if not self._memory and self._read == self._end:
                self._memory, self._late = self._late, self._memory
            return [self._memory.popleft() for _ in range(min(limit, len(self._memory)))]

    def confirm(self, seq: int) -> None:
        """This method will let go of every envelope up to ``seq``; the file shrinks when it can."""
        with self._lock:
            while self._ends and self._ends[0][0] <= seq:
                self._confirmed = self._ends.popleft()[1]
            if not self._end or self._confirmed < min(self._end, _COMPACT_FROM_BYTES):
                return
            if self._confirmed == self._end:
                self._empty()
            elif self._confirmed * 2 > self._end:
                self._compact()

    @property
    def waiting(self) -> bool:
        """This property will be true while there is something to take."""
        return bool(self._memory or self._late) or self._read < self._end

    @property
    def fill(self) -> float:
        """This property will be 0 when empty and 1 when nothing more can be kept."""
        return max(self._end / self._file_bytes_max, len(self._late) / self._memory_max)

    def sync(self) -> None:
        """This method will force what was written onto the disk; slow, so not for the event loop."""
        if self._dirty:
            self._dirty = False
            os.fsync(self._file)

    def close(self) -> None:
        """This method will close the file; what was not confirmed stays in it for the next process."""
        os.close(self._file)

    def _keep(self, envelope: Envelope, line: bytes) -> bool:
        caught_up = self._read == self._end and not self._late
        if self._late or not self._append(line):
            if len(self._late) >= self._memory_max:
                self.refused += 1
                return False
            self._late.append(envelope)
            return True
        if caught_up and len(self._memory) < self._memory_max:
            self._memory.append(envelope)
            self._ends.append((envelope.seq, self._end))
            self._read = self._end
        return True

    def _append(self, line: bytes) -> bool:
        if self._end + len(line) > self._file_bytes_max:
            return False
        try:
            written = os.pwrite(self._file, line, self._end)
        except OSError:
            written = 0
        if written < len(line):
            os.ftruncate(self._file, self._end)
            return False
        self._end += written
        self._dirty = True
        return True

    def _load(self) -> None:
        chunk = os.pread(self._file, _CHUNK_BYTES, self._read)
        whole = chunk[: chunk.rfind(b"\n") + 1]
        for line in whole.splitlines(keepends=True):
            self._read += len(line)
            try:
                envelope = decode(line)
            except BadMessage:
                self.torn += 1
                self._pass_over()
                continue
            self._memory.append(envelope)
            self._ends.append((envelope.seq, self._read))

    def _pass_over(self) -> None:
        """This method will let an unreadable line go together with the envelope before it."""
        if self._ends:
            self._ends[-1] = (self._ends[-1][0], self._read)
        else:
            self._confirmed = self._read

    def _seal_torn_line(self) -> None:
        """This method will cut off a last line that a crash left unfinished."""
        keep = self._end
        while keep and os.pread(self._file, 1, keep - 1) != b"\n":
            keep -= 1
        if keep < self._end:
            self.torn += 1
            os.ftruncate(self._file, keep)
            self._end = keep

    def _empty(self) -> None:
        os.ftruncate(self._file, 0)
        self._end = self._read = self._confirmed = 0
        self._dirty = False

    def _compact(self) -> None:
        """This method will drop the confirmed half of a long file."""
        gone = self._confirmed
        fresh_path = self._path.with_suffix(".new")
        fresh = os.open(fresh_path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        at = gone
        try:
            while at < self._end:
                at += os.write(fresh, os.pread(self._file, _CHUNK_BYTES, at))
            os.fsync(fresh)
        except OSError:
            os.close(fresh)
            fresh_path.unlink(missing_ok=True)
            return
        fresh_path.replace(self._path)
        os.close(self._file)
        self._file = fresh
        self._end -= gone
        self._read -= gone
        self._confirmed = 0
        self._ends = deque((seq, end - gone) for seq, end in self._ends)
