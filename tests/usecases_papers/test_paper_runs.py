"""The papers of a block: one run, whoever works on it and however often they die."""

import threading
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from tests.usecases_billing.town import ACTOR, OPENED, Room, Town, set_clock
from tests.usecases_money.conftest import make_cashier
from tests.usecases_papers.month import LATE, NOVEMBER, TOU, begin_late, live_through

from prewatt.access.audit import Actor
from prewatt.billing.errors import MonthNotOver
from prewatt.estate.errors import UnknownPlace
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotPermitted
from prewatt.kernel.ids import uuid7
from prewatt.ledger.models import Document, DocumentFile
from prewatt.ledger.queries import verify
from prewatt.ledger.services import keep_files
from prewatt.reports import runs
from prewatt.reports.errors import NothingToPrint, UnknownRun
from prewatt.reports.models import PaperItem, PaperRun
from prewatt.reports.papers.errors import UnableToPrint
from prewatt.usecases import work_on_paper_runs as worker
from prewatt.usecases.ask_paper_run import ask_paper_run
from prewatt.usecases.issue_statement import issue_statement
from prewatt.usecases.print_document import print_document, render_paper
from prewatt.usecases.see_paper_runs import list_desk_runs, pack_pdf, pack_zip, see_paper_run, see_run_errors
from prewatt.usecases.see_site import see_site

COUNT = 5


@pytest.fixture
def rooms(late_town: Town, monkeypatch: pytest.MonkeyPatch) -> list[Room]:
    """Rooms with a closed month, and a worker that goes by twos."""
    monkeypatch.setattr(worker, "BATCH", 2)
    monkeypatch.setattr(worker, "BATCH_FIRST", 1)
    found = [late_town.add_room(since=LATE) for _ in range(COUNT)]
    live_through(late_town, found, first=LATE, days=3)
    return found


def ask(town: Town, **other: Any) -> runs.RunView:
    given: dict[str, Any] = {"actor": ACTOR, "site_id": town.site.pk, "kind": "statement", "month": NOVEMBER} | other
    found = runs.find_run(public_id=ask_paper_run(**given))
    assert found is not None
    return found


def view(run: runs.RunView) -> runs.RunView:
    found = runs.find_run(public_id=run.public_id)
    assert found is not None
    return found


def work(is_stopping: Callable[[], bool] = lambda: False) -> int:
    return worker.work_on_paper_runs(actor=ACTOR, is_stopping=is_stopping)


def test_a_run_makes_every_paper_once(late_town: Town, rooms: list[Room]) -> None:
    before = issue_statement(actor=ACTOR, account_id=rooms[2].account.pk, month=NOVEMBER)
    run = ask(late_town)
    assert ask(late_town).public_id == run.public_id, "asked again while it waits it is the same run"
    assert (run.state, run.total, run.done) == ("waiting", COUNT, 0)
    assert work() == COUNT
    assert work() == 0
    done = view(run)
    assert (done.state, done.done, done.failed, done.is_open) == ("done", COUNT, 0, False)
    assert Document.objects.filter(kind="statement").count() == COUNT
    assert PaperItem.objects.get(account=rooms[2].account).document_id == before.id
    assert DocumentFile.objects.count() == COUNT
    assert verify(seals=True) == []


def test_one_paper_and_its_run_are_the_same_bytes(late_town: Town, rooms: list[Room]) -> None:
    user = make_cashier(late_town.site.scope)
    run = ask(late_town)
    work()
    with pack_zip(run=view(run)) as file, zipfile.ZipFile(file) as packed:
        names = packed.namelist()
        first = packed.read(names[0])
    assert len(names) == COUNT
    assert names[0].startswith("S-2026-11-000001 1#-001 Customer")
    document = PaperItem.objects.order_by("pk").first()
    assert document is not None
    assert document.document is not None
    assert first == print_document(user=user, public_id=document.document.public_id)
    with pack_pdf(run=view(run)) as file:
        joined = file.read()
    assert joined.startswith(b"%PDF")
    assert joined.count(b"/Type/Page/") == COUNT


class Killed(BaseException):
    """Stands for kill -9: nothing behind it runs."""


@pytest.mark.parametrize("at", range(1, 4))
def test_killed_anywhere_the_next_worker_makes_the_rest(
    late_town: Town, rooms: list[Room], at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask(late_town)
    calls = 0
    keep = keep_files

    def die(**given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Killed
        keep(**given)

    monkeypatch.setattr(worker, "keep_files", die)
    with pytest.raises(Killed):
        work()
    assert work() == 0, "the lease of the dead still holds"
    PaperRun.objects.update(leased_until=machine_now() - timedelta(seconds=1))
    before = view(run).done
    assert work() == COUNT - before
    assert view(run).state == "done"
    assert Document.objects.filter(kind="statement").count() == COUNT
    assert DocumentFile.objects.count() == COUNT
    assert verify(seals=True) == []


def test_told_to_stop_it_gives_the_run_back(late_town: Town, rooms: list[Room]) -> None:
    run = ask(late_town)
    asked = iter([False, False, True])
    made = work(lambda: next(asked))
    assert 0 < made < COUNT
    assert view(run).state == "running"
    assert work() == COUNT - made
    assert view(run).done == COUNT


def test_whoever_lost_the_lease_writes_nothing_more(
    late_town: Town, rooms: list[Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask(late_town)
    keep = keep_files

    def lose(**given: Any) -> None:
        PaperRun.objects.update(lease=uuid7())
        keep(**given)

    monkeypatch.setattr(worker, "keep_files", lose)
    assert work() == 0
    assert view(run).done == 0
    assert DocumentFile.objects.count() == 0


def test_a_paper_that_cannot_be_printed_is_named_and_the_others_are_made(
    late_town: Town, rooms: list[Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = rooms[1].account.number
    render = render_paper

    def refuse(*, document: Any, form: str) -> bytes:
        if document.content["account"] == bad:
            raise UnableToPrint("no ink")
        return render(document=document, form=form)

    monkeypatch.setattr(worker, "render_paper", refuse)
    run = ask(late_town)
    assert work() == COUNT - 1
    done = view(run)
    assert (done.state, done.done, done.failed) == ("done", COUNT - 1, 1)
    ((label, why),) = see_run_errors(run=done)
    assert label.startswith("1#-002")
    assert why == "no ink"


def test_a_run_that_never_makes_anything_ends(late_town: Town, rooms: list[Room]) -> None:
    run = ask(late_town)
    PaperRun.objects.update(tries=runs.TRIES_MAX)
    assert work() == 0
    ended = view(run)
    assert (ended.state, ended.done) == ("failed", 0)
    assert "begun 5 times" in ended.error
    assert ask(late_town).public_id != run.public_id


def test_a_block_and_another_kind(late_town: Town, rooms: list[Room]) -> None:
    run = ask(late_town, kind="energy_report", building_public_id=late_town.building.public_id)
    assert run.building == "1#"
    assert work() == COUNT
    assert Document.objects.filter(kind="energy_report").count() == COUNT


def test_what_cannot_be_asked_for(late_town: Town, rooms: list[Room]) -> None:
    with pytest.raises(MonthNotOver):
        ask(late_town, month=date(2026, 12, 1))
    with pytest.raises(UnknownPlace):
        ask(late_town, building_public_id=uuid7())
    with pytest.raises(NothingToPrint):
        ask(late_town, month=date(2026, 10, 1))
    engineer = make_cashier(late_town.site.scope, username="eve", role="engineer")
    with pytest.raises(NotPermitted):
        ask(late_town, actor=Actor(process="web", user=engineer))


def test_a_run_is_seen_by_whom_its_place_belongs_to(late_town: Town, rooms: list[Room]) -> None:
    run = ask(late_town)
    cashier = make_cashier(late_town.site.scope)
    stranger = make_cashier(Town.build().site.scope, username="stranger")
    assert see_paper_run(user=cashier, public_id=run.public_id).public_id == run.public_id
    site = see_site(user=cashier, permission="papers.issue")
    assert [one.public_id for one in list_desk_runs(user=cashier, site=site)] == [run.public_id]
    for user, public_id in ((stranger, run.public_id), (cashier, uuid7())):
        with pytest.raises(UnknownRun):
            see_paper_run(user=user, public_id=public_id)


def test_two_workers_share_no_run(committed_database: str, estate_clock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BATCH", 2)
    town = Town.build(tariffs={OPENED: TOU})
    begin_late(town)
    rooms = [town.add_room(since=LATE) for _ in range(COUNT)]
    live_through(town, rooms, first=LATE, days=3)
    set_clock("2026-12-02T12:00")
    run = ask(town)
    made: list[int] = []

    def one() -> None:
        try:
            made.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, COUNT]
    assert view(run).state == "done"
