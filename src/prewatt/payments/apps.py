"""Django's entry to this room."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.payments"
