"""The greedy cover that max_herding, u_herding and prob_cover share.

Facility location: each candidate is worth Σ_s w(s) · max(0, k(x, s) − c(s)), where c(s) is how well
the reference item s is covered so far; the best one is picked, c grows, and so on. Being monotone and
submodular, the greedy cover reaches 1 − 1/e of the best (Nemhauser, Wolsey & Fisher 1978).

A pick changes c for few of the reference items (in random order the t-th for one in t), so all gains
are kept exact by subtracting what those few had contributed. 1,000 picks of 8,192 items so read the
kernel matrix 6 times, whatever the data; the lazy bounds of Minoux 1978 read it 6 times on embeddings
of news and 23 times on random vectors, where all gains fall by more than they differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import take
from labelwright.loop.query.candidates import among
from labelwright.loop.query.kernel import Kernel, SizedCosine, covered_by

if TYPE_CHECKING:
    import numpy as np

SAMPLE = 16_384
"""Items looked at together: their kernel matrix takes 1 GB."""

_NOTHING = 1e-6  # of the greatest first gain: what float32 cannot tell from none
_EQUAL = 1e-5  # of a gain: two items that stand for each other gain the same, up to rounding
_BUFFER = 2**18  # numbers, 1 MB: stays in a core's cache


class Cover:
    """How well a reference sample is covered, and what each candidate would add to that.

    candidates (m, dim), reference (s, dim), any lengths. weights (s,): what each reference item
    counts, 1 if not given. covered (s,): how well it is covered already, 0 .. 1 (`covered_by`).

    gains: (m,) float64, up to date after every `add`. Takes 4·m·s bytes and 2·m·s·dim flops to make;
    `add` reads 4·m bytes for each reference item that the candidate covers better than before.
    """

    def __init__(
        self,
        candidates: np.ndarray,
        reference: np.ndarray,
        kernel: Kernel | SizedCosine,
        *,
        weights: np.ndarray | None = None,
        covered: np.ndarray | None = None,
    ) -> None:
        import numpy as np

        m, s = len(candidates), len(reference)
        given = np.ones(s) if weights is None else weights
        self.weights = np.asarray(given, dtype=np.float32)
        self.covered = np.zeros(s, np.float32) if covered is None else covered.astype(np.float32)
        self.gains = np.zeros(m)
        self._likeness = np.empty((s, m), dtype=np.float32)
        self._rows = max(1, _BUFFER // max(m, 1))
        candidates, reference = kernel.prepare(candidates), kernel.prepare(reference)
        for start in range(0, s, 1_024):
            rows = slice(start, start + 1_024)
            kernel(reference[rows], candidates, out=self._likeness[rows])
        self._change(np.arange(s), self.covered, np.ones(s, np.float32), +1)

    def add(self, candidate: int) -> float:
        """Cover by this candidate too. Returns what that added."""
        import numpy as np

        likeness = self._likeness[:, candidate]
        better = np.flatnonzero(likeness > self.covered)
        before, after = self.covered[better], likeness[better]
        self._change(better, before, after, -1)
        self.covered[better] = after
        return float(self.weights[better].astype(np.float64) @ (after - before))

    def _change(self, rows: np.ndarray, low: np.ndarray, high: np.ndarray, sign: int) -> None:
        """Add to the gains, or take from them, what lies between `low` and `high` at these rows."""
        import numpy as np

        for start in range(0, len(rows), self._rows):
            part = slice(start, start + self._rows)
            between = self._likeness[rows[part]]
            np.clip(between, low[part, None], high[part, None], out=between)
            between -= low[part, None]
            self.gains += sign * (self.weights[rows[part]] @ between)


def herd(
    candidates: np.ndarray,
    reference: np.ndarray,
    n: int,
    kernel: Kernel,
    *,
    weights: np.ndarray | None = None,
    covered: np.ndarray | None = None,
    allowed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The best of up to n candidates, one by one, and what each adds: (picks,), (gains,).

    See `Cover` for the arguments. allowed: (m,) bool, which candidates may be picked. Of gains
    equal to 1e-5 the lower position is picked. Ends early where nothing adds anything any more.
    """
    import numpy as np

    cover = Cover(candidates, reference, kernel, weights=weights, covered=covered)
    is_open = np.ones(len(candidates), bool) if allowed is None else allowed.copy()
    least = _NOTHING * max(cover.gains.max(initial=0), _NOTHING)
    picks: list[int] = []
    gains: list[float] = []
    while len(picks) < n and is_open.any():
        gain = np.where(is_open, cover.gains, -np.inf)
        if gain.max() <= least:
            break
        best = int((gain >= gain.max() * (1 - _EQUAL)).argmax())
        gains.append(cover.add(best))
        picks.append(best)
        is_open[best] = False
    return np.array(picks, dtype=np.int64), np.array(gains)


def herded(
    X: Any,
    n: int,
    known: np.ndarray,
    kernel: Kernel,
    *,
    random_state: int,
    reason: Callable[[float], str],
    sample: int | None = None,
    weigh: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Chosen:
    """n of X that cover X best, beside what `known` (l, dim) covers.

    Up to `sample` items (SAMPLE if not given) are candidates and reference at once. A larger pool is
    sampled: an eighth of a sample is chosen, then the next of a new one. `weigh` gives the weights of
    reference rows. Utility: the rise of the mean of w(s)·c(s). Where nothing is left to add, the rest is
    drawn at random, with that chance as its probability, and a note says so.
    """
    import numpy as np

    sample = sample or SAMPLE
    at_once = sample // 8
    left = np.arange(len(X))
    chosen: np.ndarray = np.zeros(0, dtype=np.int64)
    utilities: np.ndarray = np.zeros(0)
    notes: tuple[str, ...] = ()
    while len(chosen) < n:
        rows, note = among(len(left), sample, random_state + len(chosen))
        notes = notes or note
        drawn = left if rows is None else left[rows]
        reference = take(X, drawn)
        picks, gains = herd(
            reference,
            reference,
            min(n - len(chosen), len(drawn) if rows is None else at_once),
            kernel,
            weights=None if weigh is None else weigh(reference),
            covered=covered_by(kernel.prepare(known), kernel.prepare(reference), kernel),
        )
        if len(picks) == 0:
            break
        known = np.concatenate([known, reference[picks]])
        chosen = np.concatenate([chosen, drawn[picks]])
        utilities = np.concatenate([utilities, gains / len(drawn)])
        left = np.setdiff1d(left, drawn[picks], assume_unique=True)
    if notes and n > at_once:
        notes = (f"{notes[0]}, drawn anew for every {at_once:,}",)
    covering = Chosen(
        chosen,
        utilities,
        np.ones(len(chosen)),
        tuple(reason(float(utility)) for utility in utilities),
        notes,
    )
    return covering if len(chosen) == n else _filled(covering, left, n, random_state)


def _filled(chosen: Chosen, left: np.ndarray, n: int, random_state: int) -> Chosen:
    """The rest of n items, drawn at random from `left`."""
    import numpy as np

    more = n - len(chosen.indices)
    drawn = np.random.default_rng((random_state, 1)).choice(left, size=more, replace=False)
    note = (
        f"after {len(chosen.indices):,} items nothing was left to cover: "
        f"{more:,} {'was' if more == 1 else 'were'} drawn at random"
    )
    return Chosen(
        np.concatenate([chosen.indices, drawn]),
        np.concatenate([chosen.utilities, np.zeros(more)]),
        np.concatenate([chosen.probabilities, np.full(more, more / len(left))]),
        (*chosen.reasons, *("drawn at random: all is covered",) * more),
        (*chosen.notes, note),
    )
