"""Whom a notice goes to: the customer of an account, and whoever the account named besides."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.estate.models import Site
from prewatt.kernel.clock import estate_clock, machine_now
from prewatt.notices.models import Preference
from prewatt.notices.quiet import wait_until
from prewatt.notices.texts import language_of, rooms_words
from prewatt.notices.ways import ways_in_order
from prewatt.supply.models import SupplyPolicy
from prewatt.tenancy.models import Account, Customer

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


_PARTIES: Final = """
SELECT account.id, account.number, account.currency, site.id, site.scope_id, site.operator_name, site.service_phone,
       site.time_zone, customer.phone, customer.email, customer.language, policy.notice_channels::text,
       policy.min_reconnect_balance, to_jsonb(wish)::text,
       ARRAY(SELECT point.code::text FROM tenancy_tenancy tenancy
             JOIN estate_meteringpoint point ON point.id = tenancy.metering_point_id
             WHERE tenancy.account_id = account.id AND upper_inf(tenancy.period) ORDER BY point.code)
FROM tenancy_account account
JOIN estate_site site ON site.id = account.site_id
JOIN tenancy_customer customer ON customer.id = account.customer_id
LEFT JOIN supply_supplypolicy policy ON policy.site_id = site.id
LEFT JOIN notices_preference wish ON wish.account_id = account.id
WHERE account.id = ANY(%s) AND account.payment_mode = 'prepaid'
"""
"""Every payment and every warning asks this: one statement, no more columns than a notice needs."""


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


def load_party(*, account_id: int) -> Party | None:
    """This function will return whom to tell of an account; nobody for the operator's own use."""
    return load_parties(account_ids=[account_id]).get(account_id)


def load_parties(*, account_ids: Collection[int]) -> dict[int, Party]:
    """This function will return whom to tell of accounts that pay; the operator's own use tells nobody."""
    if not account_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PARTIES, [list(account_ids)])
        return {row[0]: _party(row) for row in cursor.fetchall()}


def _party(row: tuple[Any, ...]) -> Party:
    """Put together what a notice needs; the account and its neighbours carry no more than that."""
    account_id, number, currency, site_id, scope_id, operator, service_phone, zone = row[:8]
    phone, email, language, offered, min_reconnect_balance, wished, rooms = row[8:15]
    site = Site(pk=site_id, scope_id=scope_id, operator_name=operator, service_phone=service_phone, time_zone=zone)
    account = Account(
        pk=account_id, number=number, currency=currency, site=site,
        customer=Customer(phone=phone, email=email, language=language),
    )  # fmt: skip
    wishes = Preference(account=account, **_wishes(json.loads(wished) if wished else {}))
    policy = SupplyPolicy() if min_reconnect_balance is None else None
    return Party(
        account=account, rooms=tuple(rooms),
        channels=ways_in_order(offered=json.loads(offered or "[]"), wished=wishes.channels),
        min_reconnect_balance=min_reconnect_balance if policy is None else policy.min_reconnect_balance, wishes=wishes,
    )  # fmt: skip


def _wishes(kept: dict[str, Any]) -> dict[str, Any]:
    times = {name: time.fromisoformat(kept[name]) for name in ("quiet_from", "quiet_to") if kept.get(name)}
    return {name: value for name, value in kept.items() if name not in {"account_id", "quiet_from", "quiet_to"}} | times
