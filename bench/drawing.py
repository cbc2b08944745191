"""Drawing a holdout as a campaign does, over and over: what benches of its estimators share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelwright.loop.measure import designs
from labelwright.loop.measure.drawing import of_one
from labelwright.loop.measure.estimators import label_weights, stage_weights
from labelwright.loop.measure.weighted import Drawn, Expected, Weighted


@dataclass(frozen=True)
class Draws:
    """Items drawn in stages so far: rows, the stage of each and its probability; frames, drawn: of stages."""

    rows: np.ndarray
    stage: np.ndarray
    q: np.ndarray
    frames: tuple[int, ...] = ()
    drawn: tuple[int, ...] = ()
    used: tuple[str, ...] = ()

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """v and s of the rows."""
        return label_weights(self.stage, self.q, stage_weights(self.frames, self.drawn))


def nothing() -> Draws:
    """Before the first stage."""
    none = np.empty(0, dtype=np.int64)
    return Draws(none, none, np.empty(0))


def stage(
    before: Draws,
    order: np.ndarray,
    right: np.ndarray,
    sure: np.ndarray,
    m: int,
    wanted: str,
    rng: np.random.Generator,
    unsure: np.ndarray | None = None,
) -> Draws:
    """One more stage of m items, as `loop.holdout_sample` draws it: uniform where the labels so far say so.

    order: (N,) the items in random order. right, sure: (N,) of which only labels drawn before are read.
    unsure: (N,) what the draw goes by, where it is not the doubt of `sure`.
    """
    free = np.ones(len(order), dtype=bool)
    free[before.rows] = False
    frame = order[free[order]]
    used = "uniform"
    if len(before.rows) and wanted != "uniform":
        v, _ = before.weights()
        told = designs.evidence_for(right[before.rows], sure[before.rows], v)
        used = wanted if told > designs.DOUBT else "uniform"
    unsure = designs.doubt(sure) if unsure is None else unsure
    frame = frame[designs.order_of(used, unsure[frame])]
    q = designs.propensities_of(used, unsure[frame], m)
    hit = designs.systematic(q, float(rng.random()))
    return Draws(
        np.concatenate([before.rows, frame[hit]]),
        np.concatenate([before.stage, np.full(int(hit.sum()), len(before.frames))]),
        np.concatenate([before.q, q[hit]]),
        (*before.frames, len(frame)),
        (*before.drawn, int(hit.sum())),
        (*before.used, used),
    )


def campaign(
    right: np.ndarray, sure: np.ndarray, n: int, wanted: str, rng: np.random.Generator
) -> Draws:
    """n items: the pilot, and the rest in one stage; all at once where `wanted` is uniform."""
    order = rng.permutation(len(right))
    first = n if wanted == "uniform" else designs.pilot(n)
    found = stage(nothing(), order, right, sure, first, "uniform", rng)
    return found if first == n else stage(found, order, right, sure, n - first, wanted, rng)


def view(draws: Draws, truth: np.ndarray, probs: np.ndarray, expected: Expected) -> Weighted:
    """What the campaign knows then. truth (N,), of which the drawn ones are read; probs (N, n_classes)."""
    v, s = draws.weights()
    known = np.ones(len(draws.rows), dtype=bool)
    names = tuple(map(str, range(probs.shape[1])))
    drawn = Drawn(draws.rows, known, v, s)
    return of_one(drawn, truth[draws.rows], probs, names, {}, expected=expected)
