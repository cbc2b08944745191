"""Which learners a way of learning from unlabelled items works with; asked before anybody labels a thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Context, Learner

Needs = Literal["vectors", "network", "table"]
Function = TypeVar("Function", bound=Callable[..., Any])


def needs(what: Needs) -> Callable[[Function], Function]:
    """Mark a method: it works with learners that read an encoder's vectors, or that train its network.

    Mark a learner, or a pretraining: it needs an encoder with a network, or one of a table's columns.
    """

    def mark(function: Function) -> Function:
        function.__dict__["needs"] = what
        return function

    return mark


def gives(*what: Literal["network", "table"]) -> Callable[[Function], Function]:
    """Mark an encoder: what it has beside vectors. One that is not marked is taken as it comes."""

    def mark(function: Function) -> Function:
        function.__dict__["gives"] = what
        return function

    return mark


def refuse_learner(method: str, function: Callable[..., Any], learner: Learner) -> None:
    """Raise PluginError where the method cannot work with the learner."""
    from labelwright.loop.unlabelled.beside import network_learner
    from labelwright.loop.unlabelled.trying import one_class

    what: Needs | None = getattr(function, "needs", None)
    if what == "network":
        one_class(network_learner(learner, method), method)
    if what == "vectors" and learner.reads != "vectors":
        raise PluginError(
            f"pseudo_labels method = {method} works on an encoder's vectors, "
            "and this task's `finetune` reads what the encoder is made of",
            "write `method = fixmatch` where it trains a network, or `finetune = head`",
        )


def refuse_augment(learner: Learner, context: Context, sample: Callable[[], np.ndarray]) -> None:
    """Raise PluginError where the task's `augment` could not be done; sample: some inputs of the network."""
    from labelwright.loop.augment.views import view
    from labelwright.loop.unlabelled.beside import NetworkLearner

    calls = context.task.train.augment
    if not calls:
        return
    if not isinstance(learner, NetworkLearner):
        raise PluginError(
            f"augment = {calls[0].name} changes what a network is trained on, and this task's `finetune` "
            "trains none",
            "take `augment` out of `train`, or choose `finetune = full`, `lora` or `scratch`",
        )
    import torch

    X = sample()
    view(calls, X, learner.encoder, context)(torch.from_numpy(X), torch.Generator().manual_seed(0))
