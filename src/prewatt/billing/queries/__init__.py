"""Reads of billing, split by use."""
