"""Rare class: finds more items of a class of which few are known.

The nearest neighbours of known positives, after Coleman et al. 2022, "Similarity Search for Efficient
Active Learning and Search of Rare Concepts" (SEALS), together with the model's own probability, since
uncertainty alone finds too few (Attenberg & Provost 2010, "Why Label When You Can Search?").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import labelled, probabilities, take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.kernel import unit
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import predicted

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_COMPARED = 2_000
"""Labelled items of each side that every item is compared with."""
_ROWS = 4_096


def rare_class(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    of: str | None = None,
) -> Chosen:
    """Items that are likely to belong to one class, to find more of a class that is rare.

    of: the class, by its id or the last part of it; where it is not given, of the classes that have
    labels the one that has fewest, of equal ones the first.

    Utility: P(class) + (s⁺ − s⁻) / 2, with s⁺ the cosine to the nearest item labelled with the class and
    s⁻ that to the nearest other labelled item, 0 where there is none. With three positives the model
    says little and likeness more; later it is the other way round. Weights chosen on seven sets of
    vectors with 0.5% positives, 3 and 10 of them known.

    X: (n_items, dim), read once; 8 bytes an item. 2 · dim · n_labelled flops an item, over at most
    2,000 labelled items of the class and 2,000 others, drawn at random where there are more (a note
    says so). Raises StrategyError where the class is not known, or has no labelled item yet.
    """
    import numpy as np

    learner = understood(learner)
    number = _class(of, learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    rng = np.random.default_rng(random_state)
    known = labelled(learner, X)
    of_class = learner.y_training == number
    ours, note = _some(known[of_class], f"of {learner.classes[number]}", rng)
    others, other_note = _some(known[~of_class], "of other classes", rng)
    utilities = np.empty(len(X))
    for rows, vectors, probs in predicted(learner, X):
        likeness = nearest(vectors, ours) - nearest(vectors, others)
        utilities[rows] = probs[:, number] + likeness / 2
    indices = top(utilities, n_instances)
    vectors = take(X, indices)
    like, unlike = nearest(vectors, ours), nearest(vectors, others)
    chances = probabilities(learner, vectors)[:, number]
    reasons = tuple(
        f"like known {learner.classes[number]}: cosine {s:.2f}, others {t:.2f}; probability {p:.2f}"
        for s, t, p in zip(like, unlike, chances, strict=True)
    )
    notes = note + other_note
    if of is None:
        notes = (*_chosen(number, learner), *notes)
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons, notes)


def nearest(vectors: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The cosine to the nearest of these rows of length one, (n,); 0 where there is none."""
    import numpy as np

    found = np.zeros(len(vectors))
    if len(directions):
        for start in range(0, len(vectors), _ROWS):
            block = unit(vectors[start : start + _ROWS])
            found[start : start + len(block)] = (block @ directions.T).max(axis=1)
    return found


def _some(
    rows: np.ndarray, whose: str, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[str, ...]]:
    """At most so many rows as can be compared, at length one, and what to say of it."""
    import numpy as np

    if len(rows) <= _COMPARED:
        return unit(rows), ()
    drawn = np.sort(rng.choice(len(rows), size=_COMPARED, replace=False))
    note = (
        f"compared with {_COMPARED:,} labelled items {whose} drawn at random out of {len(rows):,}"
    )
    return unit(rows[drawn]), (note,)


def _class(of: str | None, learner: QueryLearner) -> int:
    """The index of the class that is meant. Raises StrategyError: unknown, or without a label."""
    import numpy as np

    counts = np.bincount(learner.y_training, minlength=len(learner.classes))
    if of is None:
        if not counts.any():
            raise StrategyError(
                "rare_class needs labels, and there are none yet",
                "give examples as existing_labels, or begin with a phase that needs none: "
                "`phase begin until labels >= 20 { strategy = auto }`",
            )
        return int(np.where(counts > 0, counts, counts.max() + 1).argmin())
    number = _named(of, learner.classes)
    if counts[number] == 0:
        raise StrategyError(
            f"rare_class looks for what is like {learner.classes[number]}, of which no item is "
            "labelled yet",
            "give examples of it as existing_labels, or begin with another strategy and a condition: "
            f"`phase begin until labels of {learner.classes[number]} >= 3 {{ strategy = auto }}`",
        )
    return number


def _named(of: str, classes: tuple[str, ...]) -> int:
    from labelwright.loop.matching import fold

    ids = [fold(name) for name in classes]
    for spellings in (ids, [name.rpartition(".")[2] for name in ids]):
        found = [number for number, name in enumerate(spellings) if name == fold(of)]
        if len(found) == 1:
            return found[0]
    raise StrategyError(
        f"rare_class knows no class {of}" if not found else f"more than one class is called {of}",
        f"the classes are: {', '.join(classes)}",
    )


def _chosen(number: int, learner: QueryLearner) -> tuple[str, ...]:
    """Which class it was, where nobody named one."""
    import numpy as np

    count = int(np.count_nonzero(learner.y_training == number))
    note = f"looked for {learner.classes[number]}, the class with the fewest labels: {count}"
    empty = len(learner.classes) - len(np.unique(learner.y_training))
    if not empty:
        return (note,)
    verb = "classes have" if empty > 1 else "class has"
    return (note, f"{empty} {verb} no label at all, so there is nothing to be like")
