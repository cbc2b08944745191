"""Entropy minimisation for an encoder's network, behind the gate: see `unlabelled/certainty.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.learn.suiting import needs

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Learner, Pseudo
    from labelwright.loop.unlabelled.beside import Beside, Start
    from labelwright.loop.unlabelled.certainty import Certainty


@needs("network")
def entropy(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    random_state: int,
    weight: float = 0.5,
    ratio: int | None = None,
    steps: int | None = None,
    average: float = 0.99,
) -> Pseudo:
    """A network is made sure of unlabelled items, classes as frequent as among the labels, if that helps.

    weight: of the entropy beside the labels' loss, when it has risen. ratio: unlabelled items for each
    labelled one of a step. Implements `pseudo.PseudoMethod`, for a `finetune` that trains a network.
    """
    from labelwright.loop.unlabelled.beside import network_learner
    from labelwright.loop.unlabelled.trying import decay_of, lasting, one_class, positive, tried

    network = network_learner(learner, "entropy")
    one_class(network, "entropy")
    long, ratio = lasting("entropy", steps, ratio, X_labelled)
    positive("entropy", weight=weight)
    decay = decay_of("entropy", average)

    def beside(U: np.ndarray) -> Beside:
        from labelwright.loop.train.settings import BATCH
        from labelwright.loop.unlabelled.beside import Beside

        def make(start: Start) -> Certainty:
            from labelwright.loop.unlabelled.alignment import prior_of
            from labelwright.loop.unlabelled.certainty import Certainty

            return Certainty(
                U,
                start.weak,
                BATCH * ratio,
                start.steps,
                start.seed,
                prior_of(start.counts),
                weight,
            )

        return Beside(U, make, f"entropy 1 {weight} {ratio}", long, decay)

    return tried(network, X_labelled, targets, X_unlabelled, beside, random_state)
