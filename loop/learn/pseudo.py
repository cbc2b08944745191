"""What a pseudo-labelling method is: an entry point of the group `labelwright.pseudo`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import PseudoLabels
    from labelwright.loop.lazy_rows import LazyRows
    from labelwright.loop.ports import Learner, Pseudo


class PseudoMethod(Protocol):
    """Learns from unlabelled items as well, and checks itself against not doing so.

    A method may take arguments of its own from the task file beside those below, and leave out those
    below that it has no use for. Deterministic for the same arguments. It must compare itself with
    the supervised model, as `gate.trial` does, and return that model where it is not better.
    """

    def __call__(
        self,
        *,
        learner: Learner,
        X_labelled: np.ndarray,
        targets: np.ndarray,
        X_unlabelled: np.ndarray | LazyRows,
        settings: PseudoLabels,
        class_ids: Sequence[str],
        random_state: int,
    ) -> Pseudo:
        """X_labelled (n, dim), targets (n, n_classes), X_unlabelled (m, dim), class_ids by index.

        Where the learner reads a network's inputs, X_unlabelled is read by rows as they are taken.
        """
