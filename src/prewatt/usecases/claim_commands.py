"""Handing commands to the collector that holds their gateway."""

from collections.abc import Collection, Mapping

from prewatt.access.audit import Actor
from prewatt.supply import services
from prewatt.supply.values import ClaimedCommand
from prewatt.usecases.work import unit_of_work


def claim_commands(
    *, actor: Actor, epochs: Mapping[int, int], bus_ids: Collection[int] | None = None, limit: int = 200
) -> list[ClaimedCommand]:
    """This function will hand out what waits for the gateways held under these epochs (gateway -> epoch).

    Give ``bus_ids`` of the lines that are up: what waits for others stays queued, where a newer wish can void it.
    Nothing is written, no action either, when nothing waits for them.
    """
    if not epochs or not services.has_commands_to_claim(epochs=epochs, bus_ids=bus_ids):
        return []
    with unit_of_work(actor=actor, verb="claim_commands"):
        return services.claim_commands(epochs=epochs, bus_ids=bus_ids, limit=limit)
