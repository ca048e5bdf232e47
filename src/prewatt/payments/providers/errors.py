"""What speaking with a provider can refuse, or fail to do.

::

    Refused
    ├── CallbackMalformed    not what the provider's protocol sends: size, character set, duplicate keys, an amount
    ├── CallbackForged       no valid signature, an unknown key, or a time stamp outside the window
    ├── CallbackIrrelevant   truly the provider's and ours, but about nothing that is kept: answer it with success
    ├── CallbackForeign      truly the provider's, but meant for another merchant or another app
    ├── BadMerchant          the channel is unknown, or a key or setting of the merchant is missing or unreadable
    │   └── BadCertificate   certificates that cannot be read, are not valid now, or do not belong together; by field
    ├── WayNotOffered        this channel cannot be paid in this way, or not in this currency
    └── BadStatement         the file is not this provider's statement
    Unable
    ├── ProviderAway         no answer, or none that can be trusted: the outcome is unknown, ask again
    │   └── AnswerNotProven  it answered, but its signature or its shape does not hold
    ├── ProviderRefused      it answered and said no; ``provider_code`` and ``text`` are its words
    └── StatementNotReady    the provider has no statement of that day (yet)
"""

from collections.abc import Mapping

from prewatt.kernel.errors import Refused, Unable


class CallbackMalformed(Refused):
    """The body is not what the provider's protocol sends."""

    code = "callback_malformed"


class CallbackForged(Refused):
    """Nothing proves that the provider sent this, or that it sent it just now."""

    code = "callback_forged"


class CallbackForeign(Refused):
    """The provider sent this, but to another merchant or another app."""

    code = "callback_foreign"


class CallbackIrrelevant(Refused):
    """The provider told us something that is about no payment and no refund. It need not come again."""

    code = "callback_irrelevant"


class BadMerchant(Refused):
    """The merchant's channel, keys or settings cannot be used."""

    code = "bad_merchant"


class BadCertificate(BadMerchant):
    """Keys and certificates that cannot be used. ``faults`` says for each one, by its name, why."""

    code = "bad_certificate"

    def __init__(self, faults: Mapping[str, BadMerchant]) -> None:
        first = next(iter(faults.values()))
        super().__init__(first.template, hint=first.hint_template, **first.facts)
        self.faults = dict(faults)


class WayNotOffered(Refused):
    """The channel cannot be paid in this way, or not in this currency."""

    code = "way_not_offered"


class BadStatement(Refused):
    """The file is not a statement of this provider."""

    code = "bad_statement"


class ProviderAway(Unable):
    """The provider gave no answer that can be used: what it did is unknown."""

    code = "provider_away"


class AnswerNotProven(ProviderAway):
    """Something answered, but its signature or its shape does not hold: what was done is unknown."""

    code = "answer_not_proven"


class ProviderRefused(Unable):
    """The provider answered, and said no."""

    code = "provider_refused"

    def __init__(self, provider_code: str, text: str = "") -> None:
        super().__init__(f"The provider refused: {provider_code} {text}".strip())
        self.provider_code = provider_code
        self.text = text


class StatementNotReady(Unable):
    """The provider has no statement of that day: too early, or nothing was traded. It does not say which."""

    code = "statement_not_ready"
