"""What a training of a network learns beside the labels, and how a learner is asked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from labelwright.loop.errors import PluginError
from labelwright.loop.ports import Learner

if TYPE_CHECKING:
    import numpy as np
    import torch

    from labelwright.loop.augment.views import View
    from labelwright.loop.encoding import Trainable
    from labelwright.loop.ports import Context, Model
    from labelwright.loop.train.average import Average
    from labelwright.loop.train.objective import Extra


@dataclass(frozen=True)
class Start:
    """What is known when a training begins.

    counts: (n_seen,) labels of each class that has any, in the order of the logits; seen: their indices
    among all classes. average: of the weights, where one is kept. steps: how many there will be.
    """

    counts: torch.Tensor
    seen: np.ndarray
    weak: View
    average: Average | None
    seed: int
    steps: int


@dataclass(frozen=True)
class Beside:
    """One more loss a step, of unlabelled inputs U (m, ...). `told` says all else that decides it.

    make: the loss, for one training. steps: at least so many; decay: of the moving average of weights, which
    the model gets in the end; 0 for none.
    """

    U: np.ndarray = field(repr=False)
    make: Callable[[Start], Extra] = field(repr=False)
    told: str
    steps: int
    decay: float


@runtime_checkable
class NetworkLearner(Learner, Protocol):
    """A learner that trains a network, and can learn from unlabelled inputs beside the labels."""

    encoder: Trainable
    context: Context
    random_state: int

    def learn(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        beside: Beside | None = None,
    ) -> Model: ...


def network_learner(learner: Any, method: str) -> NetworkLearner:
    """The learner, where it trains a network. Raises PluginError where it does not."""
    if not isinstance(learner, NetworkLearner):
        raise PluginError(
            f"pseudo_labels method = {method} trains a network, and this task's `finetune` trains none",
            "write `method = infomax`, or a `finetune` that trains the network: lora, full, scratch",
        )
    return learner
