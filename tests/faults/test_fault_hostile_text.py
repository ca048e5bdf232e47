"""F9: stored script. Twenty payloads through every column that people type into; every page, paper, sheet and mail.

One town is built for all tests of this file; what they patch is patched in the rendering alone. A full run builds one
for each turn: then each payload has been in each column.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from django.core import mail
from django.core.mail import EmailMessage
from django.template import engines
from django.test import Client, override_settings
from playwright.sync_api import Browser
from python_calamine import CalamineWorkbook
from tests.browser.conftest import chromium
from tests.fault_rows import Faults
from tests.faults.hostile import PAYLOADS, Looker, alarms, content_of
from tests.faults.hostile_world import HostileTown
from tests.faults.invariants import assert_sound
from tests.portal.world import World
from tests.reports.paper_samples import SAMPLES, marks
from tests.usecases_billing.town import set_clock
from tests.usecases_online.house import make_house, speaking
from typing_extensions import override
from xlsxwriter.worksheet import Worksheet

from prewatt.config import headers
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel import clock
from prewatt.notices import channels
from prewatt.notices.channels import send_mail
from prewatt.notices.values import Letter
from prewatt.reports.estate_workbook import write_estate
from prewatt.reports.papers import forms_of, render
from prewatt.reports.papers.printing import TEMPLATES, prepare
from prewatt.reports.readings_sheet import SheetReading, write_readings
from prewatt.usecases import _providers
from prewatt.usecases.export_estate import export_estate

__all__ = ["chromium"]

NOW = "2026-11-20T12:00"
SHOWN_MIN = 300
OUR_FAULT = 500

Build = Callable[[int], HostileTown]
Towns = Callable[..., Iterator[HostileTown]]


@pytest.fixture(scope="module")
def build(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Builds towns in the database of this file."""
    before, folder = clock.estate_clock(), tmp_path_factory.mktemp("hostile")
    MeterSafe.open(folder / "meter.key", create=True)
    with ExitStack() as ending:
        ending.callback(clock.install, before)
        ending.callback(_providers._safe_at.cache_clear)
        ending.enter_context(override_settings(METER_KEY_FILE=folder / "meter.key"))
        patch = ending.enter_context(pytest.MonkeyPatch.context())
        _providers._safe_at.cache_clear()
        set_clock(NOW)

        def build_one(turn: int) -> HostileTown:
            world = World.build()
            house = make_house(world.town, folder / f"testpay{world.town.site.pk}")
            ending.enter_context(speaking(house, patch))
            return HostileTown.build(world, house, turn=turn)

        yield build_one


@pytest.fixture(scope="module")
def town(build: Build) -> HostileTown:
    return build(0)


@pytest.fixture
def towns(
    build: Build, town: HostileTown, faults: Faults, fresh_databases: Callable[[], AbstractContextManager[str]]
) -> Iterator[Towns]:
    """The town of this file; in a full run one more for each turn, in a database of its own."""

    def in_turn(every: int) -> Generator[HostileTown, None, None]:
        yield town
        for turn in range(every, faults.times(short=1, full=len(PAYLOADS)), every):
            with fresh_databases():
                yield build(turn)

    with ExitStack() as ending:
        yield lambda *, every: ending.enter_context(closing(in_turn(every)))


def read_source(asked: Iterator[tuple[Client, str]], shown: Counter[int]) -> Iterator[str]:
    """Open pages; count the payloads that they show as text, and tell of whatever in them is not the house's own."""
    for client, where in asked:
        answer = client.get(where)
        body = content_of(answer)
        if answer.status_code >= OUR_FAULT:
            yield f"{where}: {answer.status_code}"
        if "html" in answer.get("Content-Type", "") or "svg" in answer.get("Content-Type", ""):
            found, texts = alarms(body.decode())
            shown.update(texts)
            yield from (f"{where}: {one}" for one in found)


@pytest.mark.faults("F9")
@pytest.mark.timeout(900)
def test_every_page_shows_hostile_words_as_text(towns: Towns, faults: Faults) -> None:
    for town in towns(every=1):
        shown: Counter[int] = Counter()
        assert not list(read_source(town.pages(), shown))
        assert set(shown) == set(range(1, len(PAYLOADS) + 1))
        assert shown.total() > SHOWN_MIN
        faults.hit(shown.total())
        assert_sound()


@pytest.mark.faults("F9")
def test_forms_that_come_back_hold_it_as_text(town: HostileTown, faults: Faults) -> None:
    shown: Counter[str] = Counter()
    for payload in PAYLOADS if faults.full else PAYLOADS[:: len(PAYLOADS) // 4]:
        for client, where, typed in town.refused_forms(payload):
            answer = client.post(where, typed, headers={"HX-Request": "true"})
            found, texts = alarms(content_of(answer).decode())
            assert not found, where
            shown[where] += texts.total()
    assert [where for where, times in shown.items() if not times] == []
    faults.hit(shown.total())


def few_pages(town: HostileTown) -> Iterator[tuple[Client, str]]:
    account = town.world.ours.room.account.public_id
    desk, owner = town.desk(), town.owner()
    for where in ("/", "/rooms", f"/accounts/{account}", f"/search?q={account}", "/payments", "/settings"):
        yield desk, where
    for where in (f"/my/{account}/", f"/my/{account}/sharing", "/my/profile"):
        yield owner, where


@contextmanager
def unescaped() -> Iterator[None]:
    """Let templates write what they are given."""
    engine = engines["django"].engine  # type: ignore[attr-defined]  # Django's own backend
    engine.autoescape = False
    try:
        yield
    finally:
        engine.autoescape = True


def open_in(browser: Browser, asked: Iterator[tuple[Client, str]]) -> tuple[list[str], list[str], int]:
    """Open pages in a browser: what ran, what the policy refused, how many pages were opened."""
    ran: list[str] = []
    refused: list[str] = []
    pages = 0
    with Looker.open(browser) as looker:
        for client, where in asked:
            hits, stopped = looker.look(client, where)
            ran += [f"{where}: {hit}" for hit in hits]
            refused += [f"{where}: {one}" for one in stopped]
            pages += 1
    return ran, refused, pages


def documents(town: HostileTown) -> Iterator[tuple[Client, str]]:
    """The pages that a browser shows as pages: not files, and nothing that only answers a button."""
    for client, where in town.pages():
        answer = client.get(where)
        content_of(answer)
        if answer.status_code not in {302, 405} and answer.get("Content-Type", "").startswith("text/html"):
            yield client, where


@pytest.mark.browser
@pytest.mark.faults("F9")
@pytest.mark.timeout(3_600)
def test_nothing_of_it_runs_in_a_browser(chromium: Browser, towns: Towns, faults: Faults) -> None:
    for town in towns(every=4):
        is_whole = faults.full and town.turn == 0
        ran, refused, pages = open_in(chromium, documents(town) if is_whole else few_pages(town))
        assert not ran
        assert not refused, "what is escaped gives the policy nothing to refuse"
        faults.hit(pages)
        assert_sound()


@pytest.mark.browser
@pytest.mark.faults("F9")
def test_the_policy_alone_lets_nothing_run_either(chromium: Browser, town: HostileTown, faults: Faults) -> None:
    with unescaped():
        ran, refused, _ = open_in(chromium, few_pages(town))
    assert not [one for one in ran if not re.search("(javascript|data):", one)]
    faults.hit(len(refused))
    assert faults.hits


@pytest.mark.faults("F9", control=True)
def test_without_escaping_the_source_is_full_of_it(town: HostileTown) -> None:
    with unescaped():
        assert list(read_source(few_pages(town), Counter()))


@pytest.mark.browser
@pytest.mark.faults("F9", control=True)
def test_without_escaping_and_policy_it_runs(
    chromium: Browser, town: HostileTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headers, "HEADERS", {})
    with unescaped():
        ran, _, _ = open_in(chromium, few_pages(town))
    assert ran


@pytest.mark.faults("F9")
@pytest.mark.timeout(600)
def test_papers_print_it_as_text(faults: Faults) -> None:
    assert not [one.name for one in TEMPLATES.rglob("*.typ") if re.search(r"\beval\(", one.read_text())]
    for kind, content in SAMPLES.items():
        for place, form in enumerate(forms_of(kind)[: faults.times(short=1, full=9)]):
            for payload in PAYLOADS if faults.full and place == 0 else PAYLOADS[-2:]:
                hurt = content | dict.fromkeys({"customer", "operator", "site", "reason"} & content.keys(), payload)
                template, _, _ = prepare(kind=kind, content=hurt, form=form.code, marks=marks())
                assert (TEMPLATES / f"{template}.typ").is_file(), "the words are data beside a template of ours"
                printed = render(kind=kind, content=hurt, form=form.code, marks=marks())
                assert printed.startswith(b"%PDF")
                assert not re.search(rb"/(JavaScript|Launch|OpenAction|EmbeddedFile)\b", printed)
                faults.hit()


def sheet_of(words: tuple[str, ...]) -> Any:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    rows = [SheetReading(word, word, word, 1, at, word, 1_000, (), word, word) for word in words]
    return write_readings(rows=rows, zone=ZoneInfo("Asia/Shanghai"))


def programs_in(data: bytes) -> list[str]:
    """Name the parts of a workbook that reckon, or lead out of it."""
    with zipfile.ZipFile(BytesIO(data)) as book:
        texts = {name: book.read(name).decode() for name in book.namelist()}
    return [name for name, text in texts.items() if re.search(r"<f[ >]|<hyperlink|TargetMode=.External|<ddeLink", text)]


FORMULAS = (*PAYLOADS, "=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|'/C calc'!A0", "http://evil.example/x", "{=1+1}")


@pytest.mark.faults("F9")
def test_sheets_keep_it_as_text(town: HostileTown, tmp_path: Path, faults: Faults) -> None:
    with sheet_of(FORMULAS) as file:
        data = file.read()
    assert not programs_in(data)
    cells = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in cells[1:]] == list(FORMULAS)
    faults.hit(len(FORMULAS))
    write_estate(path=tmp_path / "estate.xlsx", sheet=export_estate(site_code=town.world.town.site.code))
    assert not programs_in((tmp_path / "estate.xlsx").read_bytes())
    faults.hit()


@pytest.mark.faults("F9", control=True)
def test_a_sheet_that_reckons_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = xlsxwriter.Workbook
    monkeypatch.setattr(xlsxwriter, "Workbook", lambda file, _options: bare(file))
    monkeypatch.setattr(Worksheet, "write_string", Worksheet.write)
    with sheet_of(FORMULAS) as file:
        assert programs_in(file.read())


def letter(*, subject: str = "Low balance", recipient: str = "lin@example.org") -> Letter:
    return Letter(
        notice_id=1, public_id=uuid4(), account_id=1, kind="level_1", channel="mail", recipient=recipient,
        subject=subject, body=subject, facts={}, language="en", tries=1,
        leased_until=datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip


def sent_heads(letters: list[Letter]) -> list[str]:
    """Send letters; return the head of each mail that went out, as its receiver gets it."""
    mail.outbox.clear()
    with override_settings(EMAIL_HOST="mail.example.org"):
        for one in letters:
            send_mail(one)
    return [bytes(one.message().as_bytes()).partition(b"\n\n")[0].decode() for one in mail.outbox]


BREAKS = ("a\r\nBcc: hit@evil.example", "a\nBcc: hit@evil.example", "a\rBcc: hit@evil.example", "a\u2028Bcc: b")


@pytest.mark.faults("F9")
def test_mails_have_no_more_heads_than_ours(faults: Faults) -> None:
    words = (*PAYLOADS, *BREAKS)
    heads = sent_heads([letter(subject=word) for word in words])
    assert len(heads) == len(words), "a line break in a name keeps nobody's warning back"
    to_others = [letter(recipient=f"lin@example.org{word}") for word in BREAKS[:3]]
    assert not sent_heads(to_others)
    for head in heads:
        names = re.findall(r"^([\w-]+):", head, re.MULTILINE)
        assert sorted(set(names)) == sorted(names)
        assert "Bcc" not in names
        assert re.search(r"^To: lin@example\.org$", head, re.MULTILINE)
    faults.hit(len(words) + len(to_others))


@pytest.mark.faults("F9", control=True)
def test_a_mail_that_takes_line_breaks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(EmailMessage):
        @override
        def message(self, *_: Any, **__: Any) -> Any:
            whole = f"Subject: {self.subject}\nTo: {self.to[0]}\n\n{self.body}"
            return type("Raw", (), {"as_bytes": lambda _self: whole.encode()})()

    monkeypatch.setattr(channels, "EmailMessage", Bare)
    monkeypatch.setattr(channels, "_one_line", str)
    heads = sent_heads([letter(subject=BREAKS[0])])
    assert "\nBcc:" in "".join(heads)
