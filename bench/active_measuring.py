"""Measuring a real model with few holdout labels: uniform, stratified and active draws, replayed.

A head is trained on a few hundred labels of AG News; its 7,600 test rows are the holdout, and every replay
draws n of their labels as a campaign would: a uniform pilot, then a stage that goes by the model's
confidences where the pilot bears them out. Beside them the same with perfectly calibrated confidences
(isotonic, from the test labels: an oracle), with confidences that were shuffled among the items, and LURE,
one draw at a time. Effective sample size: the variance that a uniform sample of n labels has, over the
estimator's mean squared error with n labels, the pilot's among them.

    python bench/active_measuring.py [--replays 2000] [--labels 200 400 750] [--train 300] [--heads 3]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import drawing
import numpy as np
import sets

from labelwright.loop.learn.head import head
from labelwright.loop.measure import designs
from labelwright.loop.measure.drawing import expect_one
from labelwright.loop.measure.intervals import lower_bound, upper_bound

if TYPE_CHECKING:
    from collections.abc import Callable

    from labelwright.loop.measure.weighted import Expected


@dataclass(frozen=True)
class Row:
    """One line of the table: an estimator at n labels, over all heads and replays."""

    n: int
    way: str
    effective: float  # sample size, uniform = 1
    least: float  # of the heads
    covered: float  # share of 95% intervals that hold the truth
    width: float  # of the interval, exact intervals of a uniform sample being 1
    bias: float  # in standard deviations
    followed: float  # share of replays whose draw followed the confidences


def trained(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(probs (N, K), truth (N,)) of the test rows, by a head of n random training labels."""
    data = sets.load("ag_news")
    rows = np.random.default_rng(seed).permutation(len(data.X))[:n]
    middle = data.X.mean(axis=0)
    model = head(random_state=seed).fit(
        data.X[rows] - middle, np.eye(len(data.classes))[data.y[rows]]
    )
    return model.predict_proba(data.X_test - middle), data.y_test


def isotonic(sure: np.ndarray, right: np.ndarray) -> np.ndarray:
    """What confidences would be if each said its own share of right answers: needs all labels."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(sure, right)
    return np.asarray(fitted.predict(sure), dtype=np.float64)


@dataclass(frozen=True)
class Model:
    """What a replay works on: all labels, and the model's answers. right (N,); expected: of its probs."""

    truth: np.ndarray
    probs: np.ndarray
    right: np.ndarray
    expected: Expected

    @staticmethod
    def of(probs: np.ndarray, truth: np.ndarray) -> Model:
        """From probabilities (N, K) and class indices (N,)."""
        return Model(truth, probs, probs.argmax(axis=1) == truth, expect_one(probs, {}))


Found = tuple[float, float, float, bool]
"""Estimate, its 95% interval, and whether the draw followed the confidences."""


def staged(wanted: str, model: Model, sure: np.ndarray, n: int, rng: np.random.Generator) -> Found:
    """A campaign's own way: draw in stages, estimate with weights and what `sure` expects."""
    draws = drawing.campaign(model.right, sure, n, wanted, rng)
    told = drawing.view(draws, model.truth, model.probs, replace(model.expected, right=sure))
    value = told.accuracy()
    low, high = value.lower(0.975), value.upper(0.975)
    assert value.estimate is not None
    assert low is not None
    assert high is not None
    return value.estimate, low, high, draws.used[-1] != "uniform"


def exact(wanted: str, model: Model, sure: np.ndarray, n: int, rng: np.random.Generator) -> Found:
    """The share of a uniform sample, with the exact interval: what `measure = uniform` does."""
    right = int(model.right[rng.permutation(len(model.right))[:n]].sum())
    return right / n, lower_bound(right, n, 0.975), upper_bound(right, n, 0.975), False


def lure(values: np.ndarray, q: np.ndarray, n_items: int) -> float:
    """The mean over all items from draws one by one, without replacement (Farquhar 2021, Kossen 2021).

    values: (M,) in the order of the draws. q: (M,) probability of the item among those left at its draw.
    """
    drawn = len(q)
    m = np.arange(1, drawn + 1)
    v = np.ones(drawn)
    if drawn < n_items:
        v = 1 + (n_items - drawn) / (n_items - m) * (1 / ((n_items - m + 1) * q) - 1)
    return float((v * values).mean())


def one_by_one(
    wanted: str, model: Model, sure: np.ndarray, n: int, rng: np.random.Generator
) -> Found:
    """LURE (Farquhar 2021): n draws by the same mixed probabilities, without pilot and expectations."""
    unsure = designs.doubt(sure)
    share = (1 - designs.TAU) * unsure / unsure.sum() + designs.TAU / len(unsure)
    # Draws without replacement in proportion to shares: the n least of exponential times.
    order = np.argsort(rng.exponential(size=len(share)) / share)[:n]
    left = 1 - np.concatenate([[0.0], np.cumsum(share[order])[:-1]])
    wrong = lure((~model.right[order]).astype(float), share[order] / left, len(share))
    return 1 - wrong, np.nan, np.nan, True


def ways(model: Model, seed: int) -> dict[str, tuple[Callable[..., Found], str, np.ndarray]]:
    """By name: how it is replayed, by which design, with which confidences."""
    sure = model.probs.max(axis=1)
    honest = isotonic(sure, model.right)
    mixed = np.random.default_rng(seed).permutation(sure)
    return {
        "uniform, exact": (exact, "uniform", sure),
        "uniform, PPI++": (staged, "uniform", sure),
        "stratified": (staged, "stratified", sure),
        "active": (staged, "active", sure),
        "active, calibrated": (staged, "active", honest),
        "stratified, calibrated": (staged, "stratified", honest),
        "active, shuffled": (staged, "active", mixed),
        "stratified, shuffled": (staged, "stratified", mixed),
        "LURE": (one_by_one, "active", sure),
    }


def measured(models: list[Model], n: int, replays: int) -> list[Row]:
    """A row for each way."""
    rows = []
    for name in ways(models[0], 0):
        effective, covered, widths, bias, followed = [], [], [], [], []
        for k, model in enumerate(models):
            way, wanted, sure = ways(model, k)[name]
            rng = np.random.default_rng((k, n))
            found = np.array([way(wanted, model, sure, n, rng) for _ in range(replays)])
            p, N = float(model.right.mean()), len(model.right)
            error = found[:, 0] - p
            effective.append(p * (1 - p) / n * (N - n) / (N - 1) / float((error**2).mean()))
            covered.append(float(((found[:, 1] <= p) & (found[:, 2] >= p)).mean()))
            plain = upper_bound(round(p * n), n, 0.975) - lower_bound(round(p * n), n, 0.975)
            widths.append(float((found[:, 2] - found[:, 1]).mean()) / plain)
            bias.append(float(error.mean() / error.std()))
            followed.append(float(found[:, 3].mean()))
        rows.append(
            Row(
                n, name, float(np.mean(effective)), float(np.min(effective)),
                float(np.mean(covered)), float(np.mean(widths)), float(np.mean(bias)),
                float(np.mean(followed)),
            )
        )  # fmt: skip
    return rows


def main() -> int:
    """Print the table, and what is asked of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--replays", type=int, default=2000)
    parser.add_argument("--labels", type=int, nargs="+", default=[200, 400, 750])
    parser.add_argument("--train", type=int, default=300)
    parser.add_argument("--heads", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    models = [Model.of(*trained(asked.train, seed)) for seed in range(asked.heads)]
    rows = [row for n in asked.labels for row in measured(models, n, asked.replays)]
    if asked.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
        return 0
    accuracies = ", ".join(f"{m.right.mean():.3f}" for m in models)
    print(f"accuracy of the heads: {accuracies}; {asked.replays:,} replays each\n")
    print(
        "| labels | draw | effective size | least of the heads | covers | width | bias, sd | followed |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for r in rows:
        print(
            f"| {r.n} | {r.way} | {r.effective:.2f} | {r.least:.2f} | {r.covered:.1%} | "
            f"{r.width:.2f} | {r.bias:+.2f} | {r.followed:.0%} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
