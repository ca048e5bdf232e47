"""Django's entry to this room."""

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.supply"
