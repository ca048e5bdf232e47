"""Django's entry to this room."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.billing"
