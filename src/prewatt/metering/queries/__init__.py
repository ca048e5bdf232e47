"""Reads of metering, split by use."""
