"""Messages survive their way as text, and passwords do not show."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.link.encoding import decode, encode
from prewatt.link.errors import BadMessage
from prewatt.link.messages import (
    BusComm,
    BusSweep,
    Comm,
    CommandError,
    CommandReported,
    CommandStep,
    Envelope,
    FieldFault,
    FieldRejected,
    Finding,
    GatewayComm,
    MeterComm,
    MeterPlan,
    Password,
    ReadingReported,
    ReadKind,
    RelayReported,
    RelayState,
    TrialReported,
    Upward,
)

AT = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
EACH: list[Upward] = [
    ReadingReported(1, 7, ReadKind.SCHEDULED, AT, 123_450, (100_000, 23_450, 0, 0)),
    ReadingReported(1, 7, ReadKind.DAILY, AT, 123_450, (), AT),
    RelayReported(1, 7, RelayState.OFF, AT, RelayState.ON),
    CommandReported(1, 99, 7, CommandStep.FAILED, AT, CommandError.PASSWORD_REFUSED, "not_authorised"),
    CommandReported(1, 99, 7, CommandStep.VERIFIED, AT),
    TrialReported(1, 5, AT, None, "", 123_450),
    TrialReported(1, 5, AT, Finding.OTHER_PACE, "9600"),
    MeterComm(1, 7, Comm.LOST, 3, AT, None, -4),
    GatewayComm(1, Comm.DEGRADED, AT, "1 of 2"),
    BusComm(1, 2, is_up=True),
    BusSweep(1, 2, AT, 9_400, 30, 1, {"foreign_address": 2}, 301),
    FieldRejected(1, FieldFault.ADDRESS_CLASH, AT, 2, 7, "采集"),
    FieldRejected(1, FieldFault.SPOOL_FULL, AT, 2),
]


@pytest.mark.parametrize("payload", EACH, ids=lambda one: type(one).__name__)
def test_each_message_comes_back_as_it_was(payload: Upward) -> None:
    envelope = Envelope("site-1", 4, 17, payload)
    assert decode(encode(envelope)) == envelope


def test_every_kind_of_message_was_tried() -> None:
    assert {type(one) for one in EACH} == set(Upward.__args__)


@given(st.binary(max_size=80))
def test_any_other_line_is_a_bad_message(line: bytes) -> None:
    with pytest.raises(BadMessage):
        decode(line)


@pytest.mark.parametrize(
    "line",
    [
        b'[2,"c",1,1,"BusComm",[1,2,true]]\n',
        b'[1,"c",1,1,"NoSuch",[1,2,true]]\n',
        b'[1,"c",1,1,"BusComm",[1,2]]\n',
        b'[1,"c",1,1,"GatewayComm",[1,"odd","2026-01-01T00:00:00+00:00",""]]\n',
    ],
)
def test_a_strange_message_is_refused(line: bytes) -> None:
    with pytest.raises(BadMessage):
        decode(line)


def test_a_torn_line_is_refused() -> None:
    line = encode(Envelope("site-1", 4, 17, EACH[0]))
    for length in range(len(line) - 1):
        with pytest.raises(BadMessage):
            decode(line[:length])


def test_a_password_does_not_show() -> None:
    plan = MeterPlan(1, "000000000001", password=Password(2, "864213"))
    assert "864213" not in f"{plan!r} {plan}"
