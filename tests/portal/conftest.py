"""The two accounts next door, built once for all tests of a file."""

import copy

import pytest
from tests.conftest import Building
from tests.portal.world import World


@pytest.fixture(scope="module")
def standing_world(building: Building) -> World:
    with building():
        return World.build()


@pytest.fixture
def world(db: None, standing_world: World) -> World:
    return copy.deepcopy(standing_world)
