"""A row is numbered when it is written and seen when it commits: events are told by the commit."""

from pathlib import Path

import psycopg
from django.db import connection
from tests.console.conftest import build_town, make_user
from tests.usecases_billing.town import set_clock

from prewatt.access.audit import Actor
from prewatt.cases.models import Case
from prewatt.kernel.clock import estate_now
from prewatt.kernel.ids import uuid7
from prewatt.usecases.configure_webhook import open_webhook
from prewatt.usecases.gather_events import gather_events
from prewatt.webhooks.models import WebhookDelivery, WebhookOutbox

WORKER = Actor(process="worker")
OTHERS = 300
LATE = """
INSERT INTO cases_case (public_id, scope_id, kind, subject_kind, subject_id, subject_label, severity, detail, opened_at,
                        seen_at, hits, note)
VALUES (%(public_id)s, %(scope)s, 'meter_lost', 'meter', 'late', '', 'warning', '{}', %(now)s, %(now)s, 1, '')
"""


def test_a_row_that_commits_late_is_told_and_one_that_is_rolled_back_is_not(
    committed_database: str, tmp_path: Path
) -> None:
    """Both have their numbers before three hundred others, which are told before them."""
    set_clock("2026-11-20T12:00")
    town = build_town(rooms=1)
    user = make_user(town, "administrator")
    open_webhook(
        actor=Actor(process="web", user=user), site_public_id=town.site.public_id, url="https://erp.example.org/",
        events=["alarm"], note="", key_file=tmp_path / "meter.key",
    )  # fmt: skip
    for lost in (True, False):
        where = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
        with psycopg.connect(**where) as slow:
            slow.execute(LATE, {"scope": town.site.scope.pk, "now": estate_now(), "public_id": uuid7()})
            Case.objects.bulk_create(
                Case(
                    scope=town.site.scope, kind="meter_lost", subject_kind="meter", subject_id=f"{lost} {number}",
                    severity="warning", opened_at=estate_now(), seen_at=estate_now(),
                )
                for number in range(OTHERS)
            )  # fmt: skip
            assert (gather_events(actor=WORKER), gather_events(actor=WORKER)) == (OTHERS, 0)
            if lost:
                slow.rollback()
        assert gather_events(actor=WORKER) == (0 if lost else 1)
    assert WebhookDelivery.objects.filter(body__contains='"subject":"late"').count() == 1
    assert not WebhookOutbox.objects.exists()
