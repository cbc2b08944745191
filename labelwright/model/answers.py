"""What a model says of an item, by kind of task: one renderer a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import NotYet
from labelwright.loop.sets import Sets
from labelwright.loop.tagging import texts_of

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import Task
    from labelwright.loop.ports import Items, Model
    from labelwright.model.manifest import Manifest

Label = str | tuple[str, ...] | tuple[dict[str, Any], ...]
"""A class id; with `choose = many` those that hold; of spans a dictionary each: `_spans`."""


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
    def classes(self) -> tuple[str, ...]:
        """The classes that it names, each once."""
        named = (each["label"] if isinstance(each, dict) else each for each in self.labels)
        return tuple(dict.fromkeys(named))

    @property
    def labels(self) -> tuple[Any, ...]:
        """The labels, however many there are."""
        return (self.label,) if isinstance(self.label, str) else self.label


Answers = Callable[["Task", "Model", "Items", "np.ndarray"], list[Prediction]]
"""A task, its model, items, and what the model reads of them, to predictions."""


def answers(manifest: Manifest) -> Answers:
    """The renderer of a model's kind. Raises NotYet."""
    found = _BY_KIND.get((manifest.kind, manifest.choose))
    if found is None:
        raise NotYet(
            f"this version predicts no {manifest.kind} with choose = {manifest.choose}",
            "install a later labelwright",
        )
    return found


def _one(task: Task, model: Model, items: Items, X: np.ndarray) -> list[Prediction]:
    """The likeliest class; of two that are equally likely, the first."""
    probs = model.predict_proba(X)
    ids_of = [c.id for c in task.labels]
    best = probs.argmax(axis=1)
    return [
        Prediction(item, ids_of[b], float(row[b]), tuple(map(float, row)))
        for item, b, row in zip(items.ids, best, probs, strict=True)
    ]


def _many(task: Task, model: Model, items: Items, X: np.ndarray) -> list[Prediction]:
    """The set of classes that the task allows: see `Sets`."""
    sets = Sets(task)
    probs = sets.coherent(model.predict_proba(X))
    found = []
    given = sets.decide(probs, getattr(model, "thresholds", None))
    for item, row, holds in zip(items.ids, probs, given, strict=True):
        least = float(row[holds].min()) if holds.any() else None
        found.append(Prediction(item, sets.named(holds), least, tuple(map(float, row))))
    return found


def _spans(task: Task, model: Any, items: Any, X: np.ndarray) -> list[Prediction]:
    """The marks of each text, by place; probabilities are those that a class is marked somewhere."""
    probs = model.predict_proba(X)
    found = []
    for item, text, marks, row in zip(
        items.ids, texts_of(items), model.predict_spans(X), probs, strict=True
    ):
        labels = tuple(
            {
                "start": int(m.start),
                "end": int(m.end),
                "label": task.labels[m.label].id,
                "text": text[m.start : m.end],
                "probability": float(m.prob),
            }
            for m in marks
        )
        least = min((m["probability"] for m in labels), default=None)
        found.append(Prediction(item, labels, least, tuple(map(float, row))))
    return found


_BY_KIND: dict[tuple[str, str], Answers] = {
    ("classification", "one"): _one,
    ("classification", "many"): _many,
    ("spans", "one"): _spans,
    ("spans", "many"): _spans,
}
