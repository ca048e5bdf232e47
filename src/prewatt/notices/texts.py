"""What notices say, by kind and language. Pure.

They are papers with proof, not screens: a language that lacks a sentence is found by a test, never replaced in silence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from prewatt.kernel.money import Money, minor_digits

DEFAULT_LANGUAGE: Final = "zh-hans"
ROOMS_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Text:
    """Subject and body, with the names of facts in braces."""

    subject: str
    body: str


_SIGN_EN: Final = "\n\n{operator}\n{phone}"
_SIGN_ZH: Final = "\n\n{operator}\n{phone}"

TEXTS: Final[Mapping[str, Mapping[str, Text]]] = {
    "level_1": {
        "en": Text(
            "Electricity balance is low: {rooms}",
            "The available balance of account {number} ({rooms}) is {available}. {left} Please top up in good time."
            + _SIGN_EN,
        ),
        "zh-hans": Text(
            "电费余额偏低：{rooms}",
            "您的账户 {number}（{rooms}）可用余额为 {available}。{left}请及时充值。" + _SIGN_ZH,
        ),
    },
    "level_2": {
        "en": Text(
            "Electricity balance is very low: {rooms}",
            "The available balance of account {number} ({rooms}) is only {available}. {left} Please top up soon."
            + _SIGN_EN,
        ),
        "zh-hans": Text(
            "电费余额不足：{rooms}",
            "您的账户 {number}（{rooms}）可用余额仅剩 {available}。{left}请尽快充值。" + _SIGN_ZH,
        ),
    },
    "last_call": {
        "en": Text(
            "Last call before disconnection: {rooms}",
            "The available balance of account {number} ({rooms}) is {available}. Without a top-up the power goes off "
            "when it is used up, not before {grace} from this notice. It comes back by itself after a top-up."
            + _SIGN_EN,
        ),
        "zh-hans": Text(
            "停电前最后提醒：{rooms}",
            "您的账户 {number}（{rooms}）可用余额为 {available}。如不充值，余额用完后将停电，"
            "最早在本通知送达 {grace}后执行。充值后自动复电。" + _SIGN_ZH,
        ),
    },
    "disconnected": {
        "en": Text(
            "Power is off: {rooms}",
            "Power of {rooms} went off at {at} ({reason}). It comes back by itself when the available balance of "
            "account {number} reaches {needed}." + _SIGN_EN,
        ),
        "zh-hans": Text(
            "已停电：{rooms}",
            "{rooms} 已于 {at} 停电（{reason}）。账户 {number} 可用余额达到 {needed} 后自动复电。" + _SIGN_ZH,
        ),
    },
    "reconnected": {
        "en": Text("Power is back: {rooms}", "Power of {rooms} came back at {at}. Account {number}." + _SIGN_EN),
        "zh-hans": Text("已复电：{rooms}", "{rooms} 已于 {at} 复电。账户 {number}。" + _SIGN_ZH),
    },
    "top_up": {
        "en": Text(
            "Top-up received: {amount}",
            "{amount} was credited to account {number} ({rooms}) at {at}. Receipt {receipt}. Balance {available}."
            + _SIGN_EN,
        ),
        "zh-hans": Text(
            "充值到账：{amount}",
            "账户 {number}（{rooms}）已于 {at} 充值到账 {amount}，收据 {receipt}，余额 {available}。" + _SIGN_ZH,
        ),
    },
    "refund": {
        "en": Text(
            "Refund of {amount}",
            "{amount} was given back from account {number} ({rooms}) at {at}. Slip {receipt}. Balance {available}."
            + _SIGN_EN,
        ),
        "zh-hans": Text(
            "已退费 {amount}",
            "账户 {number}（{rooms}）已于 {at} 退费 {amount}，退费单 {receipt}，余额 {available}。" + _SIGN_ZH,
        ),
    },
    "request": {
        "en": Text(
            "Please pay {amount} for {month}",
            "Account {number} ({rooms}): please pay {amount} for {month}{due}.{estimate} What you do not use is "
            "settled at the end of the month." + _SIGN_EN,
        ),
        "zh-hans": Text(
            "{month} 电费请预付 {amount}",
            "账户 {number}（{rooms}）：{month} 电费请预付 {amount}{due}。{estimate}月末按实际用电结算，多退少补。"
            + _SIGN_ZH,
        ),
    },
    "code": {
        "en": Text(
            "Your sign-in code",
            "{code} is your code for Prewatt. It works once, for {minutes} minutes. Nobody of ours ever asks you "
            "for it.",
        ),
        "zh-hans": Text(
            "您的验证码", "您的 Prewatt 验证码为 {code}，{minutes} 分钟内有效，仅可使用一次。请勿告诉任何人。"
        ),
    },
    "invitation": {
        "en": Text(
            "Invitation to the electricity account of {rooms}",
            "{inviter} invites you to the electricity account {number} ({rooms}, {customer}). Open this link to see "
            "balance and use:\n\n{link}\n\nIt works once, until {until}." + _SIGN_EN,
        ),
        "zh-hans": Text(
            "邀请您查看 {rooms} 的电费账户",
            "{inviter} 邀请您使用电费账户 {number}（{rooms}，{customer}）。打开以下链接即可查看余额和用电："
            "\n\n{link}\n\n链接仅可使用一次，{until} 前有效。" + _SIGN_ZH,
        ),
    },
    "security": {
        "en": Text(
            "Your sign-in was changed",
            "Phone, mail or password of your Prewatt login was changed at {at}. If it was not you, tell the service "
            "desk at once.",
        ),
        "zh-hans": Text(
            "您的登录信息已更改",
            "您的 Prewatt 登录手机、邮箱或密码已于 {at} 更改。如非本人操作，请立即联系服务台。",
        ),
    },
    "welcome": {
        "en": Text(
            "Your login for Prewatt",
            "{inviter} has made you a login for Prewatt; your user name is {username}. Open this link and choose a "
            "password:\n\n{link}\n\nIt works once, until {until}.",
        ),
        "zh-hans": Text(
            "您的 Prewatt 登录账号",
            "{inviter} 已为您开通 Prewatt 登录账号，用户名为 {username}。请打开以下链接设置密码："
            "\n\n{link}\n\n链接仅可使用一次，{until} 前有效。",
        ),
    },
    "password": {
        "en": Text(
            "A new password for Prewatt",
            "{inviter} sends you this link to choose a new password for {username}:\n\n{link}\n\nIt works once, until "
            "{until}. If you did not ask for it, tell an administrator; your old password still works.",
        ),
        "zh-hans": Text(
            "设置 Prewatt 新密码",
            "{inviter} 为您的账号 {username} 发送了设置新密码的链接：\n\n{link}\n\n链接仅可使用一次，{until} 前有效。"
            "如非您本人申请，请告知管理员；您的原密码仍然有效。",
        ),
    },
}

_LEFT: Final = {
    "en": ("At the usual pace it lasts about {days} days.", "At the usual pace it lasts less than a day."),
    "zh-hans": ("按近期用量约可用 {days} 天。", "按近期用量不足一天。"),
}
_REQUEST: Final = {
    "en": (" by {day}", " The month is estimated at {amount} from your own use."),
    "zh-hans": ("，请于 {day} 前支付", "按您近期用量预计全月 {amount}。"),
}
_UNITS: Final = {
    "en": ((86_400, "day", "days"), (3_600, "hour", "hours"), (60, "minute", "minutes"), (1, "second", "seconds")),
    "zh-hans": ((86_400, " 天", " 天"), (3_600, " 小时", " 小时"), (60, " 分钟", " 分钟"), (1, " 秒", " 秒")),
}
_REASONS: Final = {
    "en": {"no_credit": "out of credit", "manual": "by the operator", "safety": "for safety"},
    "zh-hans": {"no_credit": "余额用完", "manual": "由管理方操作", "safety": "安全原因"},
}
_OTHER_REASON: Final = {"en": "see the desk", "zh-hans": "请咨询服务台"}


def language_of(wanted: str) -> str:
    """This function will return the language to write in: the wanted one, or the founding estate's."""
    plain = wanted.lower().replace("_", "-")
    if plain.startswith("en"):
        return "en"
    return DEFAULT_LANGUAGE


def render(*, kind: str, language: str, facts: Mapping[str, str]) -> Text:
    """This function will fill in a text. Raises KeyError when a fact or a text is missing."""
    text = TEXTS[kind][language]
    return Text(text.subject.format_map(facts), text.body.format_map(facts).rstrip())


def days_left_words(*, days: int | None, language: str) -> str:
    """This function will say how long the balance lasts; nothing when that is not known."""
    if days is None:
        return ""
    many, none = _LEFT[language]
    return many.format(days=days) if days else none


def request_words(*, due_on: date | None, estimate: Money | None, language: str) -> dict[str, str]:
    """This function will say until when a month ahead is to be paid, and what it is estimated to cost."""
    due, cost = _REQUEST[language]
    return {
        "due": due.format(day=due_on.isoformat()) if due_on else "",
        "estimate": cost.format(amount=money_words(estimate)) if estimate else "",
    }


def duration_words(*, seconds: int, language: str) -> str:
    """This function will say a duration in its largest whole unit, rounded down; at least one second."""
    for size, one, many in _UNITS[language]:
        if seconds >= size:
            count = seconds // size
            word = one if count == 1 else many
            return f"{count} {word}" if language == "en" else f"{count}{word}".strip()
    return duration_words(seconds=1, language=language)


def reason_words(*, reason: str, language: str) -> str:
    """This function will say why power went off."""
    return _REASONS[language].get(reason, _OTHER_REASON[language])


def money_words(amount: Money) -> str:
    """This function will write an amount as people read it: ``¥1,312.60``, with a true minus before the sign."""
    digits = f"{abs(amount.to_decimal()):,.{minor_digits(amount.currency)}f}"
    sign = "−" if amount.minor < 0 else ""
    return f"{sign}¥{digits}" if amount.currency == "CNY" else f"{sign}{digits} {amount.currency}"


def rooms_words(*, rooms: Sequence[str]) -> str:
    """This function will name rooms, at most six of them."""
    named = ", ".join(rooms[:ROOMS_NAMED])
    return f"{named} … ({len(rooms)})" if len(rooms) > ROOMS_NAMED else named
