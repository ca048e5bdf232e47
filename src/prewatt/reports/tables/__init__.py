"""Reports as tables: one description each, from which page, workbook, CSV, chart and API are made.

Whoever adds a report writes one file in ``each``: what it is called, who may read it, which filters it takes, where its
rows come from and what each column is. ``registry`` finds it there.
"""
