"""What tenants read for the codes of the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class RoleWord:
    """A role in sharing: its name, and what it allows."""

    name: Promise
    allows: Promise


ROLES: Final[Mapping[str, RoleWord]] = {
    "viewer": RoleWord(_("Looks"), _("Sees balance, use and papers.")),
    "payer": RoleWord(_("Pays"), _("Also tops up and restores power.")),
    "owner": RoleWord(_("Owner"), _("Also shares the account, asks for money back and moves out.")),
}

_BROWSERS: Final = (
    ("MicroMessenger", "WeChat"),
    ("AlipayClient", "Alipay"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """This function will name browser and system as people know them; nothing when neither is known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)
