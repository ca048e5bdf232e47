"""What a trial reading found, in words: what it means, and what to do now."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from prewatt.console.states import Tone
from prewatt.usecases.see_trial import Stand, TrialView


@dataclass(frozen=True, slots=True)
class Advice:
    """How a trial stands: an icon, its colour, a few words for the chip, what it means and what to do."""

    tone: Tone
    icon: str
    title: str
    text: str
    turns: bool = False


_LOOKS: Final = {
    Stand.WAITING: (Tone.MOVING, "loader-2", _l("Waiting for the collector")),
    Stand.READING: (Tone.MOVING, "loader-2", _l("Reading the meter")),
    Stand.PROVEN: (Tone.OK, "circle-check", _l("It answers there")),
    Stand.SAVED: (Tone.OK, "circle-check", _l("Saved")),
    Stand.STALE: (Tone.LEVEL_1, "clock-x", _l("The trial has lapsed")),
    Stand.AWAY: (Tone.OFF, "antenna-bars-off", _l("The collector is away")),
    Stand.UNTOLD: (Tone.OFF, "clock-x", _l("No outcome")),
    Stand.FAILED: (Tone.OFF, "circle-x", _l("Failed")),
}
_TEXTS: Final = {
    Stand.WAITING: _l("It takes the order within a few seconds."),
    Stand.READING: _l("Between two other meters of the bus, and after commands: some seconds."),
    Stand.PROVEN: _l(
        "This meter answers at the new place, and its register goes on from the last reading. Nothing is saved yet."
    ),
    Stand.SAVED: _l(
        "The meter is read at its new place from now on. The move is in the history with your name and reason."
    ),
    Stand.STALE: _l("The answer is too old to prove anything. Nothing was saved: try once more."),
    Stand.AWAY: _l(
        "No collector that holds this gateway took the order. See on the communication map whether the gateway is"
        " online, and whether the collector runs; then try once more."
    ),
    Stand.UNTOLD: _l("The collector took the order and did not say what came of it. Try once more."),
}


def advice_of(trial: TrialView) -> Advice:
    """This function will put words to how a trial stands."""
    tone, icon, title = _LOOKS[trial.stand]
    if trial.stand is Stand.FAILED:
        return Advice(tone, icon, *_failed(trial))
    return Advice(tone, icon, str(title), str(_TEXTS[trial.stand]), turns=trial.is_open)


def _failed(trial: TrialView) -> tuple[str, str]:
    facts = {
        "address": trial.after.address, "where": trial.where, "baud": trial.after.baud, "words": trial.words,
    }  # fmt: skip
    match trial.finding:
        case "no_line":
            title = _("The bus is down")
            text = _("%(where)s: %(words)s. Is the gateway on, and does its port lead to this bus? Then try once more.")
        case "silent":
            title = _("Nobody answers at this address")
            text = _(
                "%(address)s is silent on %(where)s at %(baud)s baud. Compare the number on the meter, look whether it"
                " hangs on this bus and whether A and B are swapped."
            )
        case "other_pace":
            title = _("The baud is wrong")
            text = _(
                "Answers on this bus come at the pace of %(words)s baud, not of %(baud)s. Choose what is set at the"
                " gateway."
            )
        case "other_meter":
            title = _("Another meter answers")
            text = _(
                "Somebody answers at %(address)s, but the register does not go on from this meter's last reading."
                " Compare the number on the meter. A new device is an exchange, not a move."
            )
        case "no_register":
            title = _("The meter does not say its register")
            text = _(
                "%(address)s answers, but gives no register: %(words)s. It cannot be told whether it is this meter."
            )
        case _:
            title = _("The answer cannot be understood")
            text = _(
                "Bytes came from %(where)s, but no answer. Two meters with one address, or another baud or parity:"
                " look at the gateway's settings."
            )
    return title, text % facts
