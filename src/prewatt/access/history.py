"""The history that triggers keep of a register's rows, for who must blank in it what is to be forgotten."""

from typing import TYPE_CHECKING, Any, Final, cast

from django.db.models import Model

if TYPE_CHECKING:
    from django.db.models import Manager

KEPT_AS: Final = "pgh_event_model"
"""Where pghistory leaves the register's history on its model; the stubs do not know it."""


def history_of(register: type[Model]) -> "Manager[Any]":
    """This function will return the rows that tell how a register's rows stood before."""
    return cast("Manager[Any]", getattr(register, KEPT_AS).objects)
