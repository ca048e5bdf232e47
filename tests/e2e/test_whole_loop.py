"""The whole loop in a browser: the credit runs out, a last call, power off, paid at the desk, power on. No reload."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import SignIn
from tests.e2e.meal import LIVE_MS, draw_down, pay, see_letter, see_tile
from tests.e2e.running import RunningEstate
from tests.e2e.small_estate import HUNGRY

ROOM = HUNGRY[0]
LAST_CALL = re.compile("last call|switched off|最后", re.IGNORECASE)
STROKES_MAX = 4
"""After the search: Enter opens, T the till, a figure the amount, Enter takes it. No click at all."""

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


def mark(page: Page) -> None:
    page.evaluate("window.notReloaded = true")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.notReloaded === true"))


def test_a_tenant_runs_dry_is_warned_cut_pays_and_has_power(running_estate: RunningEstate, sign_in: SignIn) -> None:
    admin, cashier, reader = sign_in("admin"), sign_in("cashier"), sign_in("auditor", language="简体中文")
    board = cashier.open("/rooms")
    see_tile(board, ROOM, "normal")
    account = reader.open("/rooms")
    account.locator(f'[data-name="{ROOM}"]').click()
    if "/accounts/" not in account.url:
        account.keyboard.press("Enter")
    account.wait_for_url("**/accounts/**")
    expect(account.locator("html")).to_have_attribute("lang", "zh-Hans")
    mark(board)
    mark(account)

    draw_down(admin, ROOM)
    see_tile(board, ROOM, "level_2", "arrears", "moving", "off")
    see_letter(admin, LAST_CALL, "海棠火锅")
    see_tile(board, ROOM, "off")
    expect(account.locator("#pw-chip")).to_contain_text("停电", timeout=LIVE_MS)
    assert running_estate.relays()[ROOM] == {"desired": "off", "reported": "off", "differs": False, "true": "off"}

    till, strokes = pay(cashier, ROOM)
    assert strokes <= STROKES_MAX
    expect(till.locator("#pw-till-paper")).to_contain_text(re.compile(r"R-\d{4}-T1-\d{6}"))
    expect(till.locator("#pw-till-done")).to_contain_text("All three agree", timeout=LIVE_MS)
    walked = till.evaluate("window.walked")
    told = " | ".join(walked)
    order = ["done: Credited ¥100.00", "done: Restore wanted", "done: Power on, proven"]
    places = [told.find(one) for one in order]
    assert places == sorted(places), told
    assert min(places) >= 0, told
    see_tile(board, ROOM, "normal", "level_1", "level_2")
    expect(account.locator("#pw-chip")).to_contain_text("通电", timeout=LIVE_MS)
    assert running_estate.relays()[ROOM] == {"desired": "on", "reported": "on", "differs": False, "true": "on"}

    assert is_marked(board), "the board was reloaded"
    assert is_marked(account), "the account page was reloaded"
    assert [*admin.complaints, *cashier.complaints, *reader.complaints] == []
