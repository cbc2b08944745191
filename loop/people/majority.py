"""Majority vote: the plain way from several answers to one label."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Resolved:
    """One item's label. `probability` is the share of votes by class, `agreement` that of the label.

    teaches: the model learns the probabilities, not the label alone.
    """

    label: str
    probability: dict[str, float]
    agreement: float
    teaches: bool = False


def majority(
    annotations: Sequence[tuple[str, str, str]], classes: Sequence[str]
) -> dict[str, Resolved]:
    """The class most people chose, by item.

    annotations: (item, annotator, class). A person who answered twice counts once, by the last answer.
    Ties go to the class that is chosen more often over all items, then to the first of `classes`: never
    to who answered first.
    """
    votes: dict[str, dict[str, str]] = defaultdict(dict)
    for item, annotator, label in annotations:
        votes[item][annotator] = label
    overall = Counter(label for people in votes.values() for label in people.values())
    rank = {label: position for position, label in enumerate(classes)}
    resolved = {}
    for item, people in votes.items():
        counts = Counter(people.values())
        label = min(counts, key=lambda c: (-counts[c], -overall[c], rank[c]))
        share = {c: counts[c] / len(people) for c in sorted(counts, key=rank.__getitem__)}
        resolved[item] = Resolved(label, share, share[label])
    return resolved
