"""A case tells its facts in words and figures, never in the codes that the database keeps."""

import re

import pytest
from django.test import Client
from tests.usecases_billing.town import ACTOR, Town

from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import open_case
from prewatt.console.labels import LABELS
from prewatt.kernel.clock import estate_now
from prewatt.metering.validation import HeldCause
from prewatt.usecases.work import unit_of_work

CODES = re.compile(r"<d[td]>[a-z]+(?:_[a-z]+)+</d[td]>")


def test_every_cause_of_a_held_reading_has_a_word() -> None:
    assert set(LABELS["held"]) == {cause.value for cause in HeldCause}


@pytest.mark.parametrize(
    ("kind", "detail", "said"),
    [
        (
            Kind.READING_HELD,
            {"cause": "jump", "read_at": "2026-11-20T03:58:00+00:00", "total_wh": 24_000, "last_total_wh": 10_000},
            ["More than the room can take", "11:58", "24.00 kWh", "Total before"],
        ),
        (
            Kind.CUT_LIMIT,
            {"limit": 5, "per": "limit_minute", "points": ["101", "102"]},
            ["Limit of a minute", "101, 102"],
        ),
        (
            Kind.NOTICE_UNDELIVERED,
            {"channel": "mail", "kind": "last_call", "error": "", "next": "desk"},
            ["Mail", "Last call before disconnection", "Told by the desk", "—"],
        ),
    ],
)
def test_a_case_speaks(admin: Client, town: Town, kind: Kind, detail: dict[str, object], said: list[str]) -> None:
    with unit_of_work(actor=ACTOR, verb="test"):
        case = open_case(
            scope=town.site.scope, kind=kind, subject_kind="site", subject_id="1", severity=Severity.WARNING,
            detail=detail, now=estate_now(),
        )  # fmt: skip
    page = admin.get(f"/cases/{case.public_id}").content.decode()
    assert [words for words in said if words not in page] == []
    assert CODES.findall(page) == []
