"""Learning: a calibrated linear head on frozen vectors, and gated pseudo-labels.

Encoders live in `connectors`. Read `lbfgs`, `logistic` (the fit),
`folds`, `calibrate`, `head` (the learner), `independent`, `calibrate_several` and `several` (several classes
an item), then `pseudo` (what a pseudo-labelling method is),
`threshold` (the one built in) and `gate` (what keeps it from doing harm). `tuning` is shared by
the learners that train the encoder's network (`lora`, `adapter`, `prefix`, `full`, `scratch`); the loop
that trains them is in `loop/train`.
"""
