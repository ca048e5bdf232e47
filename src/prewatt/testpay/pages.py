"""The pay page: one column, made for a phone, without a script. It says loudly that it is a test."""

import base64
import hashlib
from html import escape
from string import Template
from typing import Final
from urllib.parse import urlsplit

from prewatt.kernel.money import Money
from prewatt.testpay.http import Response
from prewatt.testpay.page_style import STYLE
from prewatt.testpay.page_words import WORDS, Words
from prewatt.testpay.values import Choice, Order, OrderState

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

_PAGE: Final = Template("""<!doctype html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>$style</style>
</head>
<body>
<header><strong>$name</strong>$switch</header>
<p class="test">$test</p>
<main>
$main
</main>
</body>
</html>
""")

_BILL: Final = Template("""<section class="bill">
<p class="amount">$amount</p>
<p class="subject">$subject</p>
<dl><div><dt>$payee_label</dt><dd>$payee</dd></div><div><dt>$number_label</dt><dd>$number</dd></div></dl>
</section>
""")

_WAYS: Final = (Choice.PAY_FIRST, Choice.PAY_TWICE, Choice.PAY_LATE, Choice.PAY_SILENT, Choice.FAIL)


def pay_page(order: Order, *, language: str) -> Response:
    """This function will show what is to be paid and what can be let happen; or how it ended."""
    words = WORDS.get(language, WORDS["en"])
    bill = _BILL.substitute(
        amount=escape(_shown(order)),
        subject=escape(order.subject),
        payee_label=words.payee,
        payee=escape(order.app_id),
        number_label=words.number,
        number=escape(order.order_no),
    )
    rest = _choices(order, words) if order.state is OrderState.WAITING else _ending(order, words)
    return _page(words, bill + rest, switch=True, goes_to=order.return_url)


def unknown_page() -> Response:
    """This function will say that there is no such order, in both languages: whose it was is not known."""
    both = [f"<p class='ending' lang='{words.lang}'>{words.unknown}</p>" for words in WORDS.values()]
    return _page(WORDS["en"], "".join(both), status=404)


def _choices(order: Order, words: Words) -> str:
    others = "".join(
        f'<button class="other" name="choice" value="{choice}"><b>{words.choices[choice]}</b>'
        f"<span>{words.hints[choice]}</span></button>"
        for choice in _WAYS
    )
    return (
        f'<form method="post"><button class="pay" name="choice" value="{Choice.PAY}">'
        f"{words.pay} {escape(_shown(order))}</button>"
        f"<h2>{words.otherwise}</h2>{others}</form>{_back(order, words.leave)}"
    )


def _ending(order: Order, words: Words) -> str:
    return f'<p class="ending {order.state}">{words.endings[order.state]}</p>{_back(order, words.back)}'


def _back(order: Order, label: str) -> str:
    return f'<p class="back"><a href="{escape(order.return_url)}">{label}</a></p>' if order.return_url else ""


def _shown(order: Order) -> str:
    """This function will write the amount as the portal does: ¥300.00, or 300.00 EUR."""
    amount = Money(order.amount, order.currency)
    figures = f"{amount.to_decimal():,}"
    return f"¥{figures}" if order.currency == "CNY" else f"{figures} {order.currency}"


def _page(words: Words, main: str, *, switch: bool = False, goes_to: str = "", status: int = 200) -> Response:
    other = f'<a href="?lang={words.other_language}" lang="{words.other_lang}">{words.other_name}</a>'
    html = _PAGE.substitute(
        lang=words.lang,
        title=words.name,
        name=words.name,
        style=STYLE,
        switch=other if switch else "",
        test=words.test,
        main=main,
    )
    home = urlsplit(goes_to)
    target = f" {home.scheme}://{home.netloc}" if home.netloc else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'{target}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return Response(status, headers, html.encode())
