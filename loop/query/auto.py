"""auto: what is asked where nobody chooses. One objective from no label at all to many.

A cover of the pool, weighted by what the model is uncertain of, after MaxHerding (Bae et al. 2024) and
Uncertainty Herding (Bae, Oliveira & Sutherland 2025). Different from them: how far uncertainty is
trusted grows with the labels a class, an item is worth its own uncertainty times what it covers, the
likeness of two items falls with the ratio of their lengths, and classes that have few labels count more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import labelled, probabilities, take
from labelwright.loop.query.candidates import among, most_useful
from labelwright.loop.query.contract import nothing, of_several
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
_FEW = 0.3  # labels that every class is taken to have had already


def auto(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_share: float = 0.05,
    random_state: int = 0,
    prior: np.ndarray | None = None,
    beliefs: np.ndarray | None = None,
) -> Chosen:
    """Cover the pool first, then what the model is uncertain of; a few items at random. Needs no labels.

    Picks argmax_x v(x) Σ_s v(s) · max(0, k(x, s) − max_l k(l, s)) one by one, s over the pool, l over
    all labelled and picked items. With n labels of K classes the model is trusted t = n / (n + 5K):

    - v = (1 − t + t · (1 − (p1 − p2))) · Σ_c q_c · sqrt((n̄ + 0.3) / (n_c + 0.3)), p the model's probabilities
      (the engine's are calibrated), p1 and p2 the two greatest; q = t · p + (1 − t) · prior what is believed
      of the item; n_c the labels of class c and what is believed of the items picked so far, n̄ their mean.
      v(s) is taken before the first pick;
    - k = (max(0, cos) · min(‖x‖, ‖s‖) / max(‖x‖, ‖s‖)) ^ 4^t, around the pool's mean.

    So without a label it is a plain cover, and nothing switches later. prior (n, K): what the task file's
    class names, descriptions and rules say of each item, rows sum to one; even where not given.

    Where an item may have several classes, 1 − (p1 − p2) is in the place of it the expected number of wrong
    decisions, Σ_c min(p_c, 1 − p_c), over the mean number of classes that items have by the model, at most 1;
    and in q a row of p is brought to a sum of one.

    Of parts of texts, beliefs (n, K) are how likely each text has a span of each class: they are read like
    the probabilities of several classes, and X, where the pool is covered, holds vectors of whole texts.

    `random_share` of the batch, right on average, is drawn at random with that probability: it finds
    what the model does not know of, and lets one estimate. Utility: v(x) times the mean rise when x was
    picked; 0 of random items, which come last.

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
    probs = None
    if len(known):
        probs = probabilities(learner, X) if beliefs is None else _fitting(beliefs, len(X), learner)
    worth = _Worth.of(learner, len(X), probs, prior, trust)
    value = worth()
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
    picks, gains = _greedy(cover, worth.part(candidates), n_covering)
    chosen = candidates[picks]
    chance = len(by_chance) / len(X)
    tell = _reason_of_several if of_several(learner) else _reason
    reasons = [tell(None if probs is None else probs[row], learner.classes) for row in chosen]
    return Chosen(
        np.concatenate([chosen, by_chance]),
        np.concatenate([gains / len(reference), np.zeros(len(by_chance))]),
        np.concatenate([np.ones(len(chosen)), np.full(len(by_chance), chance)]),
        (*reasons, *("drawn at random",) * len(by_chance)),
        notes,
    )


@dataclass
class _Worth:
    """v of some items, as labels and picks go on."""

    doubt: np.ndarray  # (n,) 1 − t + t · (1 − margin)
    model: np.ndarray | None  # (n, n_classes) probabilities; None before the first label
    prior: np.ndarray  # (n, n_classes), or (1, n_classes) where it is even
    counts: np.ndarray  # (n_classes,)
    trust: float

    @classmethod
    def of(
        cls,
        learner: QueryLearner,
        n: int,
        probs: np.ndarray | None,
        prior: np.ndarray | None,
        trust: float,
    ) -> _Worth:
        import numpy as np

        n_classes = max(1, len(learner.classes))
        even = np.full((1, n_classes), 1 / n_classes, np.float32)
        before = even if prior is None else _fitting(prior, n, learner)
        labels = np.asarray(learner.y_training)
        doubt = np.ones(n, np.float32)
        if of_several(learner):
            counts = labels.sum(axis=0).astype(np.float64)
            if probs is not None:
                doubt -= trust * (1 - open_decisions(probs))
                probs = probs / np.maximum(probs.sum(axis=1, keepdims=True), 1e-6)
            return cls(doubt, probs, before, counts, trust)
        counts = np.bincount(labels.astype(np.int64), minlength=n_classes).astype(np.float64)
        if probs is not None:
            best = np.sort(probs, axis=1)[:, -2:]
            doubt -= trust * (best[:, -1] - (best[:, 0] if n_classes > 1 else 0))
        return cls(doubt, probs, before, counts, trust)

    def __call__(self) -> np.ndarray:
        """(n,) float32, above zero."""
        import numpy as np

        wanted = np.sqrt((self.counts.mean() + _FEW) / (self.counts + _FEW)).astype(np.float32)
        balance = (1 - self.trust) * (self.prior @ wanted)
        if self.model is not None:
            balance = balance + self.trust * (self.model @ wanted)
        return np.asarray(self.doubt * balance, dtype=np.float32)

    def part(self, rows: np.ndarray) -> _Worth:
        """Of these items alone, to go on from here."""
        model = None if self.model is None else self.model[rows]
        prior = self.prior if len(self.prior) == 1 else self.prior[rows]
        return _Worth(self.doubt[rows], model, prior, self.counts.copy(), self.trust)

    def pick(self, row: int) -> None:
        """Count what is believed of this item as labelled."""
        self.counts += (1 - self.trust) * self.prior[min(row, len(self.prior) - 1)]
        if self.model is not None:
            self.counts += self.trust * self.model[row]


def open_decisions(probs: np.ndarray) -> np.ndarray:
    """(n,) 0 … 1: how many of an item's classes (n, n_classes) are expected to be wrong, cut at one half.

    In units of the mean number of classes an item: 1 is as much as not to know a thing.
    """
    import numpy as np

    size = float(probs.sum(axis=1).mean()) or 1.0
    wrong = np.minimum(probs, 1 - probs).sum(axis=1)
    return np.asarray(np.minimum(wrong / size, 1), dtype=np.float32)


def _fitting(given: np.ndarray, n: int, learner: QueryLearner) -> np.ndarray:
    """float32. Raises StrategyError where it is not one row of probabilities an item."""
    import numpy as np

    shape = n, max(1, len(learner.classes))
    found = np.asarray(given, dtype=np.float32)
    if found.shape != shape or not (found >= 0).all() or not np.isfinite(found).all():
        raise StrategyError(
            f"prior or beliefs are no table of {shape[0]} x {shape[1]} probabilities"
        )
    return found


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


def _greedy(cover: Cover, worth: _Worth, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n candidates, best first, and what each was worth when it was picked.

    Of equal ones (to 1e-5: rounding) the lower; where nothing is left to cover, the greatest value.
    """
    import numpy as np

    picks: list[int] = []
    gains: list[float] = []
    value = worth()
    is_open = np.ones(len(value), bool)
    least = 1e-6 * max(float((cover.gains * value).max(initial=0)), 1e-6)
    while len(picks) < n:
        gain = np.where(is_open, cover.gains * value, -1.0)
        if gain.max() <= least:
            gain = np.where(is_open, value * least, -1.0)
        best = int((gain >= gain.max() * (1 - 1e-5)).argmax())
        gains.append(float(gain[best]))
        picks.append(best)
        is_open[best] = False
        cover.add(best)
        worth.pick(best)
        value = worth()
    return np.array(picks, dtype=np.int64), np.array(gains)


def _reason(probs: Any, classes: tuple[str, ...]) -> str:
    import numpy as np

    if probs is None:
        return "stands for items unlike the labelled ones"
    first, second = np.argsort(-probs, kind="stable")[[0, min(1, len(probs) - 1)]]
    margin = probs[first] - probs[second]
    return f"stands for items in doubt, margin {margin:.2f}: {classes[first]} or {classes[second]}"


def _reason_of_several(probs: Any, classes: tuple[str, ...]) -> str:
    import numpy as np

    if probs is None:
        return _reason(probs, classes)
    doubt = np.minimum(probs, 1 - probs)
    first, second = np.argsort(-doubt, kind="stable")[[0, min(1, len(probs) - 1)]]
    told = " and ".join(f"{classes[c]} {probs[c]:.0%}" for c in dict.fromkeys((first, second)))
    return f"stands for items in doubt: {told}"
