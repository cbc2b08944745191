"""auto: what is asked where nobody chooses. One objective from no label at all to many.

A cover of the pool, weighted by what the model is uncertain of, after MaxHerding (Bae et al. 2024) and
Uncertainty Herding (Bae, Oliveira & Sutherland 2025). Different from them: how far uncertainty is
trusted grows with the labels a class, an item is worth its own uncertainty times what it covers, the
likeness of two items falls with the ratio of their lengths, and rare classes count more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import labelled, probabilities, take
from labelwright.loop.query.candidates import among, most_useful
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.herding import Cover
from labelwright.loop.query.kernel import SizedCosine, covered_by
from labelwright.loop.query.mix import apportion
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

CANDIDATES = 4_096
"""Items that may be chosen, where the pool holds more: the most useful; four times the batch at least."""
REFERENCE = 4_096
"""Items that stand for the pool: what a candidate covers is measured on them."""

_TRUST = 5.0  # labels a class at which uncertainty counts half
_SHARPEST = 4.0  # the likeness's power where labels are many


def auto(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_share: float = 0.05,
    random_state: int = 0,
) -> Chosen:
    """Cover the pool first, then what the model is uncertain of; a few items at random. Needs no labels.

    Picks argmax_x v(x) Σ_s v(s) · max(0, k(x, s) − max_l k(l, s)) one by one, s over the pool, l over
    all labelled and picked items. With n labels of K classes uncertainty is trusted t = n / (n + 5K):

    - v = (1 − t + t · (1 − (p1 − p2))) · b^t, p1 and p2 the two greatest probabilities (the engine's are
      calibrated) and b = Σ_c p_c · sqrt((n / K + 1) / (n_c + 1)), n_c the labels of class c;
    - k = (max(0, cos) · min(‖x‖, ‖s‖) / max(‖x‖, ‖s‖)) ^ 4^t, around the pool's mean.

    So without a label it is a plain cover, and nothing switches later. `random_share` of the batch, right
    on average, is drawn at random with that probability: it finds what the model does not know of, and
    lets one estimate. Utility: v(x) times the mean rise; 0 of random items, which come last.

    One pass over the pool for the probabilities, 4·N·K bytes; of more than 4,096 items the most useful
    are the candidates (a note says so) and 4,096 drawn at random stand for the pool: 64 MB of likeness.
    Raises StrategyError where a vector or a probability is not finite.
    """
    import numpy as np

    if not 0 <= random_share <= 1:
        raise StrategyError(f"a random share of {random_share:g} makes no sense", "give 0 to 1")
    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    known = labelled(learner, X)
    trust = len(known) / (len(known) + _TRUST * max(1, len(learner.classes)))
    probs = probabilities(learner, X) if len(known) else None
    value = np.ones(len(X), np.float32) if probs is None else _value(learner, probs, trust)
    rng = np.random.default_rng(random_state)
    by_chance = rng.choice(
        len(X), apportion([random_share, 1 - random_share], n, random_state)[0], replace=False
    )
    n_covering = n - len(by_chance)
    candidates, notes = _candidates(value, by_chance, n_covering, rng)
    sample, _ = among(len(X), REFERENCE, random_state)
    reference = np.arange(len(X)) if sample is None else sample
    around = take(X, reference)
    centre = around.mean(axis=0)
    kernel = SizedCosine(_SHARPEST**trust)
    before = np.concatenate([known, take(X, by_chance)]) - centre
    cover = Cover(
        take(X, candidates) - centre,
        around - centre,
        kernel,
        weights=value[reference],
        covered=covered_by(kernel.prepare(before), kernel.prepare(around - centre), kernel),
    )
    picks, gains = _greedy(cover, value[candidates], n_covering)
    chosen = candidates[picks]
    chance = len(by_chance) / len(X)
    reasons = [_reason(None if probs is None else probs[row], learner.classes) for row in chosen]
    return Chosen(
        np.concatenate([chosen, by_chance]),
        np.concatenate([gains / len(reference), np.zeros(len(by_chance))]),
        np.concatenate([np.ones(len(chosen)), np.full(len(by_chance), chance)]),
        (*reasons, *("drawn at random",) * len(by_chance)),
        notes,
    )


def _value(learner: QueryLearner, probs: np.ndarray, trust: float) -> np.ndarray:
    """v of every item, (n,) float32 above zero: what it counts."""
    import numpy as np

    best = np.sort(probs, axis=1)[:, -2:]
    doubt = 1 - (best[:, -1] - (best[:, 0] if probs.shape[1] > 1 else 0))
    counts = np.bincount(np.asarray(learner.y_training), minlength=probs.shape[1])
    wanted = np.sqrt((counts.mean() + 1) / (counts + 1)).astype(np.float32)
    return np.asarray(((1 - trust) + trust * doubt) * (probs @ wanted) ** trust, dtype=np.float32)


def _candidates(
    value: np.ndarray, taken: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Positions that may be chosen: all that are not taken, or those of greatest value, ties at random."""
    import numpy as np

    free = np.setdiff1d(np.arange(len(value)), taken, assume_unique=True)
    limit = max(CANDIDATES, 4 * n)
    if len(free) <= limit:
        return free, ()
    if not np.ptp(value):  # no label yet: none is more useful than another
        drawn, notes = among(len(free), limit, int(rng.integers(2**31)))
        return free[drawn], notes
    order = rng.permutation(free)
    picked, notes = most_useful(value[order], limit)
    return np.sort(order[picked]), notes


def _greedy(cover: Cover, value: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n candidates, best first, and what each was worth when it was picked.

    Of equal ones (to 1e-5: rounding) the lower; where nothing is left to cover, the greatest value.
    """
    import numpy as np

    picks: list[int] = []
    worths: list[float] = []
    is_open = np.ones(len(value), bool)
    least = 1e-6 * max(float((cover.gains * value).max(initial=0)), 1e-6)
    while len(picks) < n:
        worth = np.where(is_open, cover.gains * value, -1.0)
        if worth.max() <= least:
            worth = np.where(is_open, value * least, -1.0)
        best = int((worth >= worth.max() * (1 - 1e-5)).argmax())
        worths.append(float(worth[best]))
        picks.append(best)
        is_open[best] = False
        cover.add(best)
    return np.array(picks, dtype=np.int64), np.array(worths)


def _reason(probs: Any, classes: tuple[str, ...]) -> str:
    import numpy as np

    if probs is None:
        return "stands for items unlike the labelled ones"
    first, second = np.argsort(-probs, kind="stable")[[0, min(1, len(probs) - 1)]]
    margin = probs[first] - probs[second]
    return f"stands for items in doubt, margin {margin:.2f}: {classes[first]} or {classes[second]}"
