"""What the uncertainty strategies share: score X by the learner's probabilities, take the top."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labelwright.loop.ports import Chosen
from labelwright.loop.query.contract import top

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner


def most_uncertain(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    utility: Callable[[np.ndarray], np.ndarray],
    reason: Callable[[float, str, str], str],
) -> Chosen:
    """The `n_instances` rows of greatest `utility(probs)`, (n_items, n_classes) -> (n_items,).

    `reason(utility, first, second)` says why, in terms of the two likeliest classes. Needs labels.
    """
    import numpy as np

    if len(X) == 0:
        return Chosen(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), ())
    probs = learner.predict_proba(X)
    utilities = utility(probs)
    indices = top(utilities, n_instances)
    ranking = np.argsort(-probs[indices], axis=1, kind="stable")
    # modAL's own learners, which these strategies also serve, do not name their classes so.
    names = [str(name) for name in getattr(learner, "classes", range(probs.shape[1]))]
    reasons = tuple(
        reason(float(value), names[order[0]], names[order[min(1, len(order) - 1)]])
        for value, order in zip(utilities[indices], ranking, strict=True)
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)
