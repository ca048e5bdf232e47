"""Bytes <-> values, sans I/O: a codec never opens, waits, logs or asks the time."""
