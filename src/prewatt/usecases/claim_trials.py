"""Handing trial readings to the collector that holds their gateway."""

from collections.abc import Mapping

from prewatt.access.audit import Actor
from prewatt.estate.services import trials
from prewatt.estate.services.trials import ClaimedTrial
from prewatt.usecases.work import unit_of_work


def claim_trials(*, actor: Actor, epochs: Mapping[int, int]) -> list[ClaimedTrial]:
    """This function will hand out the trials that wait for the gateways held under these epochs (gateway -> epoch).

    Nothing is written, no action either, when nothing waits for them.
    """
    if not epochs or not trials.has_trials_to_claim(epochs=epochs):
        return []
    with unit_of_work(actor=actor, verb="claim_trials"):
        return trials.claim_trials(epochs=epochs)
