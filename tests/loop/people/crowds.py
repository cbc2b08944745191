"""Made-up crowds for the tests of resolvers."""

from __future__ import annotations

import numpy as np

from labelwright.loop.people.votes import Votes

Annotations = list[tuple[str, str, str]]
CLASSES = ("a", "b", "c")


def crowd(
    n_items: int = 60,
    n_people: int = 8,
    *,
    overlap: int = 4,
    classes: tuple[str, ...] = CLASSES,
    accuracy: tuple[float, float] = (0.4, 0.95),
    seed: int = 0,
) -> tuple[Annotations, dict[str, str]]:
    """Answers of people of different accuracy, who err evenly; and the truth by item."""
    rng = np.random.default_rng(seed)
    right = np.linspace(*accuracy, n_people)
    annotations, truth = [], {}
    for i in range(n_items):
        true = int(rng.integers(len(classes)))
        truth[f"i{i:03}"] = classes[true]
        for j in rng.permutation(n_people)[:overlap]:
            said = true
            if rng.random() >= right[j]:
                said = (true + int(rng.integers(1, len(classes)))) % len(classes)
            annotations.append((f"i{i:03}", f"p{j}", classes[said]))
    return annotations, truth


def votes_of(rows: list[tuple[int, int, int]], n_classes: int) -> Votes:
    """Votes from (item, person, class) by index."""
    items, people, classes = np.array(rows, dtype=np.int64).T
    return Votes(items, people, classes, int(items.max()) + 1, int(people.max()) + 1, n_classes)


def random_votes(seed: int, n_items: int = 6, n_people: int = 3, n_classes: int = 3) -> Votes:
    """Some people's answers to some items, at random."""
    rng = np.random.default_rng(seed)
    rows = [
        (i, j, int(rng.integers(n_classes)))
        for i in range(n_items)
        for j in range(n_people)
        if rng.random() < 0.8 or j == i % n_people
    ]
    return votes_of(rows, n_classes)
