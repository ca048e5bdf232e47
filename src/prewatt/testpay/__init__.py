"""The test provider: a payment provider that is not real, as a service of its own. It moves no money.

It knows nothing of the rest of Prewatt: they meet on HTTP alone, by the protocol in docs/protocols/payments.md.
"""
