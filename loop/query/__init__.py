"""Query strategies, one a file: which items to ask people about next.

Each is a function of modAL's shape, `strategy(learner, X, n_instances, *, random_state, …)`, that
returns a `Chosen` and is found through the entry points `labelwright.query`. It never sees an item,
a label of the pool or the store. Read `contract` (what a strategy must return), then `random_`, the
uncertainties `margin`, `least_confidence` and `entropy` (all by `uncertain`), `k_means`,
`committee` (through `modal`, the one adapter to modAL) and `mix`.
"""
