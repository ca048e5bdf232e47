"""Papers as PDF: the same bytes each time, whatever the names in them, and nothing of them lost on the way."""

import io
import re
import shutil
import subprocess
import threading
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.paper_samples import ISSUED_AT, SAMPLES, marks, receipt, statement

from prewatt.reports.papers import forms_of, merge_pdfs, pictures, render
from prewatt.reports.papers.errors import NoSuchForm, UnableToPrint
from prewatt.reports.papers.layout import lay_out
from prewatt.reports.papers.pieces import Axis, EnergyDigits, Issued, chart, clean, column, row, table
from prewatt.reports.papers.printing import compile_pdf

PRINTS = [(kind, form.code) for kind in SAMPLES for form in forms_of(kind)]
HOSTILE = '#panic("x") \\ $x^2$ *b* _i_ <script>alert(1)</script> `r` @ref [a](b) "q" %(d)s'
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils are not installed")


def text_of(data: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode()


def pages_of(data: bytes) -> list[str]:
    return text_of(data).removesuffix("\f").split("\f")


def printed(kind: str, content: dict[str, Any], form: str = "", **other: Any) -> bytes:
    return render(kind=kind, content=content, form=form, marks=marks(**other))


@pytest.mark.parametrize(("kind", "form"), PRINTS)
def test_the_same_paper_is_the_same_bytes_in_any_thread(kind: str, form: str) -> None:
    found: list[bytes] = []
    first = printed(kind, SAMPLES[kind], form)
    thread = threading.Thread(target=lambda: found.append(printed(kind, deepcopy(SAMPLES[kind]), form)))
    thread.start()
    thread.join()
    assert first.startswith(b"%PDF-1.7")
    assert found == [first]
    assert printed(kind, SAMPLES[kind], form, number="R-2026-T1-000001") != first


@needs_poppler
@pytest.mark.parametrize(("kind", "form"), PRINTS)
def test_number_and_check_code_are_on_every_page(kind: str, form: str) -> None:
    pages = pages_of(printed(kind, SAMPLES[kind], form))
    for place, page in enumerate(pages, start=1):
        assert "S-2026-10-000307" in page
        assert "7F3A-20C9-E1B4" in page
        assert f"第 {place} 页，共 {len(pages)} 页" in page


@needs_poppler
@pytest.mark.parametrize(("kind", "form"), PRINTS)
def test_hostile_names_are_text(kind: str, form: str) -> None:
    content = deepcopy(SAMPLES[kind])
    hurt = {"customer", "operator", "site", "reason", "customer_tax_no"} & content.keys()
    content |= dict.fromkeys(hurt, HOSTILE)
    shown = re.sub(r"\s|\u200b", "", text_of(printed(kind, content, form)))
    assert re.sub(r"\s", "", HOSTILE) in shown


@needs_poppler
@pytest.mark.parametrize("name", ["W" * 400, "很长的名字" * 60, "a" * 30 + " " + "b" * 90, "\u202e反\x00\n\t行"])
def test_a_name_of_any_length_stays_on_the_paper(name: str) -> None:
    for kind, form in (("receipt", "roll"), ("receipt", "a5"), ("statement", "a4"), ("agreement", "a4")):
        content = deepcopy(SAMPLES[kind]) | {"customer": name}
        shown = re.sub(r"[^\w]", "", text_of(printed(kind, content, form)))
        assert re.sub(r"[^\w]", "", name)[:20] in shown


@needs_poppler
def test_many_meters_take_as_many_pages_as_they_need() -> None:
    one = statement()
    meter, energy = one["registers"][0], one["energy"][0]
    many = statement(
        registers=[meter | {"room": f"1#-{at:03}"} for at in range(60)],
        energy=[energy | {"room": f"1#-{at:03}"} for at in range(60)],
        top_ups=one["top_ups"] * 20,
        rooms=[f"1#-{at:03}" for at in range(60)],
    )
    pages = pages_of(printed("statement", many))
    assert len(pages) > 5
    assert sum("上期示数" in page for page in pages) > 2, "the head of a table comes again"
    assert "1#-059" in "".join(pages)
    assert "电费对账单" in pages[-1]


@needs_poppler
def test_another_currency_keeps_its_digits() -> None:
    content = receipt(
        amount=[5_250, "KWD"], balance_before=[250, "KWD"], balance_after=[5_500, "KWD"], currency="KWD",
        amount_capitals="",
    )  # fmt: skip
    shown = text_of(printed("receipt", content, "a5"))
    assert "KD5.250" in shown
    assert "大写" not in shown
    yen = receipt(
        amount=[5_250, "JPY"], balance_before=[0, "JPY"], balance_after=[5_250, "JPY"], currency="JPY",
        amount_capitals="",
    )  # fmt: skip
    assert "¥5,250" in text_of(printed("receipt", yen, "roll"))


@needs_poppler
def test_a_void_paper_says_so() -> None:
    for kind, form in PRINTS:
        shown = text_of(printed(kind, SAMPLES[kind], form, void="2026-11-02 09:00 起 since"))
        assert set("作废") <= set(shown), f"{kind} {form}"  # it lies across the paper: a reader of text takes it apart


@needs_poppler
def test_what_does_not_belong_to_the_month_is_named() -> None:
    content = statement()
    content["registers"][0] |= {"share_wh": 80}
    content["registers"][0]["to"] |= {"next_at": "2026-11-01T00:07:00+00:00", "estimated": True}
    content["carried"] = [640, "CNY"]
    content["supersedes"] = "S-2026-10-000001"
    shown = text_of(printed("statement", content))
    assert "估" in shown
    assert "+0.080" in shown
    assert "其中结账后才到的电量" in shown
    assert "S-2026-10-000001" in shown


def test_a_form_that_there_is_not() -> None:
    with pytest.raises(NoSuchForm):
        printed("statement", SAMPLES["statement"], "roll")


def test_what_typst_refuses_is_our_fault() -> None:
    with pytest.raises(UnableToPrint):
        compile_pdf("statement", "{}", 0)


def test_a_screen_shows_the_same_pages() -> None:
    assert [one[:4] for one in pictures(kind="receipt", content=receipt(), form="a5", marks=marks())] == [b"<svg"]


@needs_poppler
def test_papers_are_joined_in_order() -> None:
    files = [
        printed("receipt", receipt(customer=f"Customer {at}"), "a5", number=f"R-2026-T1-{at:06}") for at in range(3)
    ]
    files.insert(1, printed("energy_report", SAMPLES["energy_report"]))
    out = io.BytesIO()
    assert merge_pdfs(files, out) == 5
    pages = pages_of(out.getvalue())
    assert [("Customer 0" in page, "Customer 1" in page, "Customer 2" in page) for page in pages] == [
        (True, False, False), (False, False, False), (False, False, False), (False, True, False), (False, False, True),
    ]  # fmt: skip
    assert subprocess.run(["pdfinfo", "-"], input=out.getvalue(), capture_output=True, check=True).stdout


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 nothing", printed("receipt", receipt(), "roll")[:-400]])
def test_what_is_no_paper_of_ours_is_not_joined(data: bytes) -> None:
    with pytest.raises(UnableToPrint):
        merge_pdfs([data], io.BytesIO())


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=200))
def test_any_name_prints(name: str) -> None:
    assert printed("receipt", receipt(customer=name, reason=name), "roll").startswith(b"%PDF")


@given(st.text(max_size=120))
def test_cleaning_takes_nothing_away_that_shows(text: str) -> None:
    shown = clean(text)
    assert not re.search(r"[\x00-\x1f\x7f]", shown)
    assert [one for one in text if one.isalnum()] == [one for one in shown if one.isalnum()]


@given(st.lists(st.integers(-(10**9), 10**12), min_size=1))
def test_energy_is_written_exactly(some: list[int]) -> None:
    digits = EnergyDigits.for_all(some)
    for wh in some:
        written = digits.write(wh).replace(",", "").replace("−", "-")
        assert round(float(written) * 1000) == wh


@given(st.integers(0, 10**12))
def test_an_axis_reaches_its_bar_in_few_steps(highest: int) -> None:
    axis = Axis.up_to(highest)
    assert axis.top_wh >= highest
    assert 1 <= axis.steps <= 4


@given(st.lists(st.tuples(*[st.integers(0, 10**7)] * 3), min_size=1, max_size=31))
def test_bars_stay_within_the_chart(days: list[tuple[int, int, int]]) -> None:
    bands = {band: [day[at] for day in days] for at, band in enumerate((2, 3, 4))}
    drawn = chart({"zh": "", "en": ""}, labels=[str(at) for at in range(len(days))], bands=bands)
    for bar in drawn["columns"]:
        assert sum(part["tall"] for part in bar["parts"]) <= 1_000
        assert [int(part["band"]) for part in bar["parts"]] == sorted(
            (int(part["band"]) for part in bar["parts"]), reverse=True
        )


def test_a_table_is_plain_json() -> None:
    made = table(
        {"zh": "一", "en": "one", "note": ""}, [column("甲", "a"), column("乙", "b", right=True)], [row("1", "2")]
    )
    assert made["columns"][1] == {"zh": "乙", "en": "b", "side": "right", "width": 0}
    assert made["rows"] == [{"kind": "row", "cells": ["1", "2"]}]


@needs_poppler
@pytest.mark.parametrize("kind", ["receipt", "statement", "agreement", "cashier_report", "settlement"])
def test_an_everyday_paper_is_one_page(kind: str) -> None:
    assert len(pages_of(printed(kind, SAMPLES[kind]))) == 1


@needs_poppler
def test_a_receipt_says_how_much_of_it_repaid_arrears() -> None:
    owed = receipt(balance_before=[-1_260, "CNY"], balance_after=[28_740, "CNY"])
    for form in ("a5", "roll"):
        assert re.search(r"其中补缴欠费 Arrears repaid\s+¥12\.60", text_of(printed("receipt", owed, form)))
        assert "补缴" not in text_of(printed("receipt", receipt(), form))


def test_a_payment_smaller_than_the_arrears_repaid_as_much_as_it_was() -> None:
    still_owing = receipt(balance_before=[-50_000, "CNY"], balance_after=[-20_000, "CNY"])
    assert lay_out(Issued("receipt", "R", ISSUED_AT, still_owing))["repaid"] == "¥300.00"


@pytest.mark.parametrize(("days", "said"), [(0, "不足 1 天 less than a day"), (1, "约 1 天 about 1 day")])
def test_a_receipt_says_how_long_it_lasts(days: int, said: str) -> None:
    assert lay_out(Issued("receipt", "R", ISSUED_AT, receipt(days_left=days)))["lasts"] == said


@needs_poppler
def test_a_roll_never_parts_a_band_from_its_price() -> None:
    lines = text_of(printed("receipt", receipt(), "roll")).splitlines()
    for band, price in (("峰 Peak", "1.1405"), ("平 Flat", "0.6912"), ("谷 Valley", "0.3120")):
        assert any(band in line and price in line for line in lines)


@needs_poppler
def test_a_receipt_names_the_meter() -> None:
    for form in ("a5", "roll"):
        assert re.search(r"表号 Meter no\.", text_of(printed("receipt", receipt(), form)))
        assert "表号" not in text_of(printed("receipt", receipt(meters=[]), form))


@needs_poppler
def test_a_receipt_for_many_rooms_stays_half_a_sheet() -> None:
    rooms = [f"12#-{at}" for at in range(1001, 1061)]
    pages = pages_of(printed("receipt", receipt(rooms=rooms, meters=[f"2025031{at:05}" for at in range(60)]), "a5"))
    assert len(pages) == 1
    assert "等 60 间" in pages[0]
    assert "等 60 只" in pages[0]
