"""An estate workbook brought at the desk: every problem, everything it would do, then a signature; all or nothing."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.console.conftest import SignIn
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR, Town
from tests.usecases_estate.sheets import estate_sheet

from prewatt.access.models import Action, Role, User
from prewatt.access.services import ensure_organisation, grant
from prewatt.console.views import estate as view
from prewatt.estate.models import Meter, Site
from prewatt.ledger.models import JournalEntry
from prewatt.reports.estate_sheet import EstateSheet
from prewatt.reports.estate_workbook import write_estate
from prewatt.usecases.work import unit_of_work

SIGNED = "Taken over as of today, read by me."


@pytest.fixture(autouse=True)
def key_file(settings: Any, tmp_path: Path) -> Path:
    settings.METER_KEY_FILE = tmp_path / "meter.key"
    return tmp_path / "meter.key"


@pytest.fixture
def chief(admin: Client) -> Client:
    """An administrator of the whole organisation that the sheets name."""
    user = User.objects.get(username="administrator")
    with unit_of_work(actor=ACTOR, verb="test"):
        grant(user=user, role_code="administrator", scope=ensure_organisation(name="Yongjia Group"))
    return admin


def workbook(folder: Path, sheet: EstateSheet) -> bytes:
    write_estate(path=folder / "estate.xlsx", sheet=sheet)
    return (folder / "estate.xlsx").read_bytes()


def send(client: Client, data: bytes, *, step: str = "check", **fields: str) -> Any:
    file = SimpleUploadedFile("estate.xlsx", data)
    return client.post(reverse("console:estate"), {"file": file, "step": step, **fields})


def seen_in(answer: Any) -> str:
    (mark,) = re.findall(r'name="seen" value="([^"]+)"', answer.content.decode())
    return str(mark)


def counts() -> tuple[int, int, int]:
    return Site.objects.count(), Meter.objects.count(), JournalEntry.objects.count()


def test_a_workbook_is_looked_at_then_signed_and_brought_in(chief: Client, tmp_path: Path, key_file: Path) -> None:
    sheet, before = estate_sheet(3), counts()
    data = workbook(tmp_path, sheet)
    looked = send(chief, data)
    text = looked.content.decode()
    assert (looked.status_code, counts(), key_file.exists()) == (200, before, False)
    assert "¥200.01" in text
    assert "王芳" in text
    unsigned = send(chief, data, step="bring", seen=seen_in(looked), statement="yes")
    assert (unsigned.status_code, counts()) == (422, before)
    brought = send(chief, data, step="bring", seen=seen_in(looked), statement=SIGNED)
    assert (brought.status_code, brought["Location"]) == (302, reverse("console:estate"))
    assert counts() == (before[0] + 1, before[1] + 3, before[2] + 2)
    assert Action.objects.filter(verb="import_estate", outcome="done", reason=SIGNED).count() == 1
    again = send(chief, data).content.decode()
    assert "there is nothing to bring in" in again
    assert 'value="bring"' not in again


@pytest.mark.faults("H5")
def test_h5_at_the_desk_each_bad_row_is_named_and_nothing_is_kept(
    chief: Client, tmp_path: Path, faults: Faults
) -> None:
    sheet, before = estate_sheet(200, per_bus=25), counts()
    bad = {7, 107}
    meters = tuple(
        dataclasses.replace(row, multiplier=0) if index in bad else row for index, row in enumerate(sheet.meters)
    )
    answer = send(chief, workbook(tmp_path, dataclasses.replace(sheet, meters=meters)))
    told = re.findall(
        r'data-label="Row">(\d+)</td><td lang="en" data-label="Column">Multiplier', answer.content.decode()
    )
    assert (answer.status_code, {int(row) - 3 for row in told}, counts()) == (422, bad, before)
    faults.hit(len(bad))
    assert_sound()


def test_another_or_an_old_or_an_overtaken_workbook_is_not_brought_in(
    chief: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, before = workbook(tmp_path, estate_sheet(2)), counts()
    mark = seen_in(send(chief, data))
    other = send(chief, workbook(tmp_path, estate_sheet(3)), step="bring", seen=mark, statement=SIGNED)
    assert "another workbook" in other.content.decode()
    forged = send(chief, data, step="bring", seen="forged", statement=SIGNED)
    assert "more than half an hour ago" in forged.content.decode()
    monkeypatch.setattr(view, "_foreseen", lambda *_: {})
    overtaken = send(chief, data, step="bring", seen=mark, statement=SIGNED)
    assert "was changed since you looked" in overtaken.content.decode()
    assert {one.status_code for one in (other, forged, overtaken)} == {422}
    assert counts() == before


@pytest.mark.parametrize("data", [b"=1+1", b"PK\x03\x04 nonsense", b""], ids=["text", "zip", "empty"])
def test_what_is_no_workbook_is_refused_in_words(admin: Client, data: bytes) -> None:
    answer = send(admin, data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_an_estate_outside_the_scope_is_neither_brought_nor_taken_out(
    town: Town, sign_in: SignIn, admin: Client, tmp_path: Path
) -> None:
    assert send(admin, workbook(tmp_path, estate_sheet(2))).status_code == 422
    assert Site.objects.count() == 1
    for name in ("estate_export", "estate_template"):
        sheet: Any = admin.get(reverse(f"console:{name}"))
        assert b"".join(sheet.streaming_content)[:2] == b"PK"
    engineer = sign_in("engineer")
    Role.objects.filter(code="engineer").update(permissions=["estate.view", "estate.import"])
    User.objects.get(username="engineer").memberships.update(scope=town.building.scope)
    assert engineer.get(reverse("console:estate_export")).status_code == 403
