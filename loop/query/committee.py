"""Query by committee: where several models of the same labels disagree.

Seung, Opper & Sompolinsky 1992; members by bagging (Abe & Mamitsuka 1998) or of different kinds.
Measures: vote entropy (Dagan & Engelson 1995), consensus entropy and the greatest divergence (as in
modAL), mean divergence (McCallum & Nigam 1998).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import BLOCK, blocks, take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.ensemble import entropy_of, votes
from labelwright.loop.query.members import Member, members
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

DISAGREEMENTS = ("vote_entropy", "consensus_entropy", "max_disagreement", "mean_disagreement")

_NUMBERS = 8_000_000
"""Probabilities held at a time: 64 MB."""


def committee(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    size: int = 5,
    disagreement: str = "vote_entropy",
    by: str = "bootstrap",
) -> Chosen:
    """The items that `size` models disagree on most, on samples of the labels or of different kinds.

    by: `bootstrap`, the task's learner on samples of the labels, drawn with repetition; or
    `learners`, on all labels the first `size` of: the task's own (a logistic regression unless it
    says otherwise), naive Bayes, nearest neighbours, random forest, linear discriminant.

    disagreement, the utility, in nats, of members p_1 … p_m and their mean p: `vote_entropy`, the
    entropy of the shares of votes; `consensus_entropy`, that of p; `max_disagreement` and
    `mean_disagreement`, the greatest and the mean KL(p_i ‖ p). Few members tie often in votes: of
    equal items the one of greater consensus entropy comes first, then the lower position.

    Reads X once, asks every member for every item, keeps 16 bytes an item. Raises StrategyError
    without labels and for arguments that make no sense.
    """
    import numpy as np

    if disagreement not in DISAGREEMENTS:
        raise StrategyError(
            f"committee knows no disagreement called {disagreement}",
            f"it knows: {', '.join(DISAGREEMENTS)}",
        )
    learner = understood(learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    panel = members(learner, size, random_state, by)
    utilities, consensus = np.empty(len(X)), np.empty(len(X))
    for start, block in blocks(X, max(1, min(BLOCK, _NUMBERS // (size * len(learner.classes))))):
        rows = slice(start, start + len(block))
        opinions = _opinions(panel, block)
        utilities[rows] = measured(disagreement, opinions)
        consensus[rows] = entropy_of(opinions.mean(axis=0))
    order = np.argsort(-consensus, kind="stable")
    indices = order[top(utilities[order], n_instances)]
    reasons = votes(_opinions(panel, take(X, indices)), learner.classes)
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def measured(disagreement: str, opinions: np.ndarray) -> np.ndarray:
    """One of DISAGREEMENTS, (n_members, n_items, n_classes) -> (n_items,), in nats."""
    import numpy as np

    n_members, _, n_classes = opinions.shape
    if disagreement == "vote_entropy":
        ballots = opinions.argmax(axis=2)
        counts = np.stack([(ballots == c).sum(axis=0) for c in range(n_classes)], axis=1)
        # Equal votes tie, whichever classes they are for and in whatever order they are summed.
        return entropy_of(counts / n_members).round(12) + 0.0
    mean = opinions.mean(axis=0)
    if disagreement == "consensus_entropy":
        return entropy_of(mean)
    divergences = np.stack([_divergence(p, mean) for p in opinions])
    if disagreement == "max_disagreement":
        return np.asarray(divergences.max(axis=0))
    return np.asarray(divergences.mean(axis=0))


def _opinions(panel: list[Member], X: np.ndarray) -> np.ndarray:
    """(n_members, n_items, n_classes). Raises StrategyError where one is not finite."""
    import numpy as np

    opinions = np.stack([np.asarray(member.predict_proba(X)) for member in panel])
    if not np.isfinite(opinions).all():
        raise StrategyError("a member of the committee gave probabilities that are not finite")
    return opinions


def _divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """KL(p ‖ q) in nats, over the last axis; q is above 0 wherever p is."""
    import numpy as np

    logs = np.log(q, where=q > 0, out=np.zeros_like(q))
    return np.asarray(-entropy_of(p) - (p * logs).sum(axis=-1))
