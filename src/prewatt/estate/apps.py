"""Django's entry to this room."""

from django.apps import AppConfig


class EstateConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.estate"
