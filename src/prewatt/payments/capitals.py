"""Amounts in the capitals that a Chinese receipt carries beside its figures, because a stroke cannot change them."""

from typing import Final

from prewatt.kernel.money import Money

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿", "兆")
YUAN_BELOW: Final = 10**16
"""Four groups of four digits; more is not an amount that a till sees."""


def to_capitals(amount: Money) -> str:
    """This function will write an amount of yuan, as 人民币壹仟零伍元叁角整; other currencies have no capitals ("").

    A zero is said once between digits, never at the end; what ends before the fen closes with 整. Raises ValueError
    for amounts below zero and from 10^16 yuan on.
    """
    if amount.currency != "CNY":
        return ""
    yuan, cents = divmod(amount.minor, 100)
    if amount.minor < 0 or yuan >= YUAN_BELOW:
        raise ValueError(f"{amount} has no capitals")
    tenths, hundredths = divmod(cents, 10)
    text = f"{_whole(yuan)}元" if yuan else ""
    if tenths:
        text += f"{_DIGITS[tenths]}角"
    elif hundredths and yuan:
        text += _DIGITS[0]
    if hundredths:
        return f"人民币{text}{_DIGITS[hundredths]}分"
    return f"人民币{text or '零元'}整"


def _whole(number: int) -> str:
    """This function will write a whole number above zero, group by group from the left."""
    text = ""
    groups = [number // 10_000**place % 10_000 for place in range(len(_GROUPS))]
    for place in range(len(_GROUPS) - 1, -1, -1):
        group = groups[place]
        if group:
            text += _DIGITS[0] if text and (group < 1_000 or _ends_open(groups, place)) else ""
            text += _group(group) + _GROUPS[place]
    return text


def _ends_open(groups: list[int], place: int) -> bool:
    """This function will tell whether a whole group of zeros stands before this one."""
    return place + 1 < len(groups) and groups[place + 1] == 0


def _group(group: int) -> str:
    """This function will write 1 to 9,999, without a zero in front or behind."""
    text, zero = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            text += (_DIGITS[0] if zero and text else "") + _DIGITS[digit] + _PLACES[place]
            zero = False
        else:
            zero = True
    return text
