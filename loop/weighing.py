"""A round's training labels: those that were there already are weighed, what tells nothing is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.supported import single
from labelwright.loop.trusting import LEAST

if TYPE_CHECKING:
    from labelwright.loop.labels import Labels
    from labelwright.loop.workbench import Workbench


def weighed(bench: Workbench, round_: int, watermark: int, labels: Labels) -> Labels:
    """The pool's labels: noisy ones weighed, those that tell next to nothing left out.

    Before the round has vectors nothing can be weighed, and nothing is learned either.
    """
    block = bench.task.existing_labels
    noisy = block is not None and block.trust == "noisy" and single(bench.task)
    if not noisy or bench.store.outcome(round_, "embed") is None:
        return labels
    from labelwright.loop.audit.at_work import trusted

    found = trusted(bench, round_, watermark)
    weight = dict(zip(map(int, found.rows), found.weights, strict=True))
    weights = np.array(
        [
            weight.get(int(row), 1.0) if source == "existing" else 1.0
            for row, source in zip(labels.rows, labels.sources, strict=True)
        ]
    )
    return kept(replace(labels, weights=weights), weights >= LEAST)


def sure(labels: Labels) -> Labels:
    """Those that weigh half of a person's answer or more: for what cannot weigh them."""
    return labels if labels.weights is None else kept(labels, labels.weights >= 0.5)


def kept(labels: Labels, those: np.ndarray) -> Labels:
    """These of the labels, (n,) bool."""
    at = np.flatnonzero(those)

    def some(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(values[i] for i in at) if values else ()

    return replace(
        labels,
        rows=labels.rows[at],
        classes=labels.classes[at],
        agreement=labels.agreement[at],
        sources=some(labels.sources),
        annotators=some(labels.annotators),
        answers=some(labels.answers),
        spans=some(labels.spans),
        shares=some(labels.shares),
        weights=None if labels.weights is None else labels.weights[at],
    )
