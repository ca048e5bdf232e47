"""The data behind each identifier of a virtual meter."""

from collections.abc import Callable
from datetime import datetime, timedelta

from prewatt.simulator.meters import VirtualMeter
from prewatt.wire.dlt645 import identifiers, moments
from prewatt.wire.dlt645.identifiers import encode_values

FREEZES_MAX = 62
EVENTS_MAX = 10


def item_data(*, meter: VirtualMeter, di: int, at: datetime, shift_wh: int = 0) -> bytes | None:
    """This function will return the data behind an identifier at an instant, or None when the meter has no such item.

    ``shift_wh`` is added to the registers shown (faults value_drop and value_jump).
    """
    single = _SINGLES.get(di)
    if single is not None:
        return single(meter, at)
    family = _FAMILIES.get(di >> 16)
    return None if family is None else family(meter, di, at, shift_wh)


def _forward_energy(meter: VirtualMeter, di: int, at: datetime, shift_wh: int) -> bytes | None:
    return None if di & 0xFF else _energy(meter, di, at, shift_wh)


def _reverse_energy(_meter: VirtualMeter, di: int, _at: datetime, _shift_wh: int) -> bytes | None:
    """This function will return zeros: nothing behind these meters feeds back."""
    one = di >> 8 & 0xFF
    if di & 0xFF or 4 < one < 0xFF:
        return None
    return bytes(20 if one == 0xFF else 4)


def _energy(meter: VirtualMeter, di: int, at: datetime, shift_wh: int) -> bytes | None:
    one = di >> 8 & 0xFF
    registers = meter.registers(at)
    total = max(registers.total_wh + shift_wh, 0)
    shown = (total, *registers.rates_wh)
    if shift_wh:
        most = max(range(1, len(shown)), key=lambda rate: shown[rate])
        rates = [max(wh + shift_wh, 0) if rate == most else wh for rate, wh in enumerate(shown) if rate]
        shown = (sum(rates), *rates)
    if one == 0xFF:
        return b"".join(encode_values(di=identifiers.FORWARD_ENERGY, values=(wh,)) for wh in shown)
    return encode_values(di=di, values=(shown[one],)) if one < len(shown) else None


def _measured(meter: VirtualMeter, di: int, at: datetime, _shift_wh: int) -> bytes | None:
    if di & 0xFF:
        return None
    measured, one = meter.measure(at), di >> 8 & 0xFF
    values: tuple[int | None, ...] = {
        0x0201: measured.voltages_mv,
        0x0202: measured.currents_ma,
        0x0203: measured.powers_mw,
        0x0206: (measured.power_factor_permille,) * 4,
    }[di >> 16]
    if one == 0xFF:
        return encode_values(di=di, values=values)
    index = one if len(values) == 4 else one - 1
    return encode_values(di=di, values=(values[index],)) if 0 <= index < len(values) else None


def _frozen_now(meter: VirtualMeter, di: int, _at: datetime, _shift_wh: int) -> bytes | None:
    return _frozen(meter, di, meter.frozen_at[-1]) if di & 0xFF == 1 and meter.frozen_at else None


def _frozen_daily(meter: VirtualMeter, di: int, at: datetime, _shift_wh: int) -> bytes | None:
    days_back = di & 0xFF
    if not 1 <= days_back <= FREEZES_MAX:
        return None
    frozen = meter.daily_freeze_at(at, days_back=days_back)
    return None if frozen is None else _frozen(meter, di, frozen)


def _frozen(meter: VirtualMeter, di: int, frozen: datetime) -> bytes | None:
    match di >> 8 & 0xFF:
        case 0x00:
            return moments.encode_minute(frozen.astimezone(meter.zone))
        case 0x01:
            return _energy(meter, identifiers.FORWARD_ENERGY_BLOCK, frozen, 0)
        case _:
            return None


def _relay_record(meter: VirtualMeter, di: int, _at: datetime, _shift_wh: int) -> bytes | None:
    """This function will return how often the relay opened (1D) or closed (1E), or when it did for the last times."""
    instants = meter.opened_at if di >> 24 == 0x1D else meter.closed_at
    one, low = di >> 8 & 0xFF, di & 0xFF
    if (one, low) == (0, 1):
        return encode_values(di=di, values=(len(instants),))
    if one != 1 or not 1 <= low <= EVENTS_MAX:
        return None
    if low > len(instants):
        return bytes(6)
    return moments.encode_second((instants[-low] + timedelta(seconds=meter.skew_s)).astimezone(meter.zone))


_FAMILIES: dict[int, Callable[[VirtualMeter, int, datetime, int], bytes | None]] = {
    0x0000: _forward_energy,
    0x0001: _forward_energy,
    0x0002: _reverse_energy,
    0x0201: _measured,
    0x0202: _measured,
    0x0203: _measured,
    0x0206: _measured,
    0x0501: _frozen_now,
    0x0506: _frozen_daily,
    0x1D00: _relay_record,
    0x1E00: _relay_record,
}
"""By the upper half of the identifier; combined active (0000) equals forward active here."""


def _words(meter: VirtualMeter) -> tuple[int, ...]:
    return (0, 0, meter.status_word_3(), 0, 0, 0, 0)


def _word(number: int) -> Callable[[VirtualMeter, datetime], bytes]:
    return lambda meter, _: _number(0x04000500 | number, _words(meter)[number - 1])


def _number(di: int, value: int) -> bytes:
    return encode_values(di=di, values=(value,))


_SINGLES: dict[int, Callable[[VirtualMeter, datetime], bytes]] = {
    identifiers.FREQUENCY: lambda meter, at: _number(identifiers.FREQUENCY, meter.measure(at).frequency_mhz),
    identifiers.DATE: lambda meter, at: moments.encode_date(meter.clock(at).date()),
    identifiers.TIME: lambda meter, at: moments.encode_time(meter.clock(at).time()),
    identifiers.CLOCK: lambda meter, at: moments.encode_clock(meter.clock(at)),
    identifiers.ADDRESS: lambda meter, _: bytes.fromhex(meter.spec.address)[::-1],
    identifiers.METER_NUMBER: lambda meter, _: bytes.fromhex(meter.spec.address)[::-1],
    identifiers.TRIP_DELAY: lambda meter, _: _number(identifiers.TRIP_DELAY, meter.trip_delay_min * 60),
    0x04000204: lambda _meter, _: _number(0x04000204, 4),
    0x04000306: lambda meter, _: _number(0x04000306, meter.spec.multiplier),
    0x04000409: lambda _meter, _: _number(0x04000409, 1600),
    identifiers.STATUS_WORDS: lambda meter, _: encode_values(di=identifiers.STATUS_WORDS, values=_words(meter)),
    **{0x04000500 | number: _word(number) for number in range(1, 8)},
}
