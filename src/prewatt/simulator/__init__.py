"""A virtual estate that speaks DL/T 645-2007 on real sockets, with faults that can be switched on while it runs.

Pure: ``draws`` (seeded numbers), ``loads`` (energy over time), ``estate`` (what there is), ``meters`` (one meter's
truth), ``answers`` (request -> reply), ``faults`` (what may go wrong). With a loop: ``bus``, ``gateway``, ``control``,
``journal``, ``server``.
"""
