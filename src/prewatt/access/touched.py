"""What a unit of work changed that somebody may be waiting for: merged here, told once when it commits."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

LIVE_CHANNEL = "prewatt_live"
COMMAND_CHANNEL = "prewatt_commands"
IDS_MAX = 40
"""More points or accounts than this are not listed: ``many`` tells the listener to look at the whole site."""
GATEWAYS_MAX = 500
ALL_GATEWAYS = "*"


@dataclass(slots=True)
class Touched:
    """Ids of what was touched. ``site_id`` stays None when no site was named, or more than one."""

    site_ids: set[int] = field(default_factory=set)
    points: set[int] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    gateways: set[int] = field(default_factory=set)
    cases: bool = False

    def merge(
        self,
        *,
        site_id: int | None = None,
        points: Iterable[int] = (),
        accounts: Iterable[int] = (),
        gateways: Iterable[int] = (),
        cases: bool = False,
    ) -> None:
        """This method will add what was touched to what was touched before."""
        if site_id is not None:
            self.site_ids.add(site_id)
        self.points.update(points)
        self.accounts.update(accounts)
        self.gateways.update(gateways)
        self.cases = self.cases or cases

    def messages(self) -> list[tuple[str, str]]:
        """This method will return (channel, payload): one message a channel at most.

        Live: JSON ``{"site", "points", "accounts", "cases", "many"}``; when ``many`` is true both lists are empty.
        Commands: gateway ids joined by commas, or ``*`` for very many.
        """
        messages = []
        if self.points or self.accounts or self.cases or self.site_ids:
            messages.append((LIVE_CHANNEL, self._live_payload()))
        if self.gateways:
            few = len(self.gateways) <= GATEWAYS_MAX
            payload = ",".join(str(one) for one in sorted(self.gateways)) if few else ALL_GATEWAYS
            messages.append((COMMAND_CHANNEL, payload))
        return messages

    def _live_payload(self) -> str:
        many = len(self.points) > IDS_MAX or len(self.accounts) > IDS_MAX
        return json.dumps(
            {
                "site": next(iter(self.site_ids)) if len(self.site_ids) == 1 else None,
                "points": [] if many else sorted(self.points),
                "accounts": [] if many else sorted(self.accounts),
                "cases": self.cases,
                "many": many,
            },
            separators=(",", ":"),
        )
