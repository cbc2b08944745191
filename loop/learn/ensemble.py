"""Several tuned teachers vote on unlabelled items, once; the votes teach one student, behind the gate.

V-PET (Zhang et al. 2025, "Revisiting semi-supervised learning in the era of foundation models"): with
pretrained encoders, one round of one-hot votes of several tuned models beats thresholds and consistency.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.gated import Way, gated
from labelwright.loop.learn.suiting import needs

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Learner, Model, Pseudo

_ROWS = 1_000


@needs("network")
def ensemble(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    random_state: int,
    members: int = 3,
    rows: int = _ROWS,
    weight: float = 1.0,
) -> Pseudo:
    """Several models, tuned alike but for their seeds, vote on items, and one learns from all votes.

    members: how many; each gives an item its whole vote, there is no threshold. rows: unlabelled items that
    teach, drawn at random. weight: of all of them together, beside the labels together. Implements
    `pseudo.PseudoMethod`, for a `finetune` that trains a network.
    """
    import numpy as np

    from labelwright.loop.unlabelled.beside import network_learner
    from labelwright.loop.unlabelled.trying import FOLDS, one_class, positive

    network: Any = network_learner(learner, "ensemble")
    one_class(network, "ensemble")
    if members < 2:
        raise PluginError(f"ensemble: members = {members} is no ensemble", "write 2 or more")
    positive("ensemble", rows=rows, weight=weight)
    drawn = np.random.default_rng(random_state).permutation(len(X_unlabelled))
    chosen = np.sort(drawn[:rows])

    def ways() -> list[Way]:
        U = X_unlabelled[chosen]
        teachers = [replace(network, random_state=network.random_state + k) for k in range(members)]

        def fit(some: np.ndarray, heat: float) -> Model:
            X, T = X_labelled[some], targets[some]
            shares = votes([t.fit(X, T, calibrate=False).predict_proba(U) for t in teachers])
            each = np.full(len(U), weight * len(some) / len(U))
            student: Model = network.fit(
                np.concatenate([X, U]),
                np.concatenate([T, shares]),
                np.concatenate([np.ones(len(some)), each]),
                calibrate=False,
            )
            return replace(student, temperature=heat)  # type: ignore[type-var]

        return [Way(fit)]

    return gated(
        learner, X_labelled, targets, X_unlabelled, ways, chosen, random_state, n_folds=FOLDS
    )


def votes(probs: list[np.ndarray]) -> np.ndarray:
    """The share of models that call each item each class, (m, n_classes), from their probabilities.

    Of equal probabilities the first class's counts.
    """
    import numpy as np

    n_classes = probs[0].shape[1]
    return np.asarray(np.mean([np.eye(n_classes)[p.argmax(axis=1)] for p in probs], axis=0))
