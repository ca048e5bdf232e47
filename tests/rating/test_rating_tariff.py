"""Tariffs as values: what is refused, and where."""

import json

import pytest

from prewatt.kernel.money import UnknownCurrency
from prewatt.rating.bands import BANDS, Band, DayType
from prewatt.rating.errors import BadPrice, TariffHole, TariffMalformed, TariffOverlap, TariffRefused, UnknownBand
from prewatt.rating.tariff import BandSource, Slot, Tariff

GOOD = {
    "currency": "CNY",
    "prices": {"peak": 1_200_000, "flat": 800_000, "valley": 400_000},
    "days": {"workday": [["00:00", "08:00", "valley"], ["08:00", "20:00", "peak"], ["20:00", "24:00", "flat"]]},
}


def changed(**parts: object) -> dict[str, object]:
    return {**GOOD, **parts}


def workday(*slots: list[str]) -> dict[str, object]:
    return changed(days={"workday": list(slots)})


def test_a_tariff_survives_json() -> None:
    tariff = Tariff.from_json(GOOD)
    assert Tariff.from_json(json.loads(json.dumps(tariff.to_json()))) == tariff
    assert tariff.to_json()["days"]["holiday"] == GOOD["days"]["workday"]  # type: ignore[index]  # a literal
    assert hash(tariff) == hash(Tariff.from_json(tariff.to_json()))


def test_a_holiday_follows_the_weekend_and_that_the_working_day() -> None:
    days = {**GOOD["days"], "weekend": [["00:00", "24:00", "flat"]]}  # type: ignore[dict-item]  # a literal
    tariff = Tariff.from_json(changed(days=days))
    assert tariff.programme(DayType.HOLIDAY) == (Slot(0, 1440, Band.FLAT),)
    assert len(tariff.programme(DayType.WORKDAY)) == 3


def test_flat() -> None:
    tariff = Tariff.flat(currency="CNY", price=650_000)
    assert tariff.is_flat
    assert tariff.bands == (Band.FLAT,)
    assert tariff.price_of(Band.FLAT) == 650_000
    assert tariff.band_source is BandSource.CLOCK
    assert not Tariff.from_json(GOOD).is_flat


def test_codes_of_bands() -> None:
    assert [band.code for band in BANDS] == ["sharp", "peak", "flat", "valley", "deep_valley"]


@pytest.mark.parametrize(
    ("raw", "error", "path"),
    [
        (workday(["00:00", "08:00", "flat"], ["09:00", "24:00", "flat"]), TariffHole, "days.workday[1]"),
        (workday(["01:00", "24:00", "flat"]), TariffHole, "days.workday[0]"),
        (workday(["00:00", "23:00", "flat"]), TariffHole, "days.workday"),
        (workday(), TariffHole, "days.workday"),
        (workday(["00:00", "09:00", "flat"], ["08:00", "24:00", "peak"]), TariffOverlap, "days.workday[1]"),
        (workday(["00:00", "24:00", "flat"], ["08:00", "09:00", "peak"]), TariffOverlap, "days.workday[1]"),
        (workday(["00:00", "24:00", "noon"]), UnknownBand, "days.workday[0]"),
        (workday(["00:00", "24:00", "sharp"]), UnknownBand, "days.workday[0]"),
        (workday(["20:00", "08:00", "flat"]), TariffMalformed, "days.workday[0]"),
        (workday(["00:00", "24:30", "flat"]), TariffMalformed, "days.workday[0]"),
        (workday(["00:00", "23:60", "flat"]), TariffMalformed, "days.workday[0]"),
        (workday(["0:00", "24:00", "flat"]), TariffMalformed, "days.workday[0]"),
        (workday(["00:00", "24:00"]), TariffMalformed, "days.workday[0]"),
        (workday("all day"), TariffMalformed, "days.workday[0]"),  # type: ignore[arg-type]  # bad on purpose
        (changed(days={"workday": [[0, 24, "flat"]]}), TariffMalformed, "days.workday[0]"),
        (changed(days={"weekend": [["00:00", "24:00", "flat"]]}), TariffMalformed, "days.workday"),
        (changed(days={"monday": []}), TariffMalformed, "days.monday"),
        (changed(days={"workday": "flat"}), TariffMalformed, "days.workday"),
        (changed(days=None), TariffMalformed, "days"),
        (changed(prices={"flat": -1}), BadPrice, "prices.flat"),
        (changed(prices={"flat": 0.65}), BadPrice, "prices.flat"),
        (changed(prices={"flat": True}), BadPrice, "prices.flat"),
        (changed(prices={"flat": 1_000_000_001}), BadPrice, "prices.flat"),
        (changed(prices={"noon": 1}), UnknownBand, "prices.noon"),
        (changed(prices=[1]), TariffMalformed, "prices"),
        (changed(currency=7), TariffMalformed, "currency"),
        (changed(band_source="sun"), TariffMalformed, "band_source"),
        (changed(band_source="meter", meter_rates="T1"), TariffMalformed, "meter_rates"),
        (changed(band_source="meter", meter_rates=["peak", "noon"]), UnknownBand, "meter_rates[1]"),
        (changed(band_source="meter", meter_rates=["peak", "sharp"]), UnknownBand, "meter_rates[1]"),
        ("cheap", TariffMalformed, "tariff"),
    ],
)
def test_what_is_refused_names_the_place(raw: object, error: type[TariffRefused], path: str) -> None:
    with pytest.raises(error) as caught:
        Tariff.from_json(raw)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")


def test_registers_leave_a_rest_that_is_flat() -> None:
    raw = {
        "currency": "CNY",
        "prices": {"peak": 2},
        "days": {"workday": [["00:00", "24:00", "peak"]]},
        "band_source": "meter",
        "meter_rates": ["peak"],
    }
    with pytest.raises(UnknownBand, match="flat"):
        Tariff.from_json(raw)


def test_currencies_are_known() -> None:
    with pytest.raises(UnknownCurrency):
        Tariff.flat(currency="XXX", price=1)


def test_a_band_without_a_price_cannot_be_asked_for() -> None:
    with pytest.raises(UnknownBand):
        Tariff.from_json(GOOD).price_of(Band.SHARP)
