"""Papers at the desk: found, seen, printed, issued, corrected, made by the block."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.console.conftest import SignIn, make_user, pay
from tests.usecases_billing.town import ACTOR, Town, set_clock
from tests.usecases_papers.month import LATE, begin_late, live_through

from prewatt.ledger.models import Document
from prewatt.reports.models import PaperRun
from prewatt.usecases.issue_statement import issue_statement
from prewatt.usecases.work_on_paper_runs import work_on_paper_runs


@pytest.fixture
def closed(town: Town) -> Town:
    """A town whose November is closed; it began late in it, so that few days had to close."""
    begin_late(town)
    set_clock(f"{LATE}T08:00")
    room = town.add_room(since=LATE)
    live_through(town, [room], first=LATE, days=3)
    return town


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_receipt_is_found_seen_and_printed(town: Town, admin: Client) -> None:
    paid = pay(town.rooms[0])
    listed = text(admin.get("/papers", {"q": paid.receipt_number}))
    assert paid.receipt_number in listed
    assert f"/papers/{paid.document_public_id}" in listed
    page = text(admin.get(f"/papers/{paid.document_public_id}?form=roll"))
    assert f"/papers/{paid.document_public_id}/page/1?form=roll" in page
    assert 'aria-current="true">80 mm' in page
    drawn = admin.get(f"/papers/{paid.document_public_id}/page/1?form=roll")
    assert (drawn.status_code, drawn["Content-Type"]) == (200, "image/svg+xml")
    assert admin.get(f"/papers/{paid.document_public_id}/page/9").status_code == 404
    first = admin.get(f"/papers/{paid.document_public_id}.pdf")
    again = admin.get(f"/papers/{paid.document_public_id}.pdf?save=1")
    assert first.content == again.content
    assert first["Content-Type"] == "application/pdf"
    assert first["Content-Disposition"] == f'inline; filename="{paid.receipt_number}.pdf"'
    assert again["Content-Disposition"].startswith("attachment")
    assert admin.get(f"/papers/{paid.document_public_id}.pdf?form=a4").status_code == 404


def test_papers_of_an_account_are_on_its_page(town: Town, admin: Client) -> None:
    paid = pay(town.rooms[0])
    tab = text(admin.get(f"/accounts/{town.rooms[0].account.public_id}/tab/papers"))
    assert paid.receipt_number in tab
    assert "Fee statement…" in tab
    assert "No paper yet" in text(admin.get(f"/accounts/{town.rooms[1].account.public_id}/tab/papers"))


def test_a_statement_is_issued_and_corrected_at_the_desk(closed: Town, admin: Client) -> None:
    room = closed.rooms[-1]
    path = f"/accounts/{room.account.public_id}/issue/statement"
    assert "2026-11" in text(admin.get(path))
    answer = admin.post(path, {"month": "2026-11-01"})
    assert answer.status_code == 302
    page = text(admin.get(answer["Location"]))
    assert "S-2026-11-000001" in page
    assert admin.post(path, {"month": "2026-11-01"})["Location"] == answer["Location"]
    correct = f"{answer['Location']}/correct"
    token = re.search(r'name="token" value="([^"]+)"', text(admin.get(correct)))
    assert token is not None
    same = admin.post(correct, {"reason": "asked by the tenant", "token": token[1]})
    assert same["Location"] == answer["Location"]
    room.account.customer.name = "Another name"
    room.account.customer.save()
    fresh = admin.post(correct, {"reason": "misspelt", "token": token[1]})
    assert fresh["Location"] != answer["Location"]
    assert "void" in text(admin.get(answer["Location"]))
    assert admin.get(correct).status_code == 404
    assert admin.post(path, {"month": "2026-10-01"}).status_code == 422
    assert admin.get(f"/accounts/{room.account.public_id}/issue/receipt").status_code == 404


def test_no_month_is_closed_yet(town: Town, admin: Client) -> None:
    asked = text(admin.get(f"/accounts/{town.rooms[0].account.public_id}/issue/energy_report"))
    assert "No month is closed yet" in asked
    assert "No month is closed yet" in text(admin.get("/papers/runs/ask"))


def test_an_agreement_is_issued_at_the_desk(town: Town, admin: Client) -> None:
    path = f"/accounts/{town.rooms[0].account.public_id}/issue/agreement"
    token = re.search(r'name="token" value="([^"]+)"', text(admin.get(path)))
    assert token is not None
    answer = admin.post(path, {"reason": "move-in", "token": token[1]})
    assert "A-2026-desk-000001" in text(admin.get(answer["Location"]))


def test_a_block_is_made_while_the_page_looks_on(closed: Town, admin: Client) -> None:
    answer = admin.post("/papers/runs/ask", {"kind": "statement", "month": "2026-11-01", "building": ""})
    where = answer["Location"]
    waiting = text(admin.get(where))
    assert "0 of 4 made" in waiting
    assert f'hx-get="{where}/live"' in waiting
    work_on_paper_runs(actor=ACTOR)
    PaperRun.objects.update(state="running")
    half = text(admin.get(f"{where}/live"))
    assert "4 of 4 made" in half
    assert "One PDF for printing" not in half, "what is not finished would be printed without its last papers"
    PaperRun.objects.update(state="done")
    done = text(admin.get(f"{where}/live"))
    assert "4 of 4 made" in done
    assert "One PDF for printing" in done
    assert "hx-trigger" not in done
    for form, mark in (("pdf", b"%PDF"), ("zip", b"PK")):
        packed: Any = admin.get(f"{where}/papers.{form}")
        assert b"".join(packed.streaming_content).startswith(mark)
        assert f'filename="statement-2026-11.{form}"' in packed["Content-Disposition"]
    assert admin.get(f"{where}/papers.exe").status_code == 404
    assert where in text(admin.get("/papers"))


def test_a_cashier_sees_the_day_and_issues_its_report(town: Town, sign_in: SignIn) -> None:
    pay(town.rooms[0], 12_300)
    cashier = sign_in("cashier")
    page = text(cashier.get("/cashier-day"))
    assert "¥123.00" in page
    assert "no report yet" in page
    answer = cashier.post("/cashier-day?day=2026-11-20")
    assert answer.status_code == 302
    assert "D-2026-11-000001" in text(cashier.get(answer["Location"]))
    assert "D-2026-11-000001" in text(cashier.get("/cashier-day"))
    assert '<td class="pw-num" data-label="Reversed">—</td>' in page, "nothing reversed is a dash, no sum of nothing"
    assert "No money moved" in text(cashier.get("/cashier-day?day=2026-11-02"))
    for nonsense in ("2026-13-45", "tomorrow", "2099-01-01"):
        assert cashier.get("/cashier-day", {"day": nonsense}).status_code == 200


def test_who_may_only_look_cannot_issue(closed: Town, sign_in: SignIn) -> None:
    issue_statement(actor=ACTOR, account_id=closed.rooms[-1].account.pk, month=date(2026, 11, 1))
    auditor = sign_in("auditor")
    page = text(auditor.get("/papers"))
    assert "S-2026-11-000001" in page
    assert "Papers of a block" not in page
    document = Document.objects.get(kind="statement")
    assert auditor.get(f"/papers/{document.public_id}.pdf").status_code == 200
    assert auditor.post(f"/papers/{document.public_id}/correct").status_code == 403
    assert auditor.post("/cashier-day").status_code == 403


def test_a_stranger_gets_nothing(town: Town) -> None:
    paid = pay(town.rooms[0])
    other = Town.build()
    client = Client()
    client.force_login(make_user(other, "cashier", username="stranger"))
    for path in ("", ".pdf", "/page/1"):
        assert client.get(f"/papers/{paid.document_public_id}{path}").status_code == 404
    assert "No paper fits" in text(client.get("/papers", {"q": paid.receipt_number}))
