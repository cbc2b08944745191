"""EPIG: what an answer would tell of the predictions for other items of the pool.

Bickford Smith, Kirsch, Farquhar, Gal, Foster & Rainforth 2023, "Prediction-Oriented Bayesian Active
Learning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.bald import disagreement
from labelwright.loop.query.blocks import take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.ensemble import Ensemble, ensemble_of, entropy_of, votes
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_MOST = 5_000_000_000
"""Joint probabilities computed at most, of two answers each."""
_NUMBERS = 500_000
"""Joint probabilities held at a time: 4 MB, which the processor keeps near."""


def epig(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    size: int = 10,
    targets: int = 100,
) -> Chosen:
    """The items whose answers tell most of what the model will say of other items of the pool.

    Utility: the mutual information of the answer and the answer of a target item, in nats, on average
    over `targets` items drawn uniformly from X; `size` models from `ensemble.ensemble_of` stand for
    what may be true. Unlike bald it has no use for an odd item that says nothing of the others.

    No item tells more of another than of the model, so items are looked at by falling BALD, until the
    n-th best has as much as the next could. Each costs targets · n_classes² joint probabilities; where
    5 billion of them do not get that far the notes say among how many items was chosen.
    Beside that it costs what bald costs. Raises StrategyError without labels, for a size below 2 or
    no targets.
    """
    import numpy as np

    learner = understood(learner)
    if targets < 1:
        raise StrategyError(f"epig cannot learn of {targets} targets", "give targets = 1 or more")
    if len(X) == 0 or n_instances == 0:
        return nothing()
    models = ensemble_of(learner, size, random_state)
    rng = np.random.default_rng(random_state)
    sample = np.sort(rng.choice(len(X), size=min(targets, len(X)), replace=False))
    rows, gains, notes = _best(models, X, n_instances, models(take(X, sample)))
    said = votes(models(take(X, rows)), models.classes)
    reasons = tuple(
        f"tells {gain:.2g} of other items: {text}" for gain, text in zip(gains, said, strict=True)
    )
    return Chosen(rows, gains, np.ones(len(rows)), reasons, notes)


def _best(
    models: Ensemble, X: np.ndarray, n: int, target_probs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The n items of greatest EPIG, best first, their EPIG, and notes on how they were found."""
    import numpy as np

    bounds = disagreement(models, X)
    joint = target_probs.shape[1] * len(models.classes) ** 2
    limit = max(n, _MOST // joint)
    order = top(bounds, limit)
    gains = np.zeros(len(order))
    step = max(256, n)
    looked = 0
    while looked < len(order) and (
        looked < n or np.partition(gains[:looked], -n)[-n] < bounds[order[looked]]
    ):
        ahead = slice(looked, min(looked + step, len(order)))
        gains[ahead] = information(models(take(X, order[ahead])), target_probs)
        looked = ahead.stop
    notes: tuple[str, ...] = ()
    if looked == len(order) < len(X):
        notes = (f"chosen among the {limit:,} items of greatest BALD out of {len(X):,}",)
    rows = order[:looked]
    best = np.lexsort((rows, -gains[:looked]))[:n]
    return rows[best], gains[best], notes


def information(probs: np.ndarray, target_probs: np.ndarray) -> np.ndarray:
    """Mutual information of an item's answer and a target's, on average over the targets.

    (size, n, n_classes) and (size, m, n_classes) -> (n,) float64, at least 0: H(y) + H(y') − H(y, y'),
    where p(y, y') is the mean over models of p(y) · p(y').
    """
    import numpy as np

    from labelwright.loop.query.blocks import tensor

    size, n, n_classes = probs.shape
    others = tensor(target_probs.reshape(size, -1)).double() / size
    single = entropy_of(probs.mean(axis=0, dtype=np.float64))
    single += entropy_of(target_probs.mean(axis=0, dtype=np.float64)).mean()
    both = np.empty(n)
    step = max(1, _NUMBERS // (n_classes * others.shape[1]))
    for start in range(0, n, step):
        part = np.ascontiguousarray(probs[:, start : start + step])
        joint = tensor(part.reshape(size, -1)).double().T @ others
        # torch.special.entr takes three times as long.
        entropies = -(joint * joint.clamp(min=1e-300).log()).view(part.shape[1], -1).sum(dim=1)
        both[start : start + step] = entropies.cpu().numpy() / target_probs.shape[1]
    return np.asarray(np.maximum(single - both, 0))
