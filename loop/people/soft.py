"""Shares of votes as soft labels: the model learns how many of an item's people said what.

Peterson et al. 2019, "Human uncertainty makes classification more robust"; Uma et al. 2021, "Learning from
Disagreement": a share of two thirds teaches less than agreement, so that one wrong answer does less harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labelwright.loop.people.majority import Resolved, majority


def soft(
    annotations: Sequence[tuple[str, str, str]], classes: Sequence[str]
) -> dict[str, Resolved]:
    """The class most people chose, by item; the model learns the share of each class instead."""
    found = majority(annotations, classes)
    return {item: replace(resolved, teaches=True) for item, resolved in found.items()}
