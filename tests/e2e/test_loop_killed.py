"""The same loop while collector, worker, web and database are killed with -9, one after the other."""

import psycopg
import pytest
from tests.e2e.conftest import SignIn
from tests.e2e.meal import draw_down, pay, see_tile
from tests.e2e.running import RunningEstate, until
from tests.e2e.small_estate import HUNGRY

ROOM = HUNGRY[1]
STOPPED_WITHIN_S = 40.0

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


def test_the_loop_closes_while_everything_is_killed_in_turn(running_estate: RunningEstate, sign_in: SignIn) -> None:
    admin, cashier = sign_in("admin"), sign_in("cashier")
    board = cashier.open("/rooms")
    see_tile(board, ROOM, "normal")
    draw_down(admin, ROOM)
    running_estate.kill("collector")
    running_estate.kill("worker")
    see_tile(board, ROOM, "off")
    running_estate.kill("web")
    until(running_estate.answers, "the page after web was killed")
    pay(cashier, ROOM)
    running_estate.kill("postgres")
    running_estate.kill("collector")
    until(lambda: is_quiet(running_estate), "every relay as it is wanted", within_s=120)
    until(running_estate.answers, "the page after the database was killed")

    relays = running_estate.relays()
    assert relays[ROOM] == {"desired": "on", "reported": "on", "differs": False, "true": "on"}
    assert {
        room for room, relay in relays.items() if len({relay[of] for of in ("desired", "reported", "true")}) > 1
    } == set()
    verified = running_estate.prewatt("ledger", "verify", "--seals")
    assert (verified.returncode, verified.stdout) == (0, "Everything adds up, and every seal is whole.\n"), verified
    assert running_estate.is_running
    assert running_estate.stop() < STOPPED_WITHIN_S
    assert "did not stop in time" not in running_estate.told()


def is_quiet(estate: RunningEstate) -> bool:
    """Whether the database answers, and the room is on again with nothing left to do."""
    try:
        relays = estate.relays()
    except psycopg.OperationalError:
        return False
    return relays[ROOM]["true"] == "on" and not any(relay["differs"] for relay in relays.values())
