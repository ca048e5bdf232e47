"""Whom a notice goes to: the customer of an account, and whoever the account named besides."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.kernel.clock import estate_clock, machine_now
from prewatt.notices.models import Preference
from prewatt.notices.quiet import wait_until
from prewatt.notices.texts import language_of, rooms_words
from prewatt.supply.models import SupplyPolicy
from prewatt.supply.queries import list_points_of_accounts
from prewatt.tenancy.models import Account

WARNINGS: Final = frozenset({"level_1", "level_2", "last_call"})
TOLD_BY_DESK: Final = WARNINGS | {"request"}
"""What a person tells where no other way carries it."""
SECRETS: Final = frozenset({"code", "invitation"})
"""Kinds whose words open something: the body is blanked once it has been sent, except in the demo's letter box."""
MUTABLE: Final = frozenset({"level_1", "reconnected", "top_up", "refund"})
"""What an account may do without: whoever is to be disconnected is told, whatever was wished."""
PATIENT: Final = frozenset({"level_1", "level_2", "top_up", "refund", "request"})
"""What waits through an account's quiet hours."""
COPIED: Final = WARNINGS | {"disconnected", "reconnected"}
"""What the second person is told too."""
DEFAULT_CHANNELS: Final = ("sms", "mail", "desk")


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a notice goes to, and what every text may name."""

    account: Account
    rooms: tuple[str, ...]
    channels: tuple[str, ...]
    min_reconnect_balance: int
    wishes: Preference

    @property
    def language(self) -> str:
        """This property will be the language of the customer."""
        return language_of(self.account.customer.language)

    @property
    def zone(self) -> ZoneInfo:
        """This property will be the site's zone."""
        return ZoneInfo(self.account.site.time_zone)

    def recipient(self, channel: str) -> str:
        """This method will return the customer's address on a channel, or nothing when there is none."""
        customer = self.account.customer
        return {
            "sms": customer.phone, "mail": customer.email, "desk": customer.phone or "desk",
            "letterbox": self.account.number,
        }[channel]  # fmt: skip

    def second(self) -> tuple[str, str] | None:
        """This method will return channel and address of the second person, None when nobody was named."""
        named = {"sms": self.wishes.second_phone, "mail": self.wishes.second_mail}
        if "letterbox" in self.channels and self.wishes.second_name:
            named["letterbox"] = f"{self.account.number} · {self.wishes.second_name}"
        return next(((one, named[one]) for one in self.channels if named.get(one)), None)

    def wants(self, kind: str) -> bool:
        """This method will tell whether the account is told of this kind at all."""
        return kind not in MUTABLE or kind not in self.wishes.muted

    def due_at(self, kind: str, now: datetime) -> datetime:
        """This method will return the machine's instant from which the kind may go: quiet hours hold what can wait."""
        if kind not in PATIENT or not estate_clock().speed:  # a clock that stands writes history: nobody is woken by it
            return machine_now()
        until = wait_until(at=now, zone=self.zone, quiet_from=self.wishes.quiet_from, quiet_to=self.wishes.quiet_to)
        return machine_now() + timedelta(seconds=estate_clock().machine_s(until - now))

    def way(self, kind: str, after: str | None = None) -> str | None:
        """This method will return the first channel, behind ``after``, that can carry this kind. None: no way."""
        channels = self.channels[self.channels.index(after) + 1 :] if after in self.channels else self.channels
        for channel in channels:
            if self.recipient(channel) and (channel != "desk" or kind in TOLD_BY_DESK):
                return channel
        return None

    def facts(self) -> dict[str, str]:
        """This method will return the facts that every text may name."""
        site = self.account.site
        return {
            "number": self.account.number,
            "rooms": rooms_words(rooms=self.rooms) or self.account.number,
            "operator": site.operator_name,
            "phone": site.service_phone,
        }

    def local(self, at: datetime) -> str:
        """This method will write an instant in the site's zone."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")


def load_parties(*, account_ids: Collection[int]) -> dict[int, Party]:
    """This function will return whom to tell of accounts that pay; the operator's own use tells nobody."""
    if not account_ids:
        return {}
    accounts = Account.objects.select_related("customer", "site__scope").filter(pk__in=account_ids)
    rows = [account for account in accounts if account.payment_mode == "prepaid"]
    policies = {row.site_id: row for row in SupplyPolicy.objects.filter(site__in={row.site_id for row in rows})}
    points = list_points_of_accounts(account_ids=[row.pk for row in rows])
    wishes = Preference.objects.in_bulk([row.pk for row in rows])
    parties = {}
    for row in rows:
        policy = policies.get(row.site_id) or SupplyPolicy(site=row.site)
        wished = wishes.get(row.pk) or Preference(account=row)
        parties[row.pk] = Party(
            account=row, rooms=tuple(code for _point_id, code in points.get(row.pk, [])),
            channels=_channels(tuple(policy.notice_channels) or DEFAULT_CHANNELS, wished.channels),
            min_reconnect_balance=policy.min_reconnect_balance, wishes=wished,
        )  # fmt: skip
    return parties


def _channels(offered: tuple[str, ...], wished: list[str]) -> tuple[str, ...]:
    """Return the ways to tell: those that the account prefers first; no other way is lost, a warning must arrive."""
    first = [one for one in wished if one in offered]
    return (*first, *(one for one in offered if one not in first))
