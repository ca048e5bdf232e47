"""What happens to a hungry tenant, seen in browsers: the money runs out, the power goes, it is paid, it comes back."""

import re

from playwright.sync_api import Page, expect
from tests.e2e.conftest import Desk
from tests.e2e.running import until

MARGIN_FEN = 25
LIVE_MS = 90_000

_RECORD_STEPS = """() => {
    window.walked = [];
    const note = () => document.querySelectorAll("#pw-till-done li b").forEach((step) => {
        const state = step.closest("li").className.replace("pw-step-", "");
        const said = `${state}: ${step.textContent.trim()}`;
        if (!window.walked.includes(said)) window.walked.push(said);
    });
    new MutationObserver(note).observe(document.body, {childList: true, subtree: true});
    note();
}"""


def see_tile(board: Page, room: str, *states: str) -> None:
    """Wait until the room's tile shows one of these states, without anybody reloading the board."""
    pattern = re.compile(f"^({'|'.join(states)})$")
    expect(board.locator(f'[data-name="{room}"]')).to_have_attribute("data-s", pattern, timeout=LIVE_MS)


def see_letter(person: Desk, subject: re.Pattern[str], customer: str) -> None:
    """Find a letter to the customer in the letter box, which is drawn when it is opened."""
    page = person.open("/letters")
    letter = page.locator(".pw-letters a.pw-pick").filter(has_text=subject).filter(has_text=customer)
    until(lambda: letter.count() > 0 or not page.reload(), f"a letter {subject.pattern}")
    page.close()


def draw_down(admin: Desk, room: str) -> None:
    """Pay the tenant back all but some fen, so that nobody waits for hours; the load takes the rest."""
    page = admin.open("/")
    page.keyboard.press("/")
    page.keyboard.type(room)
    page.locator("#pw-found a").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/**")
    for _ in range(5):
        page.get_by_role("link", name="Refund…").click()
        dialog = page.locator("#pw-dialog")
        left = re.search(r"([\d,]+\.\d\d)", dialog.locator("dd").first.inner_text())
        assert left is not None
        fen = int(left[1].replace(",", "").replace(".", "")) - MARGIN_FEN
        expect(dialog.locator("input[name=amount]")).to_be_focused()
        dialog.locator("input[name=amount]").fill(f"{fen // 100}.{fen % 100:02d}")
        dialog.locator("input[name=reason]").fill("Moves out next week")
        dialog.get_by_role("button", name="Pay out and book").click()
        page.locator(".pw-paper, #pw-dialog .pw-error, #pw-dialog .pw-note-bad").first.wait_for()
        if page.locator(".pw-paper").count():
            break
        page.keyboard.press("Escape")
    expect(page.locator(".pw-paper")).to_be_visible()
    page.close()


def pay(cashier: Desk, room: str) -> tuple[Page, int]:
    """Take ¥100 by the keyboard alone; the page with the receipt, and how many strokes after the search it took."""
    page = cashier.open("/")
    page.keyboard.press("/")
    page.keyboard.type(room)
    page.locator("#pw-found a").first.wait_for()
    strokes = ["Enter", "T", "1", "Enter"]
    page.keyboard.press(strokes[0])
    page.wait_for_url("**/accounts/**")
    page.keyboard.press(strokes[1])
    page.wait_for_url("**/till?account=**")
    page.keyboard.press(strokes[2])
    page.get_by_role("button", name="Take ¥100.00").wait_for()
    page.keyboard.press(strokes[3])
    page.wait_for_url("**/till?done=**")
    page.evaluate(_RECORD_STEPS)
    return page, len(strokes)
