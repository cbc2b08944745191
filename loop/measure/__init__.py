"""Measuring on the holdout: figures, their intervals, and what they mean for the criteria.

Reading order: `metrics` (figures from a confusion matrix or from counts), `intervals` (exact and
resampled), `evidence` (what a round knows about its model), `counted` (the same where answers are
several), `designs`, `estimators`, `drawing` and `weighted` (a holdout drawn with unequal probabilities),
`looks` (bounds that hold at every round's look), `verdicts` (PASS, FAIL, NOT YET KNOWN), `summary` (the
record of a round).
"""
