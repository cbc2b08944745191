"""Training networks: one loop that every learner which trains a network runs.

Read `settings` (how long, how fast), `batches` (which rows a step reads), `objective` (what it makes small),
`training` (the loop), `average` (a moving average of weights), `watch` (when to stop) and `checkpoint` (what
lets an interrupted training go on). What the network is, and what of it is trained, is the
learner's: see `loop/learn`; so it is for those who learn without labels: see `loop/pretrain`.
"""
