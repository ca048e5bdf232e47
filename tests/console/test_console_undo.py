"""A step that can be taken back offers that beside its message; only who took it, soon after, takes it back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import SignIn
from tests.usecases_billing.town import ACTOR, Town

from prewatt.access.models import Action
from prewatt.cases.models import Case
from prewatt.cases.services import open_case
from prewatt.usecases import work_on_case
from prewatt.usecases.work import unit_of_work


def test_a_closed_case_is_opened_again_by_who_closed_it(
    town: Town, sign_in: SignIn, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work(actor=ACTOR, verb="test") as work:
        case = open_case(
            scope=town.site.scope, kind="meter_lost", subject_kind="metering_point",
            subject_id=town.rooms[0].point.pk, severity="urgent", now=work.now,
        )  # fmt: skip
    undo = reverse("console:case_reopen", args=[case.public_id])
    closed = admin.post(reverse("console:case", args=[case.public_id]), {"note": "The wrong one"}, follow=True)
    assert f'action="{undo}"' in closed.content.decode()
    assert sign_in("engineer").post(undo).status_code == 422
    assert Case.objects.get().closed_at is not None
    again = admin.post(undo, follow=True)
    assert "The case is open again." in again.content.decode()
    assert (Case.objects.get().closed_at, Case.objects.get().note) == (None, "")
    assert Action.objects.filter(verb="settle_case", reason="The wrong one").count() == 1
    assert admin.post(undo).status_code == 404
    admin.post(reverse("console:case", args=[case.public_id]), {"note": "Now really"})
    monkeypatch.setattr(work_on_case, "UNDO_WITHIN", timedelta(0))
    assert admin.post(undo).status_code == 422
