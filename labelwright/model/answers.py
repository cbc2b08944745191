"""What a model says of an item, by kind of task: one renderer a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import NotYet
from labelwright.loop.sets import Sets

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import Task
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


Answers = Callable[["Task", "Model", Sequence[str], "np.ndarray"], list[Prediction]]
"""A task, its model, ids of items and their probabilities (n, n_classes) to predictions."""


def answers(manifest: Manifest) -> Answers:
    """The renderer of a model's kind. Raises NotYet."""
    found = _BY_KIND.get((manifest.kind, manifest.choose))
    if found is None:
        raise NotYet(
            f"this version predicts no {manifest.kind} with choose = {manifest.choose}",
            "install a later labelwright",
        )
    return found


def _one(task: Task, model: Model, ids: Sequence[str], probs: np.ndarray) -> list[Prediction]:
    """The likeliest class; of two that are equally likely, the first."""
    ids_of = [c.id for c in task.labels]
    best = probs.argmax(axis=1)
    return [
        Prediction(item, ids_of[b], float(row[b]), tuple(map(float, row)))
        for item, b, row in zip(ids, best, probs, strict=True)
    ]


def _many(task: Task, model: Model, ids: Sequence[str], probs: np.ndarray) -> list[Prediction]:
    """The set of classes that the task allows: see `Sets`."""
    sets = Sets(task)
    probs = sets.coherent(probs)
    found = []
    given = sets.decide(probs, getattr(model, "thresholds", None))
    for item, row, holds in zip(ids, probs, given, strict=True):
        least = float(row[holds].min()) if holds.any() else None
        found.append(Prediction(item, sets.named(holds), least, tuple(map(float, row))))
    return found


_BY_KIND: dict[tuple[str, str], Answers] = {
    ("classification", "one"): _one,
    ("classification", "many"): _many,
}
