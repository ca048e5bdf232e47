"""Registers of things kept in line with what somebody says they are: make what is missing, change what differs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model

from prewatt.access.audit import require_unit_of_work

Row = TypeVar("Row", bound=Model)
Key = TypeVar("Key")
BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows were made, changed and left as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        created, updated = self.created + other.created, self.updated + other.updated
        return Tally(created, updated, self.unchanged + other.unchanged)


@dataclass(frozen=True, slots=True)
class Kept(Generic[Key, Row]):
    """The rows by their natural key, and the tally."""

    rows: dict[Key, Row]
    tally: Tally


def keep_in_line(
    *,
    model: type[Row],
    present: Mapping[Key, Row],
    wanted: Mapping[Key, Mapping[str, Any]],
    on_create: Mapping[Key, Mapping[str, Any]] | None = None,
) -> Kept[Key, Row]:
    """This function will make the rows in ``wanted`` that are not ``present`` and change the ones that differ.

    ``wanted`` and ``on_create`` hold field values by natural key; those of ``on_create`` are only for new rows.
    Rows that nobody wants stay: nothing is deleted. Needs a unit of work.
    """
    require_unit_of_work()
    made, changed, names = [], [], set()
    rows = {}
    for key, values in wanted.items():
        row = present.get(key)
        if row is None:
            row = model(**values, **(on_create or {}).get(key, {}))
            made.append(row)
        else:
            different = _differences(row, values)
            if different:
                names.update(different)
                changed.append(row)
        rows[key] = row
    model._default_manager.bulk_create(made, batch_size=BATCH_ROWS)  # noqa: SLF001 - Django's name for any model
    if changed:
        model._default_manager.bulk_update(changed, sorted(names), batch_size=BATCH_ROWS)  # noqa: SLF001
    return Kept(rows, Tally(len(made), len(changed), len(wanted) - len(made) - len(changed)))


def _differences(row: Model, values: Mapping[str, Any]) -> list[str]:
    different = [name for name, value in values.items() if _differs(row, name, value)]
    for name in different:
        setattr(row, name, values[name])
    return different


def _differs(row: Model, name: str, value: object) -> bool:
    """This function will compare keys for what points at another row: reading that row would be a query each."""
    if isinstance(value, Model):
        return bool(getattr(row, f"{name}_id") != value.pk)
    return bool(getattr(row, name) != value)


def by_key(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], Row]:
    """This function will return the rows by the values of the named fields."""
    return {tuple(getattr(row, name) for name in names): row for row in rows}
