"""What everybody else says of an item: the label to hold a person's answer against.

A label resolved with a person's own answer in it agrees with that person too often: of two people, always
with one. So each answer has a label of its own, the majority of the item's other people. Where they are
equally divided, or there are none, it is not known, and the answer counts neither for nor against.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np

Said = TypeVar("Said", bound=Hashable)


def latest(answers: Iterable[tuple[str, str, Said]]) -> list[tuple[str, str, Said]]:
    """answers: (item, annotator, answer). One of each person on each item, the last that was given."""
    last = {(item, annotator): answer for item, annotator, answer in answers}
    return [(item, annotator, answer) for (item, annotator), answer in last.items()]


def others_labels(answers: Sequence[tuple[str, str, Said]]) -> list[Said | None]:
    """For each answer, what most of the item's other people said; None where that is not known.

    answers: (item, annotator, answer), one of each person on each item (`latest`). A million take seconds.
    """
    if not answers:
        return []
    items = _codes([item for item, _, _ in answers])
    names: dict[Said, int] = {}
    said = np.array([names.setdefault(answer, len(names)) for *_, answer in answers])
    values = list(names)
    pairs, where, times = np.unique(
        items * len(values) + said, return_inverse=True, return_counts=True
    )
    where = where.reshape(-1)
    of_item, of_value = pairs // len(values), pairs % len(values)
    order = np.lexsort((of_value, -times, of_item))
    first = np.flatnonzero(np.diff(of_item[order], prepend=-1))  # where each item begins
    size = np.diff(first, append=len(order))

    def place(n: int) -> tuple[np.ndarray, np.ndarray]:
        """By item, the value given n-th most often and how often; -1 and 0 where there is none."""
        there = size > n
        at = order[np.minimum(first + n, len(order) - 1)]
        return np.where(there, of_value[at], -1), np.where(there, times[at], 0)

    tops = [place(n) for n in range(3)]
    (one, most), (two, second), (_, third) = [(v[items], c[items]) for v, c in tops]
    own = times[where] - 1  # how many others said the same
    best = np.where(said == one, two, one)
    votes = np.where(said == one, second, most)
    next_ = np.where((said == one) | (said == two), third, second)
    same = own > votes
    other = votes > np.maximum(own, next_)
    found = np.where(same, said, np.where(other, best, -1))
    return [values[code] if code >= 0 else None for code in found]


def others_sets(
    answers: Sequence[tuple[str, str, frozenset[Said]]],
) -> list[tuple[frozenset[Said], frozenset[Said]] | None]:
    """For each answer that is a set of classes, or of marks: what the item's other people say.

    Two sets: what more than half of them gave, and what exactly half gave, which is open. None where there
    is nobody else. answers: one of each person on each item.
    """
    people: Counter[str] = Counter(item for item, _, _ in answers)
    given: dict[str, Counter[Said]] = defaultdict(Counter)
    for item, _, marks in answers:
        given[item].update(marks)
    found: list[tuple[frozenset[Said], frozenset[Said]] | None] = []
    for item, _, marks in answers:
        others = people[item] - 1
        if not others:
            found.append(None)
            continue
        left = {mark: n - (mark in marks) for mark, n in given[item].items()}
        found.append(
            (
                frozenset(mark for mark, n in left.items() if 2 * n > others),
                frozenset(mark for mark, n in left.items() if 2 * n == others),
            )
        )
    return found


def _codes(names: Sequence[str]) -> np.ndarray:
    index: dict[str, int] = {}
    return np.array([index.setdefault(name, len(index)) for name in names], dtype=np.int64)
