"""Finding labels that are wrong: which, why, how many.

Reading order: `views` (what an item's class looks like to models that did not learn from it), `pooling`
(several of these as one), `cleaning` (confident learning, by cleanlab), `copies` and `contradictions`
(what needs no model), `queue` (all of it as one list to look at again), `share` (how many there are),
`audit` (the whole of it). What it knows is items, labels as they are and numbers: no store, no people.
"""
