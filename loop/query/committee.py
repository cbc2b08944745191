"""Query by committee: where models trained on bootstrap samples of the labels disagree.

Seung, Opper & Sompolinsky 1992; Abe & Mamitsuka 1998 (bagging); measures as in modAL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_MEASURES = {
    "vote_entropy": "vote_entropy",
    "consensus_entropy": "consensus_entropy",
    "max_disagreement": "KL_max_disagreement",
}


def committee(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int,
    size: int = 5,
    disagreement: str = "vote_entropy",
) -> Chosen:
    """The items that `size` models disagree on most, each trained on a bootstrap sample.

    `disagreement` is vote_entropy, consensus_entropy or max_disagreement (the greatest KL
    divergence of a member from the mean), all by modAL, in nats. Votes of few members tie often:
    among equal items the one of greater consensus entropy comes first.
    """
    import numpy as np
    from modAL import disagreement as measures

    from labelwright.loop.query.contract import top
    from labelwright.loop.query.modal import committee_of

    if disagreement not in _MEASURES:
        raise StrategyError(
            f"committee knows no disagreement called {disagreement}",
            f"it knows: {', '.join(_MEASURES)}",
        )
    if size < 2:
        raise StrategyError(f"a committee of {size} cannot disagree", "give it a size of 2 or more")
    if len(X) == 0:
        return Chosen(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), ())
    members = committee_of(learner, size, random_state)
    utilities = getattr(measures, _MEASURES[disagreement])(members, X)
    second = measures.consensus_entropy(members, X)
    order = np.argsort(-second, kind="stable")
    indices = order[top(utilities[order], n_instances)]
    return Chosen(
        indices, utilities[indices], np.ones(len(indices)), _reasons(members, X[indices], learner)
    )


def _reasons(members: Any, X: np.ndarray, learner: QueryLearner) -> tuple[str, ...]:
    """`5 models say: Business 3, World 2`."""
    import numpy as np

    reasons = []
    for votes in members.vote(X).astype(int):
        counts = np.bincount(votes, minlength=len(learner.classes))
        ranking = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        tally = ", ".join(f"{learner.classes[c]} {counts[c]}" for c in ranking)
        reasons.append(f"{len(votes)} models say: {tally}")
    return tuple(reasons)
