"""Rules that vote: where each fires, which contradict, and what they are worth.

Reading order: `firing` (which rule speaks on which item), `spans` (candidates of a spans task),
`analysis` (coverage, overlap, conflict, precision). Left out: making labels of the votes.
"""
