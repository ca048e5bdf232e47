"""Django's entry to this room."""

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.metering"
