"""Prewatt: remote prepaid electricity for buildings with many tenants."""
