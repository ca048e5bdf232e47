"""The till by the keyboard: the preview follows how it is paid, and Enter sends the form once."""

import pytest
from playwright.sync_api import Request, expect
from tests.e2e.conftest import SignIn
from tests.e2e.small_estate import SHOP

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


def test_change_is_reckoned_for_cash_alone_and_enter_takes_once(sign_in: SignIn) -> None:
    cashier = sign_in("cashier")
    page = cashier.open(f"/till?q={SHOP.replace('#', '%23')}")
    sent: list[str] = []

    def hear(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    page.on("request", hear)
    page.locator("#pw-till-found a").first.click()
    page.wait_for_url("**/till?account=**")
    page.keyboard.press("2")
    page.get_by_role("button", name="Take ¥200.00").wait_for()
    page.get_by_label("Handed over").fill("300")
    expect(page.locator("#pw-change")).to_have_text("¥100.00")
    page.keyboard.press("Escape")
    page.keyboard.press("K")
    expect(page.get_by_label("Handed over")).to_have_count(0)
    page.get_by_role("radio", name="¥200").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/till?done=**")
    expect(page.locator(".pw-paper")).to_contain_text("Card")
    assert len(sent) == 1, sent
    assert cashier.complaints == []
