"""How a person's sets of classes, or of marks, compare with those of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from labelwright.loop.people.kappa import draws
from labelwright.loop.people.records import Mistaken
from labelwright.loop.people.scores import MOST_MISTAKES
from labelwright.loop.record import Estimate

Compared = tuple[frozenset[Any], tuple[frozenset[Any], frozenset[Any]]]
"""What somebody gave, and what the others did: by more than half of them, and by exactly half (open)."""


def marks_f1(answers: Sequence[Compared], *, seed: int = 0) -> Estimate:
    """F1 of single classes, or marks, with those of the others; percentile bootstrap over items.

    What is open counts neither way. Not known where neither side gave anything.
    """
    if not answers:
        return Estimate(estimate=None)
    counts = np.array(
        [(len(said & sure), len((said ^ sure) - open_)) for said, (sure, open_) in answers],
        dtype=np.float64,
    )
    if not counts.any():
        return Estimate(estimate=None)

    def f1(times: np.ndarray) -> np.ndarray:
        both, apart = (times @ counts).T
        with np.errstate(invalid="ignore"):
            return np.asarray(2 * both / (2 * both + apart))

    value = float(f1(np.ones((1, len(counts))))[0])
    drawn = f1(draws(len(counts), seed))
    low, high = (float(v) for v in np.nanquantile(drawn, (0.025, 0.975)))
    return Estimate(
        estimate=value,
        low=min(low, value),
        high=max(high, value),
        n=len(counts),
        method="bootstrap",
    )


def mistakes(answers: Sequence[Compared]) -> tuple[Mistaken, ...]:
    """Classes that a person gave in the place of others: one for one, and marks at the same place."""
    support: Counter[str] = Counter()
    swapped: Counter[tuple[str, str]] = Counter()
    for said, (decided, open_) in answers:
        support.update(_class(m) for m in decided)
        more, fewer = said - decided - open_, decided - said
        if any(isinstance(m, tuple) for m in more | fewer):
            at = {m[:2]: m[2] for m in fewer}
            swapped.update((at[m[:2]], m[2]) for m in more if m[:2] in at)
        elif len(more) == len(fewer) == 1:
            swapped[next(iter(fewer)), next(iter(more))] += 1
    ranked = sorted(swapped.items(), key=lambda s: (-s[1], s[0]))[:MOST_MISTAKES]
    return tuple(Mistaken(label=a, said=b, answers=n, of=support[a]) for (a, b), n in ranked)


def _class(mark: Any) -> str:
    return str(mark[2] if isinstance(mark, tuple) else mark)
