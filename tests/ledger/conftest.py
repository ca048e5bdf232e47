from collections.abc import Callable, Iterator

import pytest
from tests.ledger.bookkeeper import Bookkeeper

from prewatt.access.audit import Actor
from prewatt.usecases.work import unit_of_work


@pytest.fixture
def work() -> Iterator[None]:
    with unit_of_work(actor=Actor(process="test"), verb="test"):
        yield


@pytest.fixture
def books(db: None, work: None) -> Bookkeeper:
    return Bookkeeper()


@pytest.fixture
def make_books() -> Callable[[], Bookkeeper]:
    return Bookkeeper
