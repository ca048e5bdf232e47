"""A tariff as a value: prices per band, a day programme per type of day, and who knows the band.

A ``Tariff`` that exists is sound: each day programme covers 00:00 to 24:00 once, each band in use has a price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from prewatt.kernel.money import minor_digits
from prewatt.rating.bands import BANDS, DAY_TYPES, Band, DayType
from prewatt.rating.errors import BadPrice, TariffHole, TariffMalformed, TariffOverlap, UnknownBand

DAY_MIN: Final = 24 * 60
PRICE_MAX: Final = 1_000_000_000
"""1,000 currency units per kWh, in 1e-6 currency per kWh: a price above it is a slip of the finger."""

METER_RATES_DEFAULT: Final = (Band.SHARP, Band.PEAK, Band.FLAT, Band.VALLEY)
_BY_CODE: Final = {band.code: band for band in BANDS}
_STANDS_FOR: Final = {DayType.WEEKEND: DayType.WORKDAY, DayType.HOLIDAY: DayType.WEEKEND}


class BandSource(StrEnum):
    """Who knows in which band energy was used: the clock and our programmes, or the meter's rate registers."""

    CLOCK = "clock"
    METER = "meter"


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A stretch of a local day, in minutes since midnight: ``from_minute`` in, ``to_minute`` out."""

    from_minute: int
    to_minute: int
    band: Band


@dataclass(frozen=True, slots=True)
class Tariff:
    """A price plan. ``prices`` has one place per band in the order of ``BANDS``, in 1e-6 currency per kWh.

    ``programmes`` has one per day type in the order of ``DAY_TYPES``; ``meter_rates`` says which band the registers
    T1, T2, … stand for, and matters only when ``band_source`` is the meter.
    """

    currency: str
    prices: tuple[int | None, ...]
    programmes: tuple[tuple[Slot, ...], ...]
    band_source: BandSource = BandSource.CLOCK
    meter_rates: tuple[Band, ...] = METER_RATES_DEFAULT

    def __post_init__(self) -> None:
        minor_digits(self.currency)
        for band, price in zip(BANDS, self.prices, strict=True):
            _check_price(price, band)
        for day_type, programme in zip(DAY_TYPES, self.programmes, strict=True):
            self._check_programme(day_type, programme)
        if self.band_source is BandSource.METER:
            self._check_meter_rates()

    @classmethod
    def flat(cls, *, currency: str, price: int) -> Self:
        """This method will return a tariff of one price, in 1e-6 currency per kWh."""
        all_day = (Slot(0, DAY_MIN, Band.FLAT),)
        return cls(currency, (None, None, price, None, None), (all_day,) * len(DAY_TYPES))

    @classmethod
    def time_of_use(
        cls,
        *,
        currency: str,
        prices: Mapping[Band, int],
        days: Mapping[DayType, Sequence[Slot]],
        band_source: BandSource = BandSource.CLOCK,
        meter_rates: Sequence[Band] = METER_RATES_DEFAULT,
    ) -> Self:
        """This method will return a tariff by time of day.

        A weekend without a programme follows the working day's, a holiday without one the weekend's.
        """
        programmes: dict[DayType, tuple[Slot, ...]] = {}
        for day_type in DAY_TYPES:
            if day_type in days:
                programmes[day_type] = tuple(sorted(days[day_type]))
            elif day_type is DayType.WORKDAY:
                raise TariffMalformed(
                    "there is no programme for working days.", path="days.workday", hint="Give its slots."
                )
            else:
                programmes[day_type] = programmes[_STANDS_FOR[day_type]]
        return cls(
            currency,
            tuple(prices.get(band) for band in BANDS),
            tuple(programmes[day_type] for day_type in DAY_TYPES),
            band_source,
            tuple(meter_rates),
        )

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """This method will read what ``to_json`` wrote, or what a person wrote in its shape.

        Raises TariffRefused with the path of the first fault.
        """
        whole = _mapping(raw, "tariff")
        prices = {
            _band(code, f"prices.{code}"): _price(price, f"prices.{code}")
            for code, price in _mapping(whole.get("prices"), "prices").items()
        }
        days = {
            _day_type(code): _slots(slots, f"days.{code}")
            for code, slots in _mapping(whole.get("days"), "days").items()
        }
        source = whole.get("band_source", BandSource.CLOCK.value)
        if source not in tuple(BandSource):
            raise TariffMalformed(f"{source!r} is not a source.", path="band_source", hint="Write clock or meter.")
        rates = whole.get("meter_rates", [band.code for band in METER_RATES_DEFAULT])
        return cls.time_of_use(
            currency=_text(whole.get("currency"), "currency"),
            prices=prices,
            days=days,
            band_source=BandSource(str(source)),
            meter_rates=[
                _band(code, f"meter_rates[{place}]") for place, code in enumerate(_list(rates, "meter_rates"))
            ],
        )

    def to_json(self) -> dict[str, Any]:
        """This method will write the tariff as plain values, always in the same order."""
        return {
            "currency": self.currency,
            "prices": {band.code: price for band, price in zip(BANDS, self.prices, strict=True) if price is not None},
            "days": {
                day_type.value: [[_clock(slot.from_minute), _clock(slot.to_minute), slot.band.code] for slot in slots]
                for day_type, slots in zip(DAY_TYPES, self.programmes, strict=True)
            },
            "band_source": self.band_source.value,
            "meter_rates": [band.code for band in self.meter_rates],
        }

    def price_of(self, band: Band) -> int:
        """This method will return the price of a band in 1e-6 currency per kWh; UnknownBand when it has none."""
        price = self.prices[band - 1]
        if price is None:
            raise UnknownBand(
                f"band {band.code} has no price.", path=f"prices.{band.code}", hint="Publish a version with one."
            )
        return price

    def programme(self, day_type: DayType) -> tuple[Slot, ...]:
        """This method will return the slots of a type of day, in order of time."""
        return self.programmes[DAY_TYPES.index(day_type)]

    @property
    def bands(self) -> tuple[Band, ...]:
        """This property will be the bands that have a price, in the order of ``BANDS``."""
        return tuple(band for band in BANDS if self.prices[band - 1] is not None)

    @property
    def is_flat(self) -> bool:
        """This property will tell whether energy costs the same at any time."""
        return len(self.bands) == 1

    def _check_programme(self, day_type: DayType, programme: tuple[Slot, ...]) -> None:
        reached = 0
        for place, slot in enumerate(programme):
            path = f"days.{day_type}[{place}]"
            if not 0 <= slot.from_minute < slot.to_minute <= DAY_MIN:
                raise TariffMalformed(
                    f"{_clock(slot.from_minute)} to {_clock(slot.to_minute)} is not a stretch of a day.",
                    path=path,
                    hint="A slot begins before it ends; split one that passes midnight in two.",
                )
            if slot.from_minute > reached:
                raise _hole(path, reached, slot.from_minute)
            if slot.from_minute < reached:
                raise TariffOverlap(
                    f"{_clock(slot.from_minute)} to {_clock(min(reached, slot.to_minute))} has two bands.",
                    path=path,
                    hint="Let each slot begin where the one before it ends.",
                )
            self._require_priced(slot.band, path)
            reached = slot.to_minute
        if reached < DAY_MIN:
            raise _hole(f"days.{day_type}", reached, DAY_MIN)

    def _check_meter_rates(self) -> None:
        for place, band in enumerate(self.meter_rates):
            self._require_priced(band, f"meter_rates[{place}]")
        self._require_priced(Band.FLAT, "meter_rates")

    def _require_priced(self, band: Band, path: str) -> None:
        if self.prices[band - 1] is None:
            raise UnknownBand(
                f"band {band.code} is used and has no price.", path=path, hint=f"Give prices.{band.code}."
            )


def _hole(path: str, from_minute: int, to_minute: int) -> TariffHole:
    return TariffHole(
        f"{_clock(from_minute)} to {_clock(to_minute)} has no band.",
        path=path,
        hint="Cover the whole day from 00:00 to 24:00.",
    )


def _check_price(price: object, band: Band) -> None:
    if price is None:
        return
    if isinstance(price, bool) or not isinstance(price, int) or not 0 <= price <= PRICE_MAX:
        raise BadPrice(
            f"{price!r} is not a price.",
            path=f"prices.{band.code}",
            hint=f"Write a whole number of 1/1,000,000 currency units per kWh from 0 to {PRICE_MAX:,}.",
        )


def _price(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadPrice(f"{value!r} is not a whole number of 1/1,000,000 currency units per kWh.", path=path)
    return value


def _band(code: object, path: str) -> Band:
    if not isinstance(code, str) or code not in _BY_CODE:
        raise UnknownBand(f"{code!r} is not a band.", path=path, hint=f"Use one of {', '.join(_BY_CODE)}.")
    return _BY_CODE[code]


def _day_type(code: object) -> DayType:
    if code not in tuple(DayType):
        raise TariffMalformed(
            f"{code!r} is not a type of day.", path=f"days.{code}", hint=f"Use one of {', '.join(DAY_TYPES)}."
        )
    return DayType(str(code))


def _slots(raw: object, path: str) -> list[Slot]:
    slots = []
    for place, item in enumerate(_list(raw, path)):
        here = f"{path}[{place}]"
        parts = _list(item, here)
        if len(parts) != 3:
            raise TariffMalformed("a slot is [from, to, band].", path=here, hint='As ["08:00", "12:00", "peak"].')
        slots.append(Slot(_minute(parts[0], here), _minute(parts[1], here), _band(parts[2], here)))
    return sorted(slots)


def _minute(value: object, path: str) -> int:
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    well_formed = colon and len(hours) == len(minutes) == 2 and f"{hours}{minutes}".isascii()
    if not well_formed or not f"{hours}{minutes}".isdigit() or int(minutes) > 59:
        raise TariffMalformed(f"{value!r} is not a time.", path=path, hint="Write 00:00 to 24:00.")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _mapping(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TariffMalformed("an object is missing here.", path=path)
    return value


def _list(value: object, path: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise TariffMalformed("a list is missing here.", path=path)
    return value


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise TariffMalformed("a text is missing here.", path=path)
    return value
