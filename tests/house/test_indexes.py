"""What is looked up by a number has an index that PostgreSQL uses for it."""

import pytest
from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db.models import Model, UniqueConstraint

EXCLUDED = [
    (model, name)
    for model in apps.get_models()
    for constraint in model._meta.constraints
    if isinstance(constraint, ExclusionConstraint)
    for name, operator in constraint.expressions
    if operator == RangeOperators.EQUAL and model._meta.get_field(str(name)).is_relation
]


@pytest.mark.parametrize(("model", "name"), EXCLUDED, ids=lambda one: getattr(one, "__name__", one))
def test_an_exclusion_is_no_index_to_look_up_by(model: type[Model], name: str) -> None:
    """A GiST index on a bigint is not found by a small number: only a B-tree compares int8 with int4."""
    options = model._meta
    lead = {index.fields[0] for index in options.indexes if index.fields and index.condition is None}
    lead |= {one.fields[0] for one in options.constraints if isinstance(one, UniqueConstraint) and not one.condition}
    field = options.get_field(str(name))
    assert getattr(field, "db_index", False) or name in lead, f"{options.label}.{name} needs an index of its own"
