"""Every kind has its words in both languages, and every fact that it names is given."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.money import Money
from prewatt.notices.models import NoticeKind
from prewatt.notices.texts import (
    TEXTS,
    days_left_words,
    duration_words,
    language_of,
    money_words,
    reason_words,
    render,
    rooms_words,
)

LANGUAGES = ("en", "zh-hans")
COMMON = {"number", "rooms", "operator", "phone"}
GIVEN = {
    "level_1": {"available", "left", "grace"},
    "level_2": {"available", "left", "grace"},
    "last_call": {"available", "left", "grace"},
    "disconnected": {"at", "reason", "needed"},
    "reconnected": {"at", "reason", "needed"},
    "top_up": {"amount", "available", "receipt", "at"},
    "refund": {"amount", "available", "receipt", "at"},
    "request": {"amount", "month", "due", "estimate"},
    "code": {"code", "minutes"},
    "invitation": {"inviter", "customer", "link", "until"},
    "security": {"at"},
    "welcome": {"inviter", "username", "link", "until"},
    "password": {"inviter", "username", "link", "until"},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind.values)
def test_every_kind_has_words_for_the_facts_it_is_given(kind: str, language: str):
    text = TEXTS[kind][language]
    named = {name for _, name, _, _ in string.Formatter().parse(text.subject + text.body) if name}
    assert named <= COMMON | GIVEN[kind]
    assert text.subject
    assert text.body


@given(st.text(max_size=60))
def test_a_tenants_own_text_stays_text(name: str):
    facts = dict.fromkeys(COMMON | GIVEN["level_1"], name)
    assert name in render(kind="level_1", language="en", facts=facts).subject


def test_languages():
    assert [language_of(one) for one in ("en", "en-GB", "zh-hans", "zh_CN", "fr")] == [
        "en", "en", "zh-hans", "zh-hans", "zh-hans",
    ]  # fmt: skip


def test_words_of_money():
    assert money_words(Money(131_260, "CNY")) == "¥1,312.60"
    assert money_words(Money(-5, "CNY")) == "−¥0.05"
    assert money_words(Money(-1_000, "JPY")) == "−1,000 JPY"


def test_words_of_time():
    assert duration_words(seconds=3_600, language="en") == "1 hour"
    assert duration_words(seconds=180, language="en") == "3 minutes"
    assert duration_words(seconds=90_000, language="zh-hans") == "1 天"
    assert duration_words(seconds=0, language="zh-hans") == "1 秒"
    assert days_left_words(days=None, language="en") == ""
    assert "3 days" in days_left_words(days=3, language="en")
    assert days_left_words(days=0, language="zh-hans") == "按近期用量不足一天。"


def test_words_of_reasons_and_rooms():
    assert reason_words(reason="no_credit", language="zh-hans") == "余额用完"
    assert reason_words(reason="odd", language="en") == "see the desk"
    assert rooms_words(rooms=["1", "2"]) == "1, 2"
    assert rooms_words(rooms=[str(n) for n in range(9)]) == "0, 1, 2, 3, 4, 5 … (9)"
