"""Measuring on the holdout: figures, their intervals, and what they mean for the criteria.

Reading order: `metrics` (figures from a confusion matrix or from counts), `intervals` (exact and
resampled), `evidence` (what a round knows about its model), `counted` (the same where answers are
several), `verdicts` (PASS, FAIL, NOT YET KNOWN), `summary` (the record of a round). Intervals hold for
one look at the holdout, not for the best of many.
"""
