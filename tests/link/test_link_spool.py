"""Nothing that was put is lost, and the order stays, whatever happens to memory, file and process."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import prewatt.link.spool as spool_module
from prewatt.link.messages import BusComm, Envelope
from prewatt.link.spool import Spool


def envelope(seq: int) -> Envelope:
    return Envelope("c", 1, seq, BusComm(1, seq, is_up=True))


def seqs(taken: list[Envelope]) -> list[int]:
    return [one.seq for one in taken]


def test_what_is_put_is_taken_in_order_and_the_file_emptied(tmp_path: Path) -> None:
    path = tmp_path / "up.spool"
    woken: list[int] = []
    spool = Spool(path=path, wake=lambda: woken.append(1))
    assert not spool.waiting
    assert all(spool.put(envelope(seq)) for seq in range(1, 6))
    assert spool.waiting
    assert len(woken) == 5
    assert seqs(spool.take(3)) == [1, 2, 3]
    spool.confirm(3)
    assert seqs(spool.take(9)) == [4, 5]
    assert spool.take(9) == []
    spool.confirm(5)
    spool.sync()
    assert path.stat().st_size == 0
    spool.close()


def test_what_finds_no_room_in_memory_is_read_back_from_the_file(tmp_path: Path) -> None:
    spool = Spool(path=tmp_path / "up.spool", memory_max=4)
    for seq in range(1, 21):
        spool.put(envelope(seq))
    spool.sync()
    taken: list[int] = []
    while more := spool.take(3):
        taken += seqs(more)
        if taken[-1] == 10:
            spool.put(envelope(21))
    assert taken == list(range(1, 22))
    spool.confirm(21)
    assert spool.fill == 0
    spool.close()


def test_a_killed_process_leaves_everything_unconfirmed_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "up.spool"
    first = Spool(path=path)
    for seq in range(1, 4):
        first.put(envelope(seq))
    first.take(2)
    first.confirm(2)  # the file is not emptied yet: repeating is allowed, losing is not
    with path.open("ab") as file:
        file.write(b'[1,"c",1,4,"Bus')  # the write that the kill cut off
    second = Spool(path=path)
    assert second.found_bytes
    assert second.torn == 1
    second.put(envelope(5))
    assert seqs(second.take(9)) == [1, 2, 3, 5]
    second.confirm(5)
    assert path.stat().st_size == 0
    first.close()
    second.close()


def test_a_line_that_cannot_be_read_is_counted_and_passed(tmp_path: Path) -> None:
    path = tmp_path / "up.spool"
    path.write_bytes(b"\x00\x00\x00\n")
    spool = Spool(path=path)
    spool.put(envelope(1))
    with path.open("ab") as file:
        file.write(b"nonsense\n")
    spool.close()
    spool = Spool(path=path)
    assert seqs(spool.take(9)) == [1]
    assert spool.torn == 2
    spool.confirm(1)
    assert path.stat().st_size == 0
    spool.close()


def test_a_full_disk_is_borne_in_memory_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(path=tmp_path / "up.spool", memory_max=3)
    spool.put(envelope(1))

    def no_room(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "pwrite", no_room)
    assert [spool.put(envelope(seq)) for seq in range(2, 7)] == [True, True, True, False, False]
    assert spool.refused == 2
    assert spool.fill == 1
    monkeypatch.undo()
    assert seqs(spool.take(9)) == [1]
    assert seqs(spool.take(9)) == [2, 3, 4]
    assert spool.put(envelope(7))
    assert seqs(spool.take(9)) == [7]
    spool.close()


def test_half_a_write_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "up.spool"
    spool = Spool(path=path)
    spool.put(envelope(1))
    size = path.stat().st_size
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: whole(file, data[:7], at))
    assert spool.put(envelope(2))
    assert path.stat().st_size == size
    spool.close()


def test_the_file_has_a_limit(tmp_path: Path) -> None:
    spool = Spool(path=tmp_path / "up.spool", memory_max=2, file_bytes_max=100)
    kept = [spool.put(envelope(seq)) for seq in range(1, 10)]
    assert kept.count(False) == spool.refused > 0
    taken: list[int] = []
    while more := spool.take(9):
        taken += seqs(more)
    assert taken == [seq for seq, one in zip(range(1, 10), kept, strict=True) if one]
    spool.close()


def test_a_long_file_loses_its_confirmed_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "_COMPACT_FROM_BYTES", 100)
    path = tmp_path / "up.spool"
    spool = Spool(path=path, memory_max=4)
    for seq in range(1, 51):
        spool.put(envelope(seq))
    size = path.stat().st_size
    taken: list[int] = []
    while len(taken) < 40:
        taken += seqs(spool.take(4))
        spool.confirm(taken[-1])
    assert path.stat().st_size < size / 2
    again = Spool(path=path)
    repeated: list[int] = []
    while more := again.take(9):
        repeated += seqs(more)
    assert repeated[-1] == 50
    assert repeated[0] <= taken[-1] + 1
    while more := spool.take(4):
        taken += seqs(more)
    assert taken == list(range(1, 51))
    spool.confirm(50)
    assert path.stat().st_size == 0
    spool.close()
    again.close()


def test_a_disk_too_full_to_compact_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "_COMPACT_FROM_BYTES", 100)
    path = tmp_path / "up.spool"
    spool = Spool(path=path)
    for seq in range(1, 21):
        spool.put(envelope(seq))
    size = path.stat().st_size
    taken = seqs(spool.take(15))

    def no_room(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "write", no_room)
    spool.confirm(taken[-1])
    monkeypatch.undo()
    assert path.stat().st_size == size
    assert not path.with_suffix(".new").exists()
    assert seqs(spool.take(9)) == [16, 17, 18, 19, 20]
    spool.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    steps=st.lists(st.one_of(st.just("put"), st.integers(1, 7), st.just("confirm"), st.just("restart")), max_size=60),
    memory_max=st.integers(1, 5),
)
def test_any_history_loses_nothing_and_keeps_the_order(steps: list[object], memory_max: int, tmp_path: Path) -> None:
    path = tmp_path / f"{datetime.now(UTC).timestamp()}.spool"
    spool = Spool(path=path, memory_max=memory_max)
    put, seen, confirmed = 0, 0, 0
    for step in [*steps, "restart"]:
        if step == "put":
            put += 1
            assert spool.put(envelope(put))
        elif step == "confirm":
            spool.confirm(seen)
            confirmed = seen
        elif step == "restart":
            spool.close()
            spool = Spool(path=path, memory_max=memory_max)
            first = spool.take(1)
            assert (seqs(first) or [put + 1])[0] <= confirmed + 1
            seen = first[0].seq if first else put
        else:
            for one in spool.take(int(str(step))):
                assert one.seq == seen + 1
                seen = one.seq
    while more := spool.take(9):
        assert seqs(more) == list(range(seen + 1, seen + 1 + len(more)))
        seen = more[-1].seq
    assert seen == put
    spool.close()
    path.unlink()
