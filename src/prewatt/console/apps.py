"""Django's entry to the operators' console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The console as an app: templates and template tags."""

    name = "prewatt.console"
