"""Providers of online payment: what Prewatt says to them and hears from them. No Django, no table, no clock.

``values`` and ``errors`` are what the rest of the house sees; ``registry.provider_for`` gives the adapter of a channel.
"""
