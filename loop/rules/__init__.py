"""Rules that vote: where each fires, which contradict, and what they are worth.

Reading order: `firing` (which rule speaks on which item), `spans` and `sentences` (candidates of a
spans task), `analysis` (coverage, overlap, conflict, precision), `known` (the labels they are compared
with), `report` (all of it over the data). Left out: making labels of the votes.
"""
