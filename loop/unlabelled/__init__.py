"""Learning from unlabelled items while a network is trained: one more loss in every step.

Read `alignment` and `sureness` (which of the model's own labels count, and how much), `consistency` (the
FixMatch family), `teacher` (mean teacher), `certainty` (entropy minimisation), and `beside` (how a
training takes one of them along, and what all of them share). The plug-ins are in `loop/learn`.
"""
