"""Mean teacher for an encoder's network, behind the gate: see `unlabelled/teacher.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.learn.suiting import needs

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Learner, Pseudo
    from labelwright.loop.unlabelled.beside import Beside, Start
    from labelwright.loop.unlabelled.teacher import MeanTeacher


@needs("network")
def mean_teacher(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    random_state: int,
    weight: float = 10.0,
    ratio: int | None = None,
    steps: int | None = None,
    average: float = 0.99,
) -> Pseudo:
    """A network agrees on unlabelled items with the moving average of its own weights, if that helps.

    weight: of the squared difference, when it has risen. ratio: unlabelled items for each labelled one of a
    step. Implements `pseudo.PseudoMethod`, for a `finetune` that trains a network.
    """
    from labelwright.loop.errors import PluginError
    from labelwright.loop.unlabelled.beside import network_learner
    from labelwright.loop.unlabelled.trying import decay_of, lasting, one_class, positive, tried

    network = network_learner(learner, "mean_teacher")
    one_class(network, "mean_teacher")
    long, ratio = lasting("mean_teacher", steps, ratio, X_labelled)
    positive("mean_teacher", weight=weight)
    decay = decay_of("mean_teacher", average)
    if not decay:
        raise PluginError("mean_teacher: average = 0 leaves no teacher", "write 0.99")

    def beside(U: np.ndarray) -> Beside:
        from labelwright.loop.augment.views import strong_calls, view
        from labelwright.loop.train.settings import BATCH
        from labelwright.loop.unlabelled.beside import Beside

        calls = strong_calls(network.context, X_labelled)
        strong = view(calls, X_labelled, network.encoder, network.context)

        def make(start: Start) -> MeanTeacher:
            from labelwright.loop.unlabelled.teacher import MeanTeacher

            assert start.average is not None
            return MeanTeacher(
                U, start.weak, strong, BATCH * ratio, start.steps, start.seed, start.average, weight
            )

        return Beside(U, make, f"mean_teacher 1 {weight} {ratio} {strong!r}", long, decay)

    return tried(network, X_labelled, targets, X_unlabelled, beside, random_state)
