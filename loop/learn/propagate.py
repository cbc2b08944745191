"""Labels that spread over a graph of neighbours, and a model of what they became.

Label spreading (Zhou et al. 2004, "Learning with Local and Global Consistency"), masses brought to the
labels' frequencies (class mass normalisation, Zhu et al. 2003), soft targets for the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.gated import Way, gated
from labelwright.loop.learn.suiting import needs, refuse_learner

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Learner, Model, Pseudo

_ITEMS = 8_192  # of the graph, the labelled ones among them
_ROUNDS, _STILL = 300, 1e-6


@needs("vectors")
def propagate(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    random_state: int,
    alpha: float = 0.9,
) -> Pseudo:
    """Labels spread over the 15 nearest neighbours of each item and teach as soft targets, if that helps.

    alpha: how much an item takes from its neighbours, 0 to below 1. Best where classes are many and
    labels very few. 8,192 items make the graph. Implements `pseudo.PseudoMethod`.
    """
    import numpy as np

    refuse_learner("propagate", propagate, learner)
    if not 0 <= alpha < 1:
        raise PluginError(f"propagate: alpha = {alpha:g} makes no sense", "give 0 to below 1")
    drawn = np.random.default_rng(random_state).permutation(len(X_unlabelled))
    rows = np.sort(drawn[: max(0, _ITEMS - len(X_labelled))])

    def ways() -> list[Way]:
        items = np.concatenate([X_labelled, X_unlabelled[rows]])
        links = graph(items)
        n = len(X_labelled)

        def fit(some: np.ndarray, heat: float) -> Model:
            start = np.zeros((len(items), targets.shape[1]))
            start[some] = targets[some]
            soft = massed(spread(links, start, alpha), targets[some])[n:]
            told = np.flatnonzero(soft.sum(axis=1) > 0)
            weights = np.full(len(told), len(some) / max(len(told), 1))
            return learner.fit(
                np.concatenate([X_labelled[some], items[n:][told]]),
                np.concatenate([targets[some], soft[told]]),
                np.concatenate([np.ones(len(some)), weights]),
                calibrate=heat,
            )

        return [Way(fit)]

    return gated(learner, X_labelled, targets, X_unlabelled, ways, rows, random_state)


def graph(X: np.ndarray) -> Any:
    """The normalised graph D^−½ W D^−½ of the rows, sparse (n, n).

    W: likeness of each row and its 15 nearest (cosine around the mean, none below 0), either way.
    """
    import numpy as np
    from scipy.sparse import csr_array, diags_array

    from labelwright.loop.learn.graph import nearest
    from labelwright.loop.query.kernel import unit

    Z = unit(np.asarray(X - X.mean(axis=0), dtype=np.float32))
    near = nearest(Z, Z)
    likeness = np.maximum(np.einsum("ij,ikj->ik", Z, Z[near]), 0).astype(np.float64)
    likeness[near == np.arange(len(Z))[:, None]] = 0
    rows = np.repeat(np.arange(len(Z)), near.shape[1])
    one_way = csr_array((likeness.ravel(), (rows, near.ravel())), (len(Z), len(Z)))
    both = one_way.maximum(one_way.T)
    degree = np.asarray(both.sum(axis=1))
    root = diags_array(np.divide(1, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0))
    return root @ both @ root


def spread(links: Any, start: np.ndarray, alpha: float) -> np.ndarray:
    """(1 − α)(I − αS)⁻¹ Y by its series, (n, n_classes): what reaches every item of the labels Y."""
    import numpy as np

    found = start
    for _ in range(_ROUNDS):
        after = alpha * (links @ found) + (1 - alpha) * start
        still = float(np.abs(after - found).max(initial=0)) < _STILL * (1 - alpha)
        found = after
        if still:
            break
    return found


def massed(found: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Rows that sum to one (0 where nothing came), classes as frequent as among the labels plus two."""
    import numpy as np

    from labelwright.loop.learn.threshold import aligned

    total = found.sum(axis=1, keepdims=True)
    shares = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    there = total[:, 0] > 0
    shares[there] = aligned(shares[there], targets.sum(axis=0))
    return np.asarray(shares)
