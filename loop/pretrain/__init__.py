"""Learning from the pool before any label: an encoder's network teaches itself.

`contrastive` and `masked` are plug-ins of the kind `labelwright.pretrain`; each dispatches on what the
network reads. Read `objectives` (what is made small: contrast, and what is hidden), `views` (how a
picture or a row of a table is seen twice), `teaching` (the training, watched on items held out of the pool)
and `encoder` (the task's encoder as it is afterwards). Nothing here sees the holdout, or a label.
"""
