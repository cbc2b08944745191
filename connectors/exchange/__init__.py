"""Batches that leave and come back without a server: what `terminal` and `files` are made of.

In reading order: `handing` (what is handed out, and the answers to it), `marks` (parts of a text),
`writing` (a batch as a file), `reading` (its rows again), `cells` (what a cell says), `changes` (what
of all that is new). Nothing here is shown to anybody: the terminal's screen is `labelwright.desk`.
"""
