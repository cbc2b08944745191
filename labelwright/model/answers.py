"""What a model says of an item, by kind of task: one renderer a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import NotYet

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Model
    from labelwright.model.manifest import Manifest

Label = str | tuple[str, ...] | tuple[dict[str, Any], ...]
"""A class id; with `choose = many` those that hold; of spans `{start, end, label, text}` each."""


@dataclass(frozen=True)
class Prediction:
    """An item with what the model says of it."""

    item: str
    label: Label
    probability: (
        float | None
    )  # of the label; with several, of the least sure one; None where none holds
    probabilities: tuple[float, ...]  # of every class, in the order of the manifest's

    @property
    def labels(self) -> tuple[Any, ...]:
        """The labels, however many there are."""
        return (self.label,) if isinstance(self.label, str) else self.label


Answers = Callable[["Manifest", "Model", Sequence[str], "np.ndarray"], list[Prediction]]
"""A model, ids of items and their probabilities (n, n_classes) to predictions."""


def answers(manifest: Manifest) -> Answers:
    """The renderer of a model's kind. Raises NotYet."""
    found = _BY_KIND.get((manifest.kind, manifest.choose))
    if found is None:
        raise NotYet(
            f"this version predicts no {manifest.kind} with choose = {manifest.choose}",
            "install a later labelwright",
        )
    return found


def _one(
    manifest: Manifest, model: Model, ids: Sequence[str], probs: np.ndarray
) -> list[Prediction]:
    """The likeliest class; of two that are equally likely, the first."""
    ids_of = [c.id for c in manifest.classes]
    best = probs.argmax(axis=1)
    return [
        Prediction(item, ids_of[b], float(row[b]), tuple(map(float, row)))
        for item, b, row in zip(ids, best, probs, strict=True)
    ]


def _many(
    manifest: Manifest, model: Model, ids: Sequence[str], probs: np.ndarray
) -> list[Prediction]:
    """Each class from its own threshold on: the model's where it has learned them, else a half."""
    import numpy as np

    limits = np.broadcast_to(getattr(model, "thresholds", 0.5), probs.shape[1:])
    names = [c.id for c in manifest.classes]
    found = []
    for item, row in zip(ids, probs, strict=True):
        given = np.flatnonzero(row >= limits)
        least = float(row[given].min()) if len(given) else None
        labels = tuple(names[c] for c in given)
        found.append(Prediction(item, labels, least, tuple(map(float, row))))
    return found


_BY_KIND: dict[tuple[str, str], Answers] = {
    ("classification", "one"): _one,
    ("classification", "many"): _many,
}
