"""What a search at the desk finds an account by: name, its pinyin, phone, number, rooms and meters."""

from collections.abc import Iterable

WORDS_MAX = 6
WORD_CHARS_MAX = 40


def pinyin_of(name: str) -> str:
    """This function will return the name in pinyin without tones, run together, then its initials: ``shiguang sg``.

    Empty when the name holds nothing that pinyin spells.
    """
    if name.isascii():
        return ""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its dictionary loads slowly: only who needs it waits

    full = "".join(lazy_pinyin(name)).lower().replace(" ", "")
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower().replace(" ", "")
    return f"{full} {initials}"


def search_text_of(parts: Iterable[str]) -> str:
    """This function will join what an account is found by into the text that the trigram index holds."""
    return " ".join(dict.fromkeys(part.strip().lower() for part in parts if part.strip()))


def search_words(text: str) -> list[str]:
    """This function will split what a person typed into the words that must all be found; at most six."""
    return [word[:WORD_CHARS_MAX] for word in text.lower().split()[:WORDS_MAX]]
