"""What a person decides about readings that are held back."""

import pytest
from tests.usecases_billing.town import ACTOR, Room, Town, local, use_of

from prewatt.billing.errors import HeldStill
from prewatt.cases.models import Case
from prewatt.metering.errors import UnknownInstallation, UnknownReading
from prewatt.metering.models import MeterState, Reading
from prewatt.usecases.resolve_held_reading import (
    Resolution,
    ResolveResult,
    resolve_held_reading,
    retry_unpriced_readings,
)


def resolve(room: Room, at: str, resolution: Resolution) -> ResolveResult:
    return resolve_held_reading(
        actor=ACTOR, installation_id=room.installation.pk, kind=1, read_at=local(at), resolution=resolution,
        reason="Looked at the meter.",
    )  # fmt: skip


def qualities(room: Room) -> list[int]:
    found = Reading.objects.filter(installation_id=room.installation.pk).order_by("read_at")
    return list(found.values_list("quality", flat=True))


@pytest.fixture
def jumped(town: Town) -> Room:
    room = town.add_room()
    town.read(room, "2026-11-01T10:00", 5_000)
    for hour in (11, 12, 13):
        town.read(room, f"2026-11-01T{hour}:00", 5_000_000 + hour * 1_000)
    return room


def test_an_accepted_jump_brings_the_ones_after_it(town: Town, jumped: Room) -> None:
    result = resolve(jumped, "2026-11-01T11:00", Resolution.ACCEPT)
    assert (result.accepted, result.still_held, set(result.account_ids)) == (3, 0, {jumped.account.pk})
    assert sum(use_of(jumped).values()) == 5_013_000
    assert town.accrued(jumped) == 401_040
    assert Case.objects.get().note == "Looked at the meter."
    assert MeterState.objects.get().held_at is None
    assert town.read(jumped, "2026-11-01T14:00", 5_014_000).held == 0


def test_the_last_of_a_jump_may_be_accepted_first(town: Town, jumped: Room) -> None:
    result = resolve(jumped, "2026-11-01T13:00", Resolution.ACCEPT)
    assert (result.accepted, result.still_held) == (3, 0)
    assert sum(use_of(jumped).values()) == 5_013_000


def test_a_rejected_jump_leaves_the_line_to_the_next(town: Town, jumped: Room) -> None:
    result = resolve(jumped, "2026-11-01T11:00", Resolution.REJECT)
    assert (result.accepted, result.still_held) == (0, 2)
    assert qualities(jumped) == [1, 3, 2, 2]
    assert Case.objects.get().closed_at is None
    for hour in (12, 13):
        resolve(jumped, f"2026-11-01T{hour}:00", Resolution.REJECT)
    assert Case.objects.get().closed_at is not None
    assert MeterState.objects.get().held_at is None
    assert town.read(jumped, "2026-11-01T14:00", 8_000).held == 0


def test_an_accepted_fall_is_a_new_beginning(town: Town) -> None:
    room = town.add_room(opening_wh=500_000)
    town.read(room, "2026-11-01T10:00", 501_000)
    town.read(room, "2026-11-01T11:00", 100)
    town.read(room, "2026-11-01T12:00", 600)
    assert resolve(room, "2026-11-01T11:00", Resolution.ACCEPT).accepted == 2
    assert sum(use_of(room).values()) == 1_500, "nothing is counted up to the new beginning, all after it"
    assert town.read(room, "2026-11-01T13:00", 1_600).held == 0


def test_a_decision_is_taken_once(town: Town, jumped: Room) -> None:
    resolve(jumped, "2026-11-01T11:00", Resolution.ACCEPT)
    for resolution in Resolution:
        with pytest.raises(UnknownReading):
            resolve(jumped, "2026-11-01T11:00", resolution)


def test_what_has_no_price_cannot_be_accepted(town: Town) -> None:
    room = town.add_room(tariff_code=None)
    town.read(room, "2026-11-01T10:00", 5_000)
    with pytest.raises(HeldStill):
        resolve(room, "2026-11-01T10:00", Resolution.ACCEPT)
    assert retry_unpriced_readings(actor=ACTOR) == 0
    town.assign(room.tenancy, "shop")
    assert retry_unpriced_readings(actor=ACTOR) == 1
    assert town.accrued(room) == 400
    assert Case.objects.get().closed_at is not None
    assert retry_unpriced_readings(actor=ACTOR) == 0


def test_a_meter_must_be_there(town: Town) -> None:
    with pytest.raises(UnknownInstallation):
        resolve_held_reading(
            actor=ACTOR, installation_id=0, kind=1, read_at=local("2026-11-01T10:00"), resolution=Resolution.ACCEPT,
            reason="",
        )  # fmt: skip


def test_a_held_reading_within_accepted_ones_can_be_let_in(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T10:00", 5_000)
    town.read(room, "2026-11-01T12:00", 7_000)
    assert town.read(room, "2026-11-01T11:00", 9_000).held == 1
    assert resolve(room, "2026-11-01T11:00", Resolution.ACCEPT).accepted == 1
    assert MeterState.objects.get().last_total_wh == 7_000
    assert sum(use_of(room).values()) == 9_000
