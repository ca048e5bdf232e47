"""The console in a real browser, as it is served: the content security policy holds, keys work, pages live."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import pay

pytestmark = pytest.mark.browser


def test_the_till_by_keyboard_alone(page: Page, origin: str, town):
    room = town.rooms[0]
    page.goto(f"{origin}/till?account={room.account.public_id}")
    page.keyboard.press("3")
    expect(page.locator("#pw-till-preview")).to_contain_text("What ¥300.00 does")
    expect(page.locator("#pw-till-paper")).to_contain_text("人民币叁佰元整")
    page.fill("#pw-handed", "500")
    expect(page.locator("#pw-change")).to_have_text("¥200.00")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("done="))
    expect(page.locator(".pw-paper")).to_contain_text("R-")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{origin}/till")


def test_the_room_board_filters_walks_and_changes_live(page: Page, origin: str, town):
    first, second = (f"#t-{room.point.public_id}" for room in town.rooms[:2])
    page.goto(f"{origin}/rooms")
    expect(page.locator("#pw-board .pw-t")).to_have_count(4)
    page.keyboard.press("f")
    page.keyboard.type(town.rooms[0].point.code)
    expect(page.locator(second)).to_have_class(re.compile("pw-dim"))
    expect(page.locator(first)).not_to_have_class(re.compile("pw-dim"))
    page.fill("#pw-board-search", "")
    page.click("[data-figure-of=balance]")
    page.locator(first).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(second)).to_be_focused()
    expect(page.locator("#pw-peek")).to_contain_text(town.rooms[1].point.code)
    page.keyboard.press("Space")
    expect(page.locator("#pw-selbar")).to_be_visible()
    before = page.locator(first).get_attribute("data-balance")
    pay(town.rooms[0], 50_000)
    expect(page.locator(first)).not_to_have_attribute("data-balance", before or "")
    expect(page.locator(second)).to_have_attribute("aria-selected", "true")


def test_an_account_tells_of_a_payment_without_a_reload(page: Page, origin: str, town):
    room = town.rooms[0]
    page.goto(f"{origin}/accounts/{room.account.public_id}")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.locator(".pw-hero").first).to_contain_text("−¥")
    pay(room, 50_000)
    expect(page.locator(".pw-steps")).to_contain_text("Credited ¥500.00")
    expect(page.locator("#pw-tab")).to_contain_text("+500.00")


def test_a_dialog_opens_refuses_closes_and_gives_the_focus_back(page: Page, origin: str, town):
    room = town.rooms[0]
    pay(room, 50_000)
    page.goto(f"{origin}/accounts/{room.account.public_id}")
    opener = page.get_by_role("link", name="Refund…")
    opener.click()
    dialog = page.locator("#pw-dialog")
    expect(dialog).to_be_visible()
    dialog.locator("[name=amount]").fill("9999")
    dialog.locator("[name=reason]").fill("paid twice")
    dialog.get_by_role("button", name="Pay out and book").click()
    expect(dialog).to_contain_text("more than the balance")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


PAGES = ("/", "/rooms", "/till", "/comms", "/readings", "/letters", "/settings")
SMALL = """[...document.querySelectorAll('.pw-rail-item, .pw-btn')]
    .filter((node) => node.offsetParent && node.getBoundingClientRect().height < 40).length"""


def test_the_palette_finds_walks_and_goes_by_keyboard(page: Page, origin: str, town):
    room = town.rooms[0]
    page.goto(f"{origin}/accounts/{room.account.public_id}")
    page.keyboard.press("Control+k")
    box = page.locator("#pw-palette")
    first = box.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(first).to_contain_text("Top up")
    page.keyboard.press("ArrowDown")
    expect(box.get_by_role("combobox")).to_have_attribute("aria-activedescendant", "pw-deed-2")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("comms")
    expect(box.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/comms")
    page.keyboard.press("?")
    expect(page.locator("#pw-dialog")).to_contain_text("Ctrl K")
    page.keyboard.press("Escape")


def test_no_page_is_wider_than_its_screen_and_fingers_find_their_targets(page: Page, origin: str):
    for width, height in ((1024, 768), (390, 844)):  # tests/e2e/test_walk.py has the widest and the narrowest
        page.set_viewport_size({"width": width, "height": height})
        for address in PAGES:
            page.goto(origin + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
            assert width > 760 or page.evaluate(SMALL) == 0, address


def test_language_and_theme_change_from_the_menu(page: Page, origin: str):
    page.click(".pw-menu summary")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.click(".pw-menu summary")
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("h1")).to_have_text("班台")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(12, 19, 18)"
