"""The whole audit of labelled items: views, pool, copies, contradictions, queue, how many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from labelwright.loop.audit.cleaning import issues
from labelwright.loop.audit.contradictions import Against
from labelwright.loop.audit.copies import conflicts, disagreeing
from labelwright.loop.audit.pooling import Pooled, pooled
from labelwright.loop.audit.queue import Evidence, Suspect, ranked, scores, wrongness
from labelwright.loop.audit.share import Bounds, Pair, bounds, pairs
from labelwright.loop.audit.views import (
    FOLDS,
    Linear,
    Neighbours,
    Trees,
    View,
    Words,
    deal,
)
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Progress, no_progress
from labelwright.loop.seeds import derive_seed

FEWEST = 4 * FOLDS
"""Labels that an audit needs at least."""

DEALS = 3
"""Independent deals of the folds that views are averaged over."""

MOST_CHARACTERS = 5_000_000
"""Of all texts together, up to which runs of characters are a view beside words: they take long."""


@dataclass(frozen=True)
class Labelled:
    """Items with one label each, and what they look like.

    given: (n,) class indices. order: (n,) hashes that break ties. vectors: by name, (n, dim). texts: one an
    item, where items are texts. table: the vectors are of columns of a table. same: (n,) equal where items
    are the same. near: pairs that are nearly the same. broken, rules: what the task says against labels.
    """

    given: np.ndarray
    names: tuple[str, ...]
    order: np.ndarray
    vectors: Mapping[str, np.ndarray]
    same: np.ndarray
    texts: Sequence[str] | None = None
    table: bool = False
    near: Sequence[tuple[int, int]] = ()
    broken: Mapping[int, str] = field(default_factory=dict)
    rules: Sequence[Against] = ()


@dataclass(frozen=True)
class Audited:
    """What was found. suspects: the queue. scores, wrong: (n,) its order and P(wrong) of every label."""

    suspects: tuple[Suspect, ...]
    scores: np.ndarray
    wrong: np.ndarray
    bounds: Bounds
    pairs: tuple[Pair, ...]
    pooled: Pooled
    copies: int  # groups of the same items with different labels
    near: int  # pairs of nearly the same items with different labels


def views(items: Labelled, seed: int, progress: Progress = no_progress) -> list[View]:
    """What looks at such items."""
    found: list[View] = []
    for name, X in items.vectors.items():
        suffix = f" of {name}" if len(items.vectors) > 1 else ""
        found.append(Linear(X, f"linear{suffix}", progress))
        found.append(Neighbours(X, seed, f"neighbours{suffix}", progress))
        if items.table:
            found.append(Trees(X, seed, f"trees{suffix}", progress))
    if items.texts is not None:
        found.append(Words(items.texts, progress=progress))
        if sum(map(len, items.texts)) <= MOST_CHARACTERS:
            found.append(Words(items.texts, characters=True, progress=progress))
    return found


def audit(
    items: Labelled, id_of: Callable[[int], str], seed: int, progress: Progress = no_progress
) -> Audited:
    """See the module. Raises DataError where there is too little to compare."""
    refuse_few(items.given, items.names)
    found = told(items, seed, progress)
    evidence = evidence_of(items, found.probs)
    wrong, probs, _, _ = wrongness(evidence)
    progress("counting", 0, 1)
    limits = bounds(items.given, found.probs, found.first, derive_seed(seed, "audit bounds"))
    progress("counting", 1, 1)
    return Audited(
        suspects=tuple(ranked(evidence, items.names, items.order, id_of)),
        scores=scores(evidence),
        wrong=wrong,
        bounds=limits,
        pairs=tuple(pairs(items.given, probs, wrong)),
        pooled=found,
        copies=len(evidence.copies),
        near=len(evidence.near),
    )


def told(items: Labelled, seed: int, progress: Progress = no_progress) -> Pooled:
    """What the views come to, each item told by what did not see its label."""
    return pooled(views(items, seed, progress), items.given, deals(items, seed), len(items.names))


def deals(items: Labelled, seed: int, many: int = DEALS) -> np.ndarray:
    """(many, n) folds, each row dealt by itself; see `deal`."""
    seeds = [derive_seed(seed, "audit folds", i) for i in range(many)]
    return np.stack([deal(items.given, items.same, each) for each in seeds])


def evidence_of(items: Labelled, probs: np.ndarray) -> Evidence:
    """All that speaks against the labels."""
    return Evidence(
        given=items.given,
        probs=probs,
        issues=issues(items.given, probs),
        broken=items.broken,
        copies=conflicts(items.same, items.given),
        near=disagreeing(items.near, items.given, items.same),
        rules=items.rules,
    )


def refuse_few(given: np.ndarray, names: Sequence[str]) -> None:
    """Raise DataError where labels cannot be compared with each other."""
    seen = len(np.unique(given))
    if seen < 2:
        raise DataError(
            f"all {len(given):,} labels are the same: there is nothing to compare",
            "name the column that holds the class of each item",
        )
    if len(given) < FEWEST:
        raise DataError(
            f"{len(given):,} labels are too few to compare: an audit takes {FEWEST} or more",
            f"label some more; {len(names)} classes want several items each",
        )
