"""How a login is reached: a mail address, or a phone number written as E.164. Pure."""

import re
import unicodedata
from typing import Final

COUNTRY: Final = "86"
"""Put before a number that is typed without its country: the founding estate's."""

CHARS_MAX: Final = 254
_MAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE_FILLING: Final = re.compile(r"[\s().\-/]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_MOBILE_CN_DIGITS: Final = 11


def to_contact(text: str) -> str | None:
    """This function will read a mail address or a phone number as people type it; None for what is neither.

    A number without its country is one of China when it has the form of a mobile phone there.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > CHARS_MAX:
        return None
    if "@" in plain:
        mail = plain.lower()
        return mail if _MAIL.fullmatch(mail) else None
    number = _PHONE_FILLING.sub("", plain)
    if number.startswith("00"):
        number = f"+{number[2:]}"
    elif number.isascii() and number.isdigit() and len(number) == _MOBILE_CN_DIGITS and number.startswith("1"):
        number = f"+{COUNTRY}{number}"
    return number if _E164.fullmatch(number) else None


def is_mail(contact: str) -> bool:
    """This function will tell whether the contact is a mail address, else it is a phone."""
    return "@" in contact


def masked(contact: str) -> str:
    """This function will show enough of a contact to know one's own, and too little to learn another's."""
    if is_mail(contact):
        name, _, domain = contact.partition("@")
        return f"{name[:2] if len(name) > 3 else name[:1]}***@{domain}"
    return f"{contact[:-8]}****{contact[-4:]}" if len(contact) > 10 else f"{contact[:3]}****{contact[-2:]}"
