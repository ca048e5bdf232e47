from hypothesis import given
from hypothesis import strategies as st

from prewatt.tenancy.search import pinyin_of, search_text_of, search_words


def test_names_are_spelt_in_full_and_by_initials() -> None:
    assert pinyin_of("拾光眼镜") == "shiguangyanjing sgyj"
    assert pinyin_of("A-Po 阿婆面馆") == "a-poapomianguan a-poapmg"
    assert pinyin_of("Starlight Books") == ""


def test_parts_are_joined_once_in_lower_case() -> None:
    assert search_text_of(["1#-101", " ", "", "Tea House", "1#-101"]) == "1#-101 tea house"


@given(st.text(max_size=300))
def test_words_are_few_short_and_lower(text: str) -> None:
    words = search_words(text)
    assert len(words) <= 6
    assert all(0 < len(word) <= 40 and not word.isspace() for word in words)
