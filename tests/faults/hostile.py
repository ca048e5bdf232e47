"""Hostile text for F9: twenty payloads, where they are put, and who looks at a page afterwards.

Each payload that gets to run calls ``hit`` with its number. ``alarms`` reads a page as its source, ``Looker`` as a
browser does, in which every element is touched; both see what the house's pages never hold: handlers, inline scripts
and styles, frames, and links that are programs.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib.staticfiles import finders
from django.db import connection, connections, models
from django.test import Client
from playwright.sync_api import Browser, Dialog, Page, Route
from typing_extensions import override

PAYLOADS: Final = (
    "<script>hit(1)</script>",
    "<img src=x onerror=hit(2)>",
    "<svg/onload=hit(3)>",
    '"><svg onload=hit(4)>',
    "'><img src=x onerror=hit(5)>",
    '" autofocus onfocus=hit(6) x="',
    "' onmouseover=hit(7) x='",
    "javascript:hit(8)",
    "{{ 8|hit(9) }}{% debug %}${hit(9)}",
    "</title><script>hit(10)</script>",
    "</textarea><svg onload=hit(11)>",
    "</script><script>hit(12)</script>",
    "<iframe srcdoc='<svg onload=hit(13)>'>",
    "data:text/html,<script>hit(14)</script>",
    "--><svg onload=hit(15)><!--",
    "</style><style>@import '/hit(16)'",
    "&lt;img src=x onerror=hit(17)&gt;",
    '=HYPERLINK("javascript:hit(18)")',
    "\u202e\uff1cscript\uff1ehit(19)\u2066<svg\u000conload=hit(19)>",
    "a\r\nBcc: hit(20)@evil.example\r\n\r\n<b>#hit(20)",
)
SHORT: Final = "<svg/onload=hit(3)>"
"""For columns in which nothing else has room."""

ROOMY: Final = 300

NUMBER: Final = re.compile(r"hit\((\d+)\)")
_OURS: Final = frozenset({
    "body_hash", "cause", "cause_key", "code_hash", "collector", "contact", "content_hash", "currency",
    "definition_hash", "fingerprint", "form", "held_cause", "how", "input_hash", "key", "kind", "language",
    "merchant", "merchant_no", "number", "order_no", "password", "path", "prefix", "process", "profile",
    "provider_ref", "reference", "refund_no", "refund_ref", "return_url", "seal", "seal_before", "session_data",
    "sha256", "source", "source_key", "stopped", "subject_id", "subject_kind", "target", "tariff_code", "time_zone",
    "token", "token_hash", "told", "trade_no", "transport", "verb", "wanted", "way", "withheld",
})  # fmt: skip
"""Columns that nobody types into: codes, hashes, and names by which rows find each other."""
_OURS_OF: Final = frozenset({
    "estate.Site.code", "billing.TariffVersion.code", "estate.MeterInstallation.address", "access.Role.code",
    "access.OneTimeCode.contact", "supply.Decision.reason", "supply.Hold.reason", "ledger.Book.code",
    "ledger.LedgerAccount.code", "tenancy.Account.search_text", "payments.Merchant.app_id",
})  # fmt: skip
_BOOKS: Final = frozenset({
    "ledger_journalentry", "ledger_posting", "ledger_document", "ledger_documentseries", "payments_payment",
    "billing_tariffversion",
})  # fmt: skip
"""Tables that refuse to be changed, or whose words are what books are found by: use cases write into them."""


def fitting(number: int, limit: int | None) -> str:
    """Return a payload by its number, or the next one that has room; as many as have room where there is much of it."""
    place = number % len(PAYLOADS)
    turned = (*PAYLOADS[place:], *PAYLOADS[:place])
    if limit is not None and limit < ROOMY:
        return next((one for one in turned if len(one) <= limit), SHORT[:limit])
    together = ""
    for one in turned:
        if limit is None or len(together) + len(one) < limit:
            together += f"{one} "
    return together.rstrip(" ")


def typed_columns() -> Iterator[tuple[type[models.Model], list[Any]]]:
    """Every column of ours that takes free text, by table; a column that is added is tried too."""
    guarded = _guarded_tables()
    for model in apps.get_models():
        if not model.__module__.startswith("prewatt.") or model.__name__.endswith("Event"):
            continue
        found = [
            one
            for one in model._meta.get_fields()
            if isinstance(one, models.CharField | models.TextField)
            and not one.choices
            and not one.primary_key
            and one.name not in _OURS
            and f"{model._meta.label}.{one.name}" not in _OURS_OF
        ]
        if found and model._meta.db_table not in guarded | _BOOKS:
            yield model, found


def _guarded_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only' AND tgtype & 16 <> 0"
        )
        return {name for (name,) in cursor.fetchall()}


def soil(turn: int) -> int:
    """Put a payload into every typed column of every row, each column another one; say how many columns that were.

    With each turn every column gets its next payload, so that twenty turns bring each through each. Names that must
    differ end in the row's own number.
    """
    place = 0
    for model, columns in typed_columns():
        rows = list(model._default_manager.values_list("pk", flat=True))
        for column in columns:
            place += 1
            for row in rows:
                model._default_manager.filter(pk=row).update(**{column.name: _text(column, place + turn, row)})
    return place


def _text(column: Any, number: int, row: object) -> str:
    tail = str(row)[-6:] if column.unique or column.name in {"code", "username", "serial", "email", "phone"} else ""
    room = None if column.max_length is None else column.max_length - len(tail)
    return fitting(number, room) + tail


class _Reader(HTMLParser):
    """Notes what only hostile text can have brought, and which payloads the page shows as text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.alarms: list[str] = []
        self.shown: Counter[int] = Counter()
        self._json = False
        self._texts: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._json = tag == "script" and told.get("type") == "application/json"
        if tag == "script" and not (self._json or told.get("src", "").startswith("/static/")):
            self.alarms.append(f"<script {told}>")
        if tag in {"iframe", "object", "embed", "base", "style", "frame", "applet"} or "hit" in tag:
            self.alarms.append(f"<{tag}>")
        for name, value in told.items():
            if name.startswith("on") or name in {"style", "srcdoc", "http-equiv"} or "hit(" in name:
                self.alarms.append(f"<{tag} {name}={value}>")
            scheme = re.sub(r"[\x00-\x20]", "", value).partition(":")[0].lower()
            is_link = name in {"href", "src", "action", "formaction", "xlink:href", "data", "poster"}
            is_picture = tag in {"img", "image"} and value.startswith("data:image/")  # it is drawn, and runs nothing
            if is_link and not is_picture and scheme in {"javascript", "vbscript", "data"}:
                self.alarms.append(f"<{tag} {name}={value}>")
            self._note(value)

    @override
    def handle_endtag(self, tag: str) -> None:
        self._json = False

    @override
    def handle_data(self, data: str) -> None:
        if self._json:
            json.loads(data)
        self._note(data)

    @override
    def handle_comment(self, data: str) -> None:
        if NUMBER.search(data):
            self.alarms.append(f"<!--{data}-->")

    def _note(self, text: str) -> None:
        self.shown.update(map(int, NUMBER.findall(text)))


def alarms(text: str) -> tuple[list[str], Counter[int]]:
    """Read a page's source: what in it could run or was not ours, and how often each payload stands there as text."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.alarms, reader.shown


def content_of(answer: Any) -> bytes:
    """Return what a view answered, read to its end."""
    body: bytes = b"".join(answer) if answer.streaming else answer.content
    answer.close()
    return body


_WATCH: Final = """
window.hits = []; window.refused = [];
window.hit = (number) => { window.hits.push(number); return 0; };
for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => window.hits.push(name);
document.addEventListener('securitypolicyviolation', (told) => window.refused.push(
    `${told.violatedDirective} ${told.blockedURI} ${told.sample}`));
"""
_TOUCH: Final = """() => {
    for (const node of document.querySelectorAll('*')) {
        for (const kind of ['mouseover', 'mouseenter', 'focus', 'error', 'load', 'toggle'])
            node.dispatchEvent(new Event(kind));
    }
    for (const link of document.querySelectorAll('a[href]'))
        if (/^(javascript|data|vbscript):/i.test(link.href)) window.hits.push(link.href);
    return [window.hits, window.refused, document.body !== null];
}"""
ORIGIN: Final = "http://testserver"


@dataclass
class Looker:
    """A browser whose requests are answered by Django in this process: its own pages, policy and scripts.

    What is patched here is patched for the browser too. Django answers in a thread of its own, because Playwright's
    event loop lives in this one. Style sheets are left out: they run nothing, and are most of what is loaded.
    """

    page: Page
    django: ThreadPoolExecutor
    client: Client = field(default_factory=Client)
    dialogs: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, browser: Browser) -> Iterator["Looker"]:
        context = browser.new_context(service_workers="block")
        with ThreadPoolExecutor(1) as django:
            looker = cls(context.new_page(), django)
            context.add_init_script(_WATCH)
            context.route("**/*", looker._answer)
            looker.page.on("dialog", looker._dismiss)
            try:
                yield looker
            finally:
                context.close()
                django.submit(connections.close_all).result()

    def look(self, client: Client, address: str) -> tuple[list[Any], list[str]]:
        """Open an address as somebody, touch everything on it, and say what ran and what the policy had to refuse."""
        self.client = client
        self.page.goto(ORIGIN + address, wait_until="load")
        self.page.evaluate(_TOUCH)
        hits, refused, is_there = self.page.evaluate(_TOUCH)
        assert is_there, address
        said = [*hits, *self.dialogs]
        self.dialogs.clear()
        return said, refused

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.netloc != urlsplit(ORIGIN).netloc:
            route.abort()
        elif parts.path.endswith(".css"):
            route.fulfill(content_type="text/css", body="")
        elif parts.path.startswith("/static/"):
            found = finders.find(parts.path.removeprefix("/static/"))
            route.fulfill(path=str(found)) if found else route.fulfill(status=404)
        elif parts.path == "/live" or route.request.method != "GET":
            route.fulfill(status=204)
        else:
            wanted = parts.path + (f"?{parts.query}" if parts.query else "")
            asked = {name: value for name, value in route.request.headers.items() if name in {"hx-request", "x-part"}}
            route.fulfill(**self.django.submit(self._ask, wanted, asked).result())

    def _ask(self, wanted: str, asked: dict[str, str]) -> dict[str, Any]:
        answer: Any = self.client.get(wanted, headers=asked)
        told = {name: str(value) for name, value in answer.items()}
        return {"status": answer.status_code, "headers": told, "body": content_of(answer)}
