"""MaxHerding: the items that cover the pool best, each counted by its likeness to the nearest choice.

Bae, Ng, Sutherland & Hoang 2024, "Generalized Coverage for More Robust Low-Budget Active Learning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from labelwright.loop.query.blocks import labelled
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.herding import herded
from labelwright.loop.query.kernel import Kernel
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Chosen, QueryLearner


def max_herding(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    kernel: Literal["cosine", "rbf"] = "cosine",
    sigma: float = 1.0,
    random_state: int = 0,
) -> Chosen:
    """The items that cover the pool best, beside those labelled so far. Needs no labels.

    Picks argmax_x Σ_s max(0, k(x, s) − max_l k(l, s)) one by one, l over all labelled and picked so
    far, s over the pool. Vectors are scaled to length one. kernel: cosine, clipped at zero, or rbf,
    exp(−‖x − s‖² / sigma²). Utility: the rise of the mean likeness of an item to the nearest choice.

    A pool of more than 16,384 is covered on a sample of as many, which are the candidates too, 2,048
    picks a sample: 1.1 GB, and 200 Gflop for a sample at 384 numbers a vector.
    """
    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    return herded(
        X,
        n,
        labelled(learner, X),
        Kernel(kernel, sigma),
        random_state=random_state,
        reason=lambda rise: f"stands for items unlike the labelled ones: coverage +{rise:.2%}",
    )
