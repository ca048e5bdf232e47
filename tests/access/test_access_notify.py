import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prewatt.access.audit import Actor
from prewatt.access.notify import notify, touch
from prewatt.access.touched import Touched
from prewatt.kernel.errors import Refused
from prewatt.usecases.work import unit_of_work


def _live(touched: Touched) -> dict[str, Any]:
    (message,) = touched.messages()
    assert message[0] == "prewatt_live"
    body: dict[str, Any] = json.loads(message[1])
    return body


def test_nothing_touched_is_nothing_said() -> None:
    assert Touched().messages() == []


def test_what_is_touched_is_merged_into_one_message() -> None:
    touched = Touched()
    touched.merge(site_id=7, points=[3, 1], accounts=[9])
    touched.merge(site_id=7, points=[1], cases=True)
    assert _live(touched) == {"site": 7, "points": [1, 3], "accounts": [9], "cases": True, "many": False}


def test_very_many_are_not_listed() -> None:
    touched = Touched()
    touched.merge(points=range(41))
    assert _live(touched) == {"site": None, "points": [], "accounts": [], "cases": False, "many": True}
    touched.merge(gateways=range(501))
    assert touched.messages()[1] == ("prewatt_commands", "*")


def test_two_sites_are_no_site() -> None:
    touched = Touched()
    touched.merge(site_id=1)
    touched.merge(site_id=2)
    assert _live(touched)["site"] is None


def test_gateways_are_named_in_order() -> None:
    touched = Touched()
    touched.merge(gateways=[12, 3])
    assert touched.messages() == [("prewatt_commands", "3,12")]


def _notifies(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries.captured_queries if "pg_notify" in query["sql"]]


@pytest.mark.django_db
def test_a_unit_of_work_tells_once_a_channel_at_its_end() -> None:
    with CaptureQueriesContext(connection) as queries, unit_of_work(actor=Actor(process="test"), verb="test"):
        touch(points=[1], commands_for_gateways=[5])
        touch(points=[2])
        assert _notifies(queries) == []
    assert len(_notifies(queries)) == 2


@pytest.mark.django_db
def test_a_refused_unit_of_work_tells_nothing() -> None:
    def refuse() -> None:
        with unit_of_work(actor=Actor(process="test"), verb="test"):
            touch(points=[1])
            raise Refused("no")

    with CaptureQueriesContext(connection) as queries, pytest.raises(Refused):
        refuse()
    assert _notifies(queries) == []


@pytest.mark.django_db
def test_a_message_that_does_not_fit_is_a_bug() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        notify(channel="prewatt_live", payload="x" * 8_000)


def test_touching_outside_a_unit_of_work_is_a_bug() -> None:
    with pytest.raises(RuntimeError):
        touch(cases=True)
