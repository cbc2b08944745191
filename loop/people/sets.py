"""Majority vote where an answer is a set: of classes, or of marked parts of a text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Mark = TypeVar("Mark", bound=Hashable)


@dataclass(frozen=True)
class ResolvedSet(Generic[Mark]):
    """One item's marks, in the order in which people gave them first.

    agreement: over every mark that anybody gave, the mean share of the people who say what is decided.
    shares: by mark, the share of the people who gave it.
    """

    marks: tuple[Mark, ...]
    agreement: float
    shares: Mapping[Mark, float]


def majority_sets(
    annotations: Sequence[tuple[str, str, Iterable[Mark]]],
    *,
    least_one: bool = False,
) -> dict[str, ResolvedSet[Mark]]:
    """By item, the marks that more than half of its people gave.

    annotations: (item, annotator, marks); no marks are an answer too. A person who answered twice counts
    once, by the last answer. Of two people both must agree: a tie is no majority. least_one: where people
    gave marks and none has a majority, the one that most gave; of equal ones the one given more often over
    all items, then the first that the item's people gave.
    """
    answers: dict[str, dict[str, tuple[Mark, ...]]] = defaultdict(dict)
    for item, annotator, marks in annotations:
        answers[item][annotator] = tuple(dict.fromkeys(marks))
    overall = Counter(m for people in answers.values() for marks in people.values() for m in marks)
    found = {}
    for item, people in answers.items():
        counts = Counter(mark for marks in people.values() for mark in marks)
        kept = tuple(mark for mark, n in counts.items() if 2 * n > len(people))
        if least_one and counts and not kept:
            kept = (max(counts, key=lambda mark: (counts[mark], overall[mark])),)
        shares = [max(n, len(people) - n) / len(people) for n in counts.values()]
        found[item] = ResolvedSet(
            kept,
            sum(shares) / len(shares) if shares else 1.0,
            {mark: n / len(people) for mark, n in counts.items()},
        )
    return found
