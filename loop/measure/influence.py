"""How sure an average over classes is: what each item moves it by, and bounds that follow from that.

A figure of counts `[class, (TP, FP, FN)]` is moved by an item by about its counts times the figure's
gradient (the infinitesimal jackknife): the squares of these sum to the figure's variance. A variance of few
items says too little where errors are rare, so the bounds are those of Fay and Feuer (1997) for a weighted
sum of rare events, with a beta in place of their gamma because the figure is a share: the centre is moved by
what one more error could do in the thinnest class, and the variance raised by its square. Where all
classes are equally frequent and all items right, that is the bound of Clopper and Pearson.

F1 of few items is too low on average (it is a ratio), so its upper bound is raised by as much. Of a class
that no item speaks of nothing is known: it may be at 0 or at 1, and the bounds of an average over classes
leave room for both.

Where an item has several answers, some go wrong together, and one event is that many errors: as many as the
errors that were seen, drawn by a few imagined ones to the worst case, an item of which all is wrong.
"""

from __future__ import annotations

import numpy as np

from labelwright.loop.measure import metrics

_FEW = 5
"""Errors that the worst case of what goes wrong together weighs as much as."""


def gradient(name: str, t: np.ndarray) -> np.ndarray:
    """(..., K, 3) by how much the figure `name` of `metrics.OF_COUNTS` moves with each count of `t`."""
    t = np.asarray(t, dtype=np.float64)
    kind, metric = name.split("_")
    if kind == "micro":
        whole = _of_class(metric, t.sum(axis=-2, keepdims=True))
        return np.asarray(np.broadcast_to(whole, t.shape))
    if kind == "weighted":
        return _weighted(t)
    among: np.ndarray = t @ metrics.AMONG[metric]
    there = t.sum(axis=-1) > 0 if metric == "precision" else among > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(there, 1 / there.sum(axis=-1, keepdims=True), 0.0)
    return np.asarray(_of_class(metric, t) * each[..., None])


def _of_class(metric: str, t: np.ndarray) -> np.ndarray:
    """(..., K, 3) gradient of each class's own figure in its own counts; 0 where it has none."""
    right, among = t[..., 0], t @ metrics.AMONG[metric]
    both = among + right if metric == "f1" else among
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(both > 0, (2 if metric == "f1" else 1) * right / both, 0.0)
        per = np.where(both > 0, 1 / both, 0.0)
    gain = (2 if metric == "f1" else 1) * (1 - share) * per
    loss = -share * per
    none = np.zeros_like(loss)
    return np.stack(
        [gain, none if metric == "recall" else loss, none if metric == "precision" else loss], -1
    )


def _weighted(t: np.ndarray) -> np.ndarray:
    support = t[..., 0] + t[..., 2]
    total = support.sum(axis=-1)[..., None, None]
    f1 = np.nan_to_num(metrics.f1(t))
    figure = np.asarray(metrics.weighted_f1(t))[..., None, None]
    counted = np.array([1.0, 0.0, 1.0])
    moved = support[..., None] * _of_class("f1", t) + f1[..., None] * counted
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(total > 0, (moved - figure * counted) / total, 0.0))


def clustered(name: str, counts: np.ndarray) -> np.ndarray:
    """(...) how many answers of one item go wrong together, at least 1, of (..., n, K, 3) counts."""
    kind, metric = name.split("_")
    among = metrics.AMONG[metric]
    answers, wrong = counts @ among, counts @ (among * [0, 1, 1])
    if kind != "macro":  # there each class is by itself
        answers = answers.sum(axis=-1, keepdims=True)
        wrong = wrong.sum(axis=-1, keepdims=True)
    worst = (answers**2).sum(axis=(-2, -1)) / np.maximum(1, answers.sum(axis=(-2, -1)))
    seen, squares = wrong.sum(axis=(-2, -1)), (wrong**2).sum(axis=(-2, -1))
    return np.asarray(np.maximum(1.0, (squares + _FEW * np.maximum(1.0, worst)) / (seen + _FEW)))


def bounds(
    name: str,
    t: np.ndarray,
    n: int | np.ndarray,
    variance: np.ndarray | float,
    confidence: float,
    *,
    together: np.ndarray | float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """One-sided lower and upper bounds, each at `confidence`, of `name` of `metrics.AVERAGES`.

    t: (..., K, 3) counts, of n items. variance: of the figure, the sum of the items' squared influences.
    together: how many answers of one item go right or wrong together. Returns (...) twice.
    """
    t = np.asarray(t, dtype=np.float64)
    kind, metric = name.split("_")
    estimate = np.nan_to_num(np.asarray(metrics.OF_COUNTS[name](t)))
    whole = t if kind == "macro" else t.sum(axis=-2, keepdims=True)
    among = whole @ metrics.AMONG[metric]
    there = among > 0
    thinnest = np.where(there, among, np.inf).min(axis=-1)
    classes = np.maximum(there.sum(axis=-1), 1)
    step = np.maximum(1 / np.asarray(n, dtype=np.float64), together / (classes * thinnest))
    low, high = share_bounds(estimate, variance, step, confidence, low_by=_bias(kind, metric, t))
    if kind != "macro":
        return low, high
    k = t.shape[-2]
    # Of precision, a class that is there and never predicted already counts as 0: it may be at 1.
    seen = (t.sum(axis=-1) > 0).sum(axis=-1) if metric == "precision" else there.sum(axis=-1)
    return low * seen / k, np.minimum(1.0, high * seen / k + (k - there.sum(axis=-1)) / k)


def _bias(kind: str, metric: str, t: np.ndarray) -> np.ndarray:
    """(...) by how much F1 of so few items is too low on average, to second order."""
    if metric != "f1":
        return np.zeros(t.shape[:-2])
    if kind != "macro":  # items of a class are as many as of all, on average
        k = t.shape[-2] if kind == "weighted" else 1
        f1 = np.nan_to_num(np.asarray(metrics.OF_COUNTS[f"{kind}_f1"](t)))
        return np.asarray(
            f1 * (1 - f1) * k / np.maximum(2 * t[..., 0] + t[..., 1] + t[..., 2], 1).sum(axis=-1)
        )
    size = 2 * t[..., 0] + t[..., 1] + t[..., 2]
    there = size > 0
    f1 = np.nan_to_num(np.asarray(metrics.macro_f1(t)))
    per = np.where(there, 1 / np.maximum(size, 1), 0).sum(axis=-1)
    return np.asarray(f1 * (1 - f1) * per / np.maximum(there.sum(axis=-1), 1))


def share_bounds(
    estimate: np.ndarray | float,
    variance: np.ndarray | float,
    jump: np.ndarray | float,
    confidence: float,
    *,
    low_by: np.ndarray | float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """One-sided lower and upper bounds, each at `confidence`, of a figure from 0 to 1.

    variance: of the estimate. jump: by what one event moves it. low_by: how much too low it is on average.
    """
    y, v, w = (np.asarray(a, dtype=np.float64) for a in (estimate, variance, jump))
    spread = (v + w**2) / (1 + w) ** 2
    low = _beta_quantile(y / (1 + w), spread, 1 - confidence)
    high = _beta_quantile((np.minimum(1.0, y + low_by) + w) / (1 + w), spread, confidence)
    return np.minimum(low, y), np.maximum(high, y)


def _beta_quantile(mean: np.ndarray, variance: np.ndarray, share: float) -> np.ndarray:
    """Of the beta with these moments; the far end of the scale where there is none."""
    from scipy.special import betaincinv

    inside = mean * (1 - mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = inside / variance - 1
    far = float(share > 0.5)
    ok = (inside > 0) & (size > 0)
    size = np.where(ok, size, 1.0)
    found = betaincinv(np.where(ok, mean, 0.5) * size, np.where(ok, 1 - mean, 0.5) * size, share)
    at_end = np.where(mean >= 1, 1.0, np.where(mean <= 0, 0.0, far))
    return np.asarray(np.where(ok, found, at_end))
