"""Agreement on marked parts of texts beyond chance, in the manner of Mathet et al.'s gamma.

Mathet, Widlöcher and Métivier 2015, "The Unified and Holistic Method Gamma (γ) for Inter-Annotator Agreement
Measure and Alignment" (Computational Linguistics 41:3). Two people's marks of a text are laid side by side in
the best way there is; marks that match are as far apart as their places and classes are, and one without a
counterpart costs 1. gamma = 1 − observed / expected, where the expected disorder is that of marks brought
together by chance: one person's with those that somebody made in another text, shifted at random.

What is simpler than in the paper: people are compared two by two, so that the best alignment is exact
(an assignment) and quick; chance draws on whole other texts, as a campaign has many short ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from labelwright.loop.measure.evidence import Bounded
from labelwright.loop.people.kappa import draws

Marks = frozenset[tuple[int, int, str]]
"""(start, end, class), in code points."""

_SHUFFLES = 20_000
_MOST_EACH = 10


def gamma(
    answers: Sequence[tuple[str, str, Marks]], lengths: Mapping[str, int], *, seed: int = 0
) -> Bounded:
    """Gamma with a percentile bootstrap over items.

    answers: (item, annotator, marks); no marks are an answer too, and a person's last answer to an item
    counts. lengths: characters of each item's text. 1 is full agreement, 0 what chance would give. None
    where no item was judged by two people, or chance has nothing to disagree about.
    """
    by_item: dict[str, dict[str, Marks]] = defaultdict(dict)
    for item, annotator, marks in answers:
        by_item[item][annotator] = marks
    shared = sorted(item for item, given in by_item.items() if len(given) > 1)
    if not shared:
        return Bounded(None, 0)
    rng = np.random.default_rng(seed)
    everywhere = [
        (item, by_item[item][who]) for item in sorted(by_item) for who in sorted(by_item[item])
    ]
    pairs = sum(len(by_item[i]) * (len(by_item[i]) - 1) // 2 for i in shared)
    wanted = min(_MOST_EACH, _SHUFFLES / pairs)  # shuffles of each pair, on the mean
    sums = np.zeros((len(shared), 4))  # disorder and marks: observed, by chance
    for row, item in enumerate(shared):
        given = [by_item[item][who] for who in sorted(by_item[item])]
        weight = 2 / (len(given) * (len(given) - 1))
        for one, other in combinations(given, 2):
            sums[row, :2] += weight * np.array([disorder(one, other), len(one) + len(other)])
            for _ in range(int(wanted + rng.random())):
                mine = (one, other)[rng.integers(2)]
                moved = _by_chance(everywhere, item, lengths, rng)
                cost = np.array([disorder(mine, moved), len(mine) + len(moved)])
                sums[row, 2:] += weight * cost

    def figure(times: np.ndarray) -> np.ndarray:
        observed, units, expected, units_by_chance = (times @ sums).T
        with np.errstate(invalid="ignore", divide="ignore"):
            found = 1 - (observed / units) / (expected / units_by_chance)
        return np.asarray(np.where((units > 0) & (expected > 0), found, np.nan))

    estimate = float(figure(np.ones((1, len(shared))))[0])
    if np.isnan(estimate):
        return Bounded(None, len(shared))
    return Bounded(estimate, len(shared), replicates=figure(draws(len(shared), seed)))


def disorder(one: Marks, other: Marks) -> float:
    """The least that two people's marks of a text can be apart: at most 1 for each mark."""
    if one == other:
        return 0.0
    left, right = sorted(one), sorted(other)
    if not left or not right:
        return float(len(left) + len(right))
    from scipy.optimize import linear_sum_assignment

    # A pair that is further apart than two marks without a counterpart is not one.
    costs = np.minimum(apart(left, right), 2.0)
    rows, columns = linear_sum_assignment(costs)
    matched = costs[rows, columns]
    return float(matched.sum()) + abs(len(left) - len(right))


def apart(one: Sequence[tuple[int, int, str]], other: Sequence[tuple[int, int, str]]) -> np.ndarray:
    """(n, m) how far marks are apart: by place, the square of how far their ends are beside their
    lengths, and 1 more where the classes differ.
    """
    a, b = (np.array([m[:2] for m in marks], dtype=np.float64) for marks in (one, other))
    ends = np.abs(a[:, None, :] - b[None, :, :]).sum(axis=2)
    long = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None, :]
    other_class = [[m[2] != n[2] for n in other] for m in one]
    return np.asarray((ends / np.maximum(long, 1)) ** 2 + np.array(other_class, dtype=np.float64))


def _by_chance(
    everywhere: Sequence[tuple[str, Marks]],
    item: str,
    lengths: Mapping[str, int],
    rng: np.random.Generator,
) -> Marks:
    """What somebody marked in another text, laid over this one at a random place."""
    length = max(1, lengths[item])
    at = int(rng.integers(len(everywhere)))
    while everywhere[at][0] == item and everywhere[0][0] != everywhere[-1][0]:
        at = int(rng.integers(len(everywhere)))
    source, marks = everywhere[at]
    stretch, offset = length / max(1, lengths[source]), int(rng.integers(length))
    found = set()
    for start, end, label in marks:
        long = min(end - start, length)
        begin = (int(start * stretch) + offset) % (length - long + 1)
        found.add((begin, begin + long, label))
    return frozenset(found)
