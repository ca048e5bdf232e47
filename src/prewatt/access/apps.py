"""Django's entry to this room."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.access"
