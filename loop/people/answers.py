"""Between the names of a resolver's contract and the arrays that the algorithms work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from labelwright.loop.people.majority import Resolved

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.people.scale import Scale
    from labelwright.loop.people.votes import Table, Votes

_EQUAL = 1e-9  # probabilities nearer than this are a tie


def resolved(
    annotations: Sequence[tuple[str, str, str]],
    classes: Sequence[str],
    scale: Scale | None,
    beliefs: Callable[[Votes], np.ndarray],
) -> dict[str, Resolved]:
    """By item, the label of what `beliefs` makes of the votes: (n_items, n_classes) probabilities.

    annotations: (item, annotator, class). A person who answered an item twice counts by the last answer.
    """
    from labelwright.loop.people.votes import table

    made = table(annotations, classes)
    if not made.items:
        return {}
    probs = beliefs(made.votes)
    return told(made, probs, labels_of(made.votes, probs, scale))


def labels_of(votes: Votes, probs: np.ndarray, scale: Scale | None = None) -> np.ndarray:
    """(n_items,) the class of each item, of probs (n_items, n_classes).

    The likeliest; of equally likely ones the one that more people said, then the one said more often over all
    items, then the first. On a scale, the one of least expected cost.
    """
    import numpy as np

    if scale is not None and votes.n_classes > 2:
        return scale.decide(probs)
    near = probs >= probs.max(axis=1, keepdims=True) - _EQUAL
    overall = votes.counts.sum(axis=0)
    rank = np.empty(votes.n_classes)
    rank[np.lexsort((np.arange(votes.n_classes), -overall))] = np.arange(votes.n_classes)[::-1]
    merit = votes.counts * (votes.n_classes + 1) + rank
    return np.asarray(np.where(near, merit, -1).argmax(axis=1))


def told(made: Table, probs: np.ndarray, labels: np.ndarray) -> dict[str, Resolved]:
    """What a resolver returns; the agreement is the share of an item's people who said the label."""
    import numpy as np

    share = made.votes.shares[np.arange(len(labels)), labels]
    return {
        item: Resolved(
            made.classes[label],
            dict(zip(made.classes, row, strict=True)),
            agreement,
        )
        for item, label, row, agreement in zip(
            made.items, labels.tolist(), probs.tolist(), share.tolist(), strict=True
        )
    }
