"""Several models in the place of a posterior, for BALD and its kin.

Where the learner draws models itself (Monte Carlo dropout of a tuned encoder: Gal & Ghahramani 2016)
these; else models trained on bootstrap samples of the labels (Abe & Mamitsuka 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.blocks import blocks

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_ROWS = 4_096
_NUMBERS = 2_000_000
"""Rows read, and probabilities held, at a time. Larger temporary arrays come from the operating system
page by page each time, which takes as long as the work itself."""


@runtime_checkable
class Posterior(Protocol):
    """What a learner may offer beside `ports.QueryLearner`: models drawn from what it believes."""

    def predict_samples(self, X: np.ndarray, n: int, seed: int) -> np.ndarray:
        """Probabilities of n drawn models, (n, n_items, n_classes), rows sum to one.

        The same n and seed are the same models whatever X is, since a pool is read in blocks: with
        dropout, one mask for a model, not one for an item (Kirsch et al. 2019, consistent dropout).
        """


@dataclass(frozen=True)
class Ensemble:
    """`size` models as one function: rows (n, dim) -> probabilities (size, n, n_classes) float32."""

    size: int
    classes: tuple[str, ...]
    predict: Callable[[np.ndarray], np.ndarray]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(size, n, n_classes) float32. Raises StrategyError where one is not a finite number."""
        import numpy as np

        probs = np.asarray(self.predict(rows), dtype=np.float32)
        expected = (self.size, len(rows), len(self.classes))
        if probs.shape != expected:
            raise StrategyError(
                f"the models gave probabilities of shape {probs.shape}, not {expected}"
            )
        if not np.isfinite(probs).all():
            raise StrategyError("one of the models gave probabilities that are not finite")
        return probs

    def over(self, X: Any) -> Iterator[tuple[int, np.ndarray]]:
        """All of X in order: (position of the first row, (size, rows, n_classes) float32)."""
        rows = max(1, min(_ROWS, _NUMBERS // (self.size * max(1, len(self.classes)))))
        for start, block in blocks(X, rows):
            yield start, self(block)


def ensemble_of(learner: QueryLearner, size: int, random_state: int) -> Ensemble:
    """The learner's own `predict_samples`, or `size` models on bootstrap samples of its labels.

    Raises StrategyError where there are no labels, or where size is below 2.
    """
    if size < 2:
        raise StrategyError(f"{size} model cannot disagree", "give size = 2 or more")
    if isinstance(learner, Posterior):
        drawn = learner.predict_samples
        return Ensemble(size, learner.classes, lambda rows: drawn(rows, size, random_state))
    models = [
        learner.fit_again(rows, seed)
        for rows, seed in bootstraps(learner.y_training, size, random_state)
    ]

    def predict(rows: np.ndarray) -> np.ndarray:
        import numpy as np

        probs = np.empty((size, len(rows), len(learner.classes)), dtype=np.float32)
        for number, model in enumerate(models):
            probs[number] = model.predict_proba(rows)
        return probs

    return Ensemble(size, learner.classes, predict)


def bootstraps(
    labels: np.ndarray, size: int, random_state: int
) -> Iterator[tuple[np.ndarray, int]]:
    """`size` times as many rows as there are labels, drawn with repetition, and a seed.

    One row of every class that has labels is in each, so that no model forgets a class.
    """
    import numpy as np

    if len(labels) == 0:
        raise StrategyError(
            "this query strategy needs labels to train its models on, and there are none yet",
            "name `auto`, which needs none, or begin with a phase that does not: `phase cold until "
            "labels >= 20 { strategy = k_means }`",
        )
    for seed in np.random.SeedSequence(random_state).generate_state(size):
        rng = np.random.default_rng(seed)
        kept = [int(rng.choice(np.flatnonzero(labels == c))) for c in np.unique(labels)]
        drawn = rng.integers(len(labels), size=len(labels) - len(kept))
        yield np.concatenate([kept, drawn]).astype(np.int64), int(seed)


def entropy_of(probs: np.ndarray) -> np.ndarray:
    """Shannon entropy over the last axis, in nats, float64."""
    import numpy as np

    numbers = np.asarray(probs, dtype=np.float64)
    logs = np.log(np.maximum(numbers, 1e-300))
    return np.asarray(-np.einsum("...c,...c->...", numbers, logs))


def votes(probs: np.ndarray, classes: tuple[str, ...]) -> tuple[str, ...]:
    """What the models say of each item: `10 models say: Business 6, World 4`."""
    import numpy as np

    said = []
    for ballots in probs.argmax(axis=2).T:
        counts = np.bincount(ballots, minlength=len(classes))
        ranking = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        tally = ", ".join(f"{classes[c]} {counts[c]}" for c in ranking)
        said.append(f"{len(ballots)} models say: {tally}")
    return tuple(said)
