"""BatchBALD: the batch whose answers together tell most of which model is right.

Kirsch, van Amersfoort & Gal 2019, "BatchBALD: Efficient and Diverse Batch Acquisition for Deep
Bayesian Active Learning".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.bald import disagreement, mutual_information
from labelwright.loop.query.blocks import take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.ensemble import ensemble_of, entropy_of, votes
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_CANDIDATES = 4_000
_CANDIDATES_AN_ITEM = 10
_NUMBERS = 4_000_000
"""Probabilities computed at a time: 32 MB."""
_TOLD = 0.01
"""Share of what there is to tell of the models that is not worth a search."""


def batch_bald(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    size: int = 20,
    configurations: int = 2_048,
) -> Chosen:
    """The batch whose answers together tell most of which of `size` models is right.

    Greedy: each next item has the greatest mutual information of its answer and the model, given the
    answers of those before it, which is its utility, in nats. Exact over all joint answers while these
    are at most `configurations`, n_classes ** items; then over as many of them, drawn by their
    probability. No item tells more later than it did earlier, so most need no second look.

    Chosen among the items of greatest BALD, 10 an item and 4,000 at least, said in the notes. All
    answers tell at most log(size) nats: where 99% of that is told the others
    follow by BALD with utility 0, and the notes say so; a larger `size` has more to tell.
    Costs what bald costs, and configurations · size · n_classes operations an item looked at.
    Raises StrategyError without labels, or for a size below 2.
    """
    import numpy as np

    learner = understood(learner)
    if configurations < 1:
        raise StrategyError("batch_bald needs configurations", "give 1 or more")
    if len(X) == 0 or n_instances == 0:
        return nothing()
    models = ensemble_of(learner, size, random_state)
    alone = disagreement(models, X)
    limit = max(_CANDIDATES, _CANDIDATES_AN_ITEM * n_instances)
    rows = top(alone, limit)
    notes = []
    if len(rows) < len(X):
        notes.append(f"chosen among the {limit:,} items of greatest BALD out of {len(X):,}")
    probs = models(take(X, rows)).astype(np.float64)
    rng = np.random.default_rng(random_state)
    picked, gains = _greedy(probs, n_instances, configurations, rng)
    n = min(n_instances, len(X))
    if len(picked) < n:
        notes.append(
            f"after {len(picked)} items there was nothing left that {size} models could tell:"
            f" the other {n - len(picked)} are those of greatest BALD"
        )
        rest = np.setdiff1d(np.arange(len(rows)), picked)[: n - len(picked)]
        picked, gains = np.append(picked, rest), np.append(gains, np.zeros(len(rest)))
    said = votes(probs[:, picked], models.classes)
    reasons = tuple(
        f"tells {gain:.2f} more: {text}" for gain, text in zip(gains, said, strict=True)
    )
    return Chosen(rows[picked], gains, np.ones(n), reasons, tuple(notes))


@dataclass(frozen=True)
class _Answers:
    """Joint answers to the items chosen so far.

    weights: (m,) their probabilities. beliefs: (m, size) how likely each model is, given them.
    """

    weights: np.ndarray
    beliefs: np.ndarray

    def information(self, probs: np.ndarray) -> np.ndarray:
        """What each item's answer tells of the model beside these answers.

        (size, n, n_classes) -> (n,): H(answer | these answers) − H(answer | model).
        """
        import numpy as np

        size, n, n_classes = probs.shape
        predicted = (self.beliefs @ probs.reshape(size, -1)).reshape(-1, n, n_classes)
        told = self.weights @ entropy_of(predicted) - entropy_of(probs).mean(axis=0)
        # Rounded, so that what tells nothing ties.
        return np.asarray(np.maximum(told.round(12), 0))

    def untold(self) -> float:
        """Entropy of the model, given these answers: no item tells more than that."""
        return float(self.weights @ entropy_of(self.beliefs))

    def then(self, probs: np.ndarray, most: int, rng: np.random.Generator) -> _Answers:
        """With the answer to one more item, probs (size, n_classes); at most `most` joint answers."""
        import numpy as np

        joint = self.beliefs[:, None, :] * probs.T
        given = joint.sum(axis=2)
        weights = (self.weights[:, None] * given).reshape(-1)
        possible = weights > 0
        weights = weights[possible] / weights.sum()
        beliefs = joint.reshape(-1, len(probs))[possible] / given.reshape(-1)[possible, None]
        if len(weights) <= most:
            return _Answers(weights, beliefs)
        # One uniform offset for all draws (Madow 1949): each is drawn in proportion, with less noise.
        marks = (np.arange(most) + rng.random()) / most
        drawn = np.searchsorted(np.cumsum(weights), marks).clip(max=len(weights) - 1)
        return _Answers(np.full(most, 1 / most), beliefs[drawn])


def _greedy(
    probs: np.ndarray, n: int, configurations: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Positions in probs (size, n_items, n_classes), best first, and what each tells, in nats.

    Fewer than n where nothing is left to tell.
    """
    import numpy as np

    size, n_items, n_classes = probs.shape
    answers = _Answers(np.ones(1), np.full((1, size), 1 / size))
    bounds = mutual_information(probs)
    picked: list[int] = []
    gains: list[float] = []
    while len(picked) < min(n, n_items) and answers.untold() > _TOLD * math.log(size):
        step = max(1, min(64, _NUMBERS // (len(answers.weights) * n_classes)))
        best = _lazily(answers, probs, bounds, step)
        picked.append(best)
        gains.append(float(bounds[best]))
        bounds[best] = -np.inf
        answers = answers.then(probs[:, best], configurations, rng)
    return np.array(picked, dtype=np.int64), np.array(gains)


def _lazily(answers: _Answers, probs: np.ndarray, bounds: np.ndarray, step: int) -> int:
    """The item that tells most; `bounds`, what each told earlier at most, is brought up to date.

    Items are looked at by falling bound, `step` at a time, until one tells as much as the next could
    (Minoux 1978).
    """
    import numpy as np

    order = np.argsort(-bounds, kind="stable")
    best = -1
    for start in range(0, len(order), step):
        rows = order[start : start + step]
        if best >= 0 and bounds[best] >= bounds[rows[0]]:
            break
        rows = rows[bounds[rows] > -np.inf]
        if len(rows) == 0:
            break
        bounds[rows] = answers.information(probs[:, rows])
        seen = order[: start + step]
        most = bounds[seen].max()
        best = int(seen[bounds[seen] == most].min())
    return best
