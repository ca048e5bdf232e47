"""The reports, one a file; each module holds its description as ``REPORT``."""
