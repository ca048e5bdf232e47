"""DL/T 645-2007: the meter's language on RS-485. ``docs/protocols/dlt645.md`` states the facts behind each constant.

``frame`` finds frames in a stream, ``requests`` builds what we say, ``replies`` decides whether what came back answers
it, ``identifiers`` turns register bytes into integers, ``moments`` does so for clocks, ``status`` for status words,
``traces`` prints frames without passwords, ``timing`` knows how long bytes take.
"""
