"""Values that every room speaks: money, energy, periods, ids, the clock, the root of the error tree.

Imports nothing of ours and nothing of Django.
"""
