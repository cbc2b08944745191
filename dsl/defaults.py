"""What a newcomer gets for what the file leaves out; fixed defaults are also in vocabulary.py."""

from __future__ import annotations

from typing import Literal

from labelwright.dsl import task as t

ANNOTATIONS = 1_000
HOLDOUT_SIZE = 0.2
ANNOTATORS = t.Call(name="label_studio")
RESOLVE = "crowdlab"
METHOD = t.Call(name="infomax")
METHOD_OF_THRESHOLDS = t.Call(
    name="threshold"
)  # where the file sets what only it reads, or a network learns
FINETUNE = t.Call(name="head")
ENCODERS: dict[Literal["text", "image", "columns"], t.Call] = {
    "text": t.Call(name="tfidf"),
    "image": t.Call(name="pixels"),
    "columns": t.Call(name="table"),
}


def holdout_annotations(budget: int, overlap: int, elsewhere: int) -> int:
    """About a third of the budget, in whole items, within what gold and audit leave of it."""
    wanted = min(budget // 3, max(budget - elsewhere, 0))
    return max(wanted // overlap * overlap, min(1, budget))


def query() -> t.Query:
    """One strategy from no label to many, for any kind of task."""
    return t.Query(phases=(t.Phase(name="all", strategy=t.Call(name="auto")),))


def encoders(data: t.Data, given: t.Encoders) -> t.Encoders:
    """An encoder for each kind of input that the file names and gives none for."""
    if given.default is not None:
        return given
    inputs = [name for name in ENCODERS if getattr(data, name)]
    wanted = {name: ENCODERS[name] for name in inputs} | given.of
    if len(inputs) == 1 and not given.of:
        return t.Encoders(default=ENCODERS[inputs[0]])
    return t.Encoders(of={name: wanted[name] for name in ENCODERS if name in wanted})
