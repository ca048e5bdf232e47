"""The tables of docs/algorithms/supply.md and notices.md say what the code does."""

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from prewatt.notices.ladder import LadderFacts, Rung, climb
from prewatt.supply.commands import LIVE, Event, State, step
from prewatt.supply.policy import AccountFacts, CutsMade, NoticeProof, PointFacts, SiteRules, decide

PAGES = Path(__file__).resolve().parents[2] / "docs" / "algorithms"
FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)


def table(page: str, head: str) -> list[list[str]]:
    """The rows of the table whose head line begins so."""
    lines = (PAGES / page).read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {head}"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_life_of_a_command():
    events = [Event.SEND, Event.ACKNOWLEDGE, Event.PROVE, Event.FAIL, Event.EXPIRE, Event.VOID]
    rows = table("supply.md", "From | send")
    assert {row[0] for row in rows} == {str(state) for state in LIVE}
    for name, *cells in rows:
        said = [str(step(State(name), event) or "–") for event in events]
        assert cells == said


def minor(text: str) -> int:
    return round(float(text.replace("−", "-")) * 100)


@pytest.mark.parametrize("row", table("supply.md", "Available | Last call arrived"), ids=lambda row: row[-1])
def test_when_credit_disconnects(row: list[str]):
    available, arrived, now, answer = row
    day, hour = (re.search(r"(Fri|Sat) (\d\d)", now) or pytest.fail(now)).groups() if now != "any" else ("Fri", "12")
    at = FRIDAY.replace(hour=int(hour)) + timedelta(days=day == "Sat")
    proof = None
    if ":" in arrived:
        clock = time.fromisoformat(arrived.split(",")[0])
        proof = NoticeProof("n", "mail", FRIDAY.replace(hour=clock.hour, minute=clock.minute), "p")
    friendly = (time(20), time(8)) if "friendly" in now else (None, None)
    verdict = decide(
        account=AccountFacts(minor(available), 0, 0, 100, proof=proof),
        point=PointFacts(mode="live"),
        site=SiteRules(at.time(), day_off=day == "Sat", friendly_from=friendly[0], friendly_to=friendly[1]),
        cuts=CutsMade(),
        now=at,
    )
    words = {
        "no_notice": "no notice", "notice_too_fresh": "the last call has not run out", "friendly_day": "weekend",
        "friendly_hours": "friendly hours", "no_credit": "",
    }  # fmt: skip
    said = f"{verdict.answer}: {words[str(verdict.reason)]}" if verdict.reason else str(verdict.answer)
    assert said.rstrip(": ") == answer


def test_the_ladder():
    rung = Rung()
    for available, on, told in table("notices.md", "Available | Step"):
        moves = []
        for text in re.findall(r"\d+\.\d\d", available):
            facts = LadderFacts(minor(text), level_1=10_000, level_2=3_000, last_call_s=3_600, rearm=100)
            moves.append(climb(rung=rung, facts=facts))
            rung = moves[-1].rung
        assert on.startswith(rung.step.name.lower().replace("_", " "))
        warned = [move.warn.name.lower().replace("_", " ") for move in moves if move.warn is not None]
        assert len(warned) <= 1
        assert told.startswith(warned[0]) if warned else told in {"", "nothing: 100.01 is not clearly above"}
