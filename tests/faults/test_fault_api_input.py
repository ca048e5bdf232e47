"""F4: anything that the description of the API allows, and much that it does not, to every operation.

Schemathesis draws the requests from our own description; every answer must be one that the description names. Half of
the requests are about things that are there.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.console.conftest import build_town, make_user, pay
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR, Town, set_clock

from prewatt.access.services import issue_token
from prewatt.access.throttle import Limit
from prewatt.api import cursors, door
from prewatt.cases.services import open_case
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.slow
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
Ids = dict[str, str]


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Town:
    set_clock("2026-11-20T12:00")
    monkeypatch.setattr(door, "REQUESTS", Limit("api-faults", burst=10_000_000, every_s=0.001))
    return build_town(rooms=2)


@pytest.fixture
def headers(town: Town) -> dict[str, str]:
    user = make_user(town, "administrator")
    with unit_of_work(actor=ACTOR, verb="test"):
        return {"Authorization": f"Bearer {issue_token(user=user)}"}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The application runs in the transaction of the test: what opens and ends requests leaves the connection open."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def there(town: Town) -> Ids:
    """Ids of things that are there, by the name of the parameter."""
    room, paid = town.rooms[0], pay(town.rooms[0])
    with unit_of_work(actor=ACTOR, verb="test") as work:
        case = open_case(
            scope=town.site.scope, kind="meter_lost", subject_kind="meter", subject_id=1, severity="info", now=work.now
        )
    return {
        "site_id": str(town.site.public_id), "site": str(town.site.public_id),
        "account_id": str(room.account.public_id), "account": str(room.account.public_id),
        "customer_id": str(room.account.customer.public_id), "point_id": str(room.point.public_id),
        "meter_id": str(room.installation.meter.public_id), "payment_id": str(paid.payment_public_id),
        "paper_id": str(paid.document_public_id), "case_id": str(case.public_id),
    }  # fmt: skip


def strike(
    headers: dict[str, str], there: Ids, *, examples: int, faults: Faults | None = None, only: str = ""
) -> Iterator[str]:
    """Send drawn requests to every operation, and say which answers were not as described."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    for found in schema.include(path_regex=only).get_all_operations():
        operation = found.ok() if isinstance(found, Ok) else pytest.fail(str(found.err()))
        drawn = st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )

        @seed(uuid4().int)
        @settings(
            max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), print_blob=False,
        )  # fmt: skip
        @given(case=drawn, known=st.booleans())
        def send(case: Any, known: bool) -> None:
            if known:
                for given_as in (case.path_parameters, case.query):
                    given_as.update({name: there[name] for name in given_as if name in there})
            case.headers["Idempotency-Key"] = uuid4().hex if known else case.headers.get("Idempotency-Key", "x")
            case.call_and_validate(headers=headers, checks=CHECKS)
            if faults is not None:
                faults.hit()

        try:
            send()
        except FailureGroup as failures:
            yield f"{operation.method} {operation.path}: " + "; ".join(str(one) for one in failures.exceptions)


@pytest.mark.timeout(900)
@pytest.mark.faults("F4")
def test_no_request_is_answered_otherwise_than_described(faults: Faults, headers: dict[str, str], there: Ids) -> None:
    wrong = list(strike(headers, there, examples=faults.times(short=3, full=40), faults=faults))
    assert not wrong, "\n".join(wrong)
    assert_sound()


@pytest.mark.faults("F4", control=True)
def test_without_the_refusal_of_bad_cursors_an_answer_is_wrong(
    headers: dict[str, str], there: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    def believed(cursor: str | None) -> int | None:
        return None if cursor is None else int(cursor)

    monkeypatch.setattr(cursors, "to_uuid", believed)
    assert [
        one
        for one in strike(headers, there, examples=20, only="^/api/v1/(sites|cases)$")
        if "Server error" in one or "500" in one
    ]
