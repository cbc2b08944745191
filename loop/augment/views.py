"""How augmentations reach a network: a batch of an encoder's `inputs` in, a changed batch out.

What a task names is the weak view: what labelled items are trained on, and what a model labels an unlabelled
item by. The strong view adds more, and is what consistency training learns from (Sohn et al. 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.dsl.task import Argument, Call
from labelwright.loop.augment.change import Augmentation, Kind, kind_of, refuse_other
from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np
    import torch

    from labelwright.loop.ports import Context


def _call(name: str, *values: float) -> Call:
    return Call(name=name, args=tuple(Argument(value=value) for value in values))


WEAK: dict[Kind, tuple[Call, ...]] = {
    "pictures": (_call("crop"),),
    "tokens": (),
    "numbers": (_call("feature_noise", 0.05),),
}
"""Where consistency is trained and a task names no `augment`. No mirror: it would turn a b into a d."""

STRONG: dict[Kind, tuple[Call, ...]] = {
    "pictures": (_call("randaugment"), _call("cutout")),
    "tokens": (_call("word_drop", 0.1), _call("cutoff", 0.15)),
    "numbers": (_call("feature_noise", 0.1), _call("feature_swap", 0.2)),
}
"""What a strong view has after the weak view's."""


@dataclass(frozen=True)
class View:
    """Augmentations of one kind of input, one after the other. `repr` says all that decides them."""

    kind: Kind
    calls: tuple[Call, ...]
    changes: tuple[Augmentation, ...]

    def __repr__(self) -> str:
        return f"View({self.kind}, {list(self.calls)!r})"

    def __call__(self, batch: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """Some rows of an encoder's inputs, changed; of the same form and type, where it was.

        Pictures come as (n, h, w, c) bytes, and are rounded to bytes again.
        """
        changes = [a for a in self.changes if a.at == "inputs"]
        if not changes or len(batch) == 0:
            return batch
        x = _opened(batch, self.kind)
        for augmentation in changes:
            x = augmentation.change(x, rng)
        return _closed(x, batch, self.kind)

    def through(
        self, module: torch.nn.Module, batch: torch.Tensor, rng: torch.Generator
    ) -> torch.Tensor:
        """What a module (a network, or one with a `network` in it) makes of the changed batch."""
        changed = self(batch, rng)
        with self.inside(getattr(module, "network", module), rng):
            return module(changed)  # type: ignore[no-any-return]

    @contextmanager
    def inside(self, network: Any, rng: torch.Generator) -> Iterator[None]:
        """While this lasts, the network's token embeddings are changed by what is made for them."""
        changes = [a for a in self.changes if a.at == "embeddings"]
        if not changes:
            yield
            return

        def hook(module: Any, args: Any, output: torch.Tensor) -> torch.Tensor:
            for augmentation in changes:
                output = augmentation.change(output, rng)
            return output

        handle = _embedding(network, changes[0].name).register_forward_hook(hook)
        try:
            yield
        finally:
            handle.remove()


def view(
    calls: Sequence[Call], X: np.ndarray, encoder: Any, context: Context, what: str = "augment"
) -> View:
    """The augmentations that are called, for an encoder's inputs X.

    Raises PluginError where one is not installed, is wrongly called, or is of another kind of input.
    """
    kind, made = kind_of(X), []
    for call in calls:
        found = context.plugins.invoke("augment", call, encoder=encoder, context=context)
        if not isinstance(found, Augmentation):
            raise PluginError(
                f"augmentation {call.name} returned {type(found).__name__}, no Augmentation",
                "tell its author; docs/augmentation.md says what one is",
            )
        refuse_other(found, kind)
        made.append(found)
    return View(kind, tuple(calls), tuple(made))


def weak_calls(context: Context, X: np.ndarray) -> tuple[Call, ...]:
    """What a task names, else what suits the inputs."""
    return context.task.train.augment or WEAK[kind_of(X)]


def strong_calls(context: Context, X: np.ndarray, named: Sequence[Call] = ()) -> tuple[Call, ...]:
    """The weak view's, and then those that are named, else those that suit the inputs."""
    return (*weak_calls(context, X), *(named or STRONG[kind_of(X)]))


def _opened(batch: torch.Tensor, kind: Kind) -> torch.Tensor:
    if kind == "pictures":
        return batch.permute(0, 3, 1, 2).float() / 255
    return batch.long() if kind == "tokens" else batch


def _closed(x: torch.Tensor, batch: torch.Tensor, kind: Kind) -> torch.Tensor:
    if kind == "pictures":
        x = (x.permute(0, 2, 3, 1) * 255).round().clamp(0, 255)
    return x.to(batch.dtype)


def _embedding(network: Any, name: str) -> torch.nn.Module:
    backbone = getattr(network, "backbone", None)
    if backbone is None or not hasattr(backbone, "get_input_embeddings"):
        raise PluginError(
            f"augment = {name} changes embeddings of tokens, but this network shows none",
            "take it out of `augment`, or choose an encoder that is a transformer",
        )
    return backbone.get_input_embeddings()  # type: ignore[no-any-return]
