"""Sorting, renaming and planning: what the intake does without a database."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prewatt.estate.queries import PlanMeter
from prewatt.estate.secrets import MeterPassword, MeterSafe
from prewatt.intake.batches import Batch, by_site, list_urgent, renamed
from prewatt.intake.plans import Planner
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
    GatewayComm,
    MeterComm,
    Password,
    ReadingReported,
    ReadKind,
    RelayReported,
    RelayState,
    Upward,
)
from prewatt.metering.comm import GatewayCommReport, MeterCommReport, SweepReport
from prewatt.metering.values import ReadingIn
from prewatt.supply.values import CommandReport, RelayReport
from prewatt.usecases.record_comm_reports import FieldFaultReport

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
READING = ReadingReported(1, 7, ReadKind.DAILY, AT, 1_230, (1_000, 230), AT)


def said(payload: Upward, *, seq: int = 5, epoch: int = 3) -> Envelope:
    return Envelope("c", epoch, seq, payload)


def test_each_message_goes_where_it_belongs() -> None:
    payloads: list[Upward] = [
        READING,
        RelayReported(1, 7, RelayState.OFF, AT, RelayState.ON),
        CommandReported(1, 99, 7, CommandStep.FAILED, AT, CommandError.RELAY_STUCK, "words"),
        CommandReported(1, 98, 7, CommandStep.VERIFIED, AT),
        MeterComm(1, 7, Comm.LOST, 3, AT, None, -4),
        GatewayComm(1, Comm.DEGRADED, AT, "1 of 2"),
        BusComm(1, 2, is_up=True),
        BusSweep(1, 2, AT, 9_400, 30, 1, {"late": 2}, 301),
        FieldRejected(1, FieldFault.ADDRESS_CLASH, AT, 2, 7, "x"),
    ]
    batch = Batch.of(said(one) for one in payloads)
    assert batch.readings == {1: [ReadingIn(7, 2, AT, 1_230, (1_000, 230), AT, 3, 5)]}
    assert batch.relays == [RelayReport(7, "off", AT, 3, "on")]
    assert batch.commands == [
        CommandReport(99, "failed", AT, 3, "relay_stuck", "words"),
        CommandReport(98, "verified", AT, 3),
    ]
    assert batch.meters == [MeterCommReport(7, "lost", AT, 3, 3, None, -4)]
    assert batch.gateways == [GatewayCommReport(1, "degraded", AT, 3, "1 of 2")]
    assert batch.buses == {2: True}
    assert batch.sweeps == [SweepReport(2, AT, 9_400, 30, 1, 3, {"late": 2}, 301)]
    assert batch.faults == [FieldFaultReport(1, "address_clash", 2, 7, "x")]


def test_the_fate_of_a_command_and_its_proof_do_not_wait() -> None:
    proof, other = RelayReported(1, 7, RelayState.OFF, AT), RelayReported(1, 8, RelayState.ON, AT)
    fate, line = CommandReported(1, 99, 7, CommandStep.VERIFIED, AT), BusComm(1, 2, is_up=True)
    assert [one.payload for one in list_urgent([said(one) for one in (READING, proof, other, fate, line)])] == [
        proof,
        fate,
        line,
    ]
    assert list_urgent([said(READING), said(proof)]) == []


def test_readings_of_our_former_life_get_the_present_epoch() -> None:
    old, new = said(READING, seq=5), said(READING, seq=15)
    assert renamed(old, before_seq=10, epochs={1: 4}).epoch == 4
    assert renamed(new, before_seq=10, epochs={1: 4}).epoch == 3
    assert renamed(old, before_seq=10, epochs={2: 4}).epoch == 3, "somebody else had the gateway meanwhile"
    relay = said(RelayReported(1, 7, RelayState.OFF, AT))
    assert renamed(relay, before_seq=10, epochs={1: 4}) is relay, "a relay may have moved since: it is asked anew"


def test_readings_are_gathered_by_site_in_parts() -> None:
    one = ReadingIn(7, 1, AT, 0)
    parts = by_site({1: [one] * 3, 2: [one], 3: [one] * 2, 9: [one]}, site_of={1: 10, 2: 20, 3: 10}, limit=4)
    assert [(site_id, len(some)) for site_id, some in parts] == [(10, 4), (10, 1), (20, 1)]


@pytest.fixture
def safe(tmp_path: Path) -> MeterSafe:
    return MeterSafe.open(tmp_path / "meter.key", create=True)


def row(safe: MeterSafe | None, **changes: object) -> PlanMeter:
    sealed = safe.seal(password=MeterPassword(2, "864213"), maker="M", serial="S") if safe else None
    plain = PlanMeter(
        gateway_id=1,
        gateway_address="192.0.2.1",
        bus_id=11,
        port=4001,
        baud=2400,
        parity="E",
        installation_id=7,
        address="000000000007",
        maker="M",
        serial="S",
        profile="dlt645-2007",
        relay_kind="internal",
        phases=1,
        site_id=5,
        time_zone="Asia/Shanghai",
        read_interval_s=900,
        since_at=AT,
        password_sealed=sealed,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_plan_has_the_gateways_that_are_held_and_opened_passwords(safe: MeterSafe) -> None:
    rows = [
        row(safe),
        row(safe, installation_id=8, address="000000000008", relay_kind="none"),
        row(safe, installation_id=9, bus_id=12, port=4002),
        row(safe, installation_id=10, gateway_id=2),
    ]
    plan = Planner(safe).plan(rows=rows, epochs={1: 4})
    (gateway,) = plan.gateways
    assert (gateway.host, gateway.epoch, gateway.read_interval_s) == ("192.0.2.1", 4, 900)
    assert [[meter.installation_id for meter in bus.meters] for bus in gateway.buses] == [[7, 8], [9]]
    meters = [meter for bus in gateway.buses for meter in bus.meters]
    assert [meter.has_relay for meter in meters] == [True, False, True]
    assert {meter.password for meter in meters} == {Password(2, "864213")}
    assert "864213" not in repr(plan)


def test_a_password_under_another_key_is_left_out_and_the_meter_is_read(safe: MeterSafe, tmp_path: Path) -> None:
    other = MeterSafe.open(tmp_path / "other.key", create=True)
    for key in (other, None):
        plan = Planner(key).plan(rows=[row(safe)], epochs={1: 1})
        assert plan.gateways[0].buses[0].meters[0].password is None
