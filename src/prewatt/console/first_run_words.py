"""The set-up in words: what each step is for, and what the tests of gateway and public address have found."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prewatt.usecases.check_public_address import Reach
from prewatt.usecases.see_first_run import Step

STEPS: Final[dict[Step, tuple[str, Promise, Promise]]] = {
    Step.SITE: ("building-store", _("Site"), _("Name, code, time zone and currency of the estate.")),
    Step.GATEWAY: (
        "topology-star-3", _("First gateway"), _("It is connected to, and one meter is read, before it is kept."),
    ),
    Step.ESTATE: (
        "file-spreadsheet", _("Estate workbook"), _("Rooms, meters, customers and tenancies, from one Excel file."),
    ),
    Step.TARIFF: (
        "coins", _("Tariff"), _("What a kilowatt-hour costs. It comes with the workbook, on the sheet Tariffs."),
    ),
    Step.PAYMENT: (
        "wallet", _("Payment channel"),
        _("Alipay, WeChat Pay or Stripe, with a test. Without one tenants pay at the desk."),
    ),
    Step.MESSAGES: ("mail", _("Messages"), _("A test message to yourself, by mail or text.")),
    Step.ADDRESS: (
        "world", _("Public address"), _("Asked from outside, as payment providers do: name, certificate, proxy."),
    ),
}  # fmt: skip

REACHES: Final[dict[Reach, Promise]] = {
    Reach.GOOD: _("It leads here: name, certificate and path are right."),
    Reach.NOT_TLS: _("It does not begin with https://. Set PREWATT_PUBLIC_URL to the address that people outside use."),
    Reach.NO_NAME: _("The name has no address. Enter it at your DNS provider, or correct PREWATT_PUBLIC_URL."),
    Reach.NO_CONNECTION: _(
        "Nobody answers there. Look at the firewall and the port forwarding, and whether the proxy runs."
    ),
    Reach.CERTIFICATE: _("The certificate is not accepted. Providers refuse it too: renew it, with its whole chain."),
    Reach.SILENT: _("The connection is made, and then no whole answer comes. Look at the log of the proxy."),
    Reach.WRONG_HOST: _(
        "Prewatt is asked under another name. Add the public name to PREWATT_ALLOWED_HOSTS, and let the proxy hand on"
        " Host unchanged."
    ),
    Reach.REDIRECTED: _(
        "It answers with a redirect, which providers do not follow. Set PREWATT_HTTPS=true, and let the proxy set"
        " X-Forwarded-Proto."
    ),
    Reach.PATH_CHANGED: _("The proxy changes the path. Let it hand on the whole path as it came."),
    Reach.OTHER_INSTALLATION: _("Another Prewatt answers there, or one with another PREWATT_SECRET_KEY."),
    Reach.NOT_PREWATT: _("Something else answers there. Look where the proxy sends this name."),
}

FINDINGS: Final[dict[str, Promise]] = {
    "no_line": _("No connection. Is the gateway on, and are address and port right?"),
    "silent": _("The gateway answers, the meter is silent. Look at its address, at the line and at the baud."),
    "garbled": _("The gateway answers, but the meter cannot be understood. Look at baud and parity."),
    "other_pace": _(
        "The meter answers at another pace than the baud that was typed. Write what is set at the gateway."
    ),
    "no_register": _("The meter answers, but not with its register. Look at its protocol."),
}
