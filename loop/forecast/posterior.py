"""Which curves fit what was seen: a Bayesian posterior over shapes and their parameters.

Sequential Monte Carlo with tempering (Del Moral, Doucet & Jasra 2006): draws from the prior are led to the
posterior in steps that each keep half of the effective sample size, moved by random-walk Metropolis between;
the product of the steps' mean weights is the shape's evidence, by which shapes are averaged (Hoeting et al.
1999). Deterministic for a seed; a few tenths of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelwright.loop.forecast.priors import PRIORS, Prior
from labelwright.loop.forecast.shapes import SHAPES, Curves, Shape

DRAWS = 1_000
"""Of each shape."""
_MOVES = 5
_MOST_STEPS = 60


@dataclass(frozen=True)
class Seen:
    """A curve as far as it is known: labels (t,), error (t,), and the covariance of its noise (t, t)."""

    labels: np.ndarray
    error: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class Posterior:
    """Curves that fit, as weighted draws: `weights` of each shape's draws, all together sum to one."""

    curves: tuple[Curves, ...]
    weights: tuple[float, ...]  # of each shape

    @property
    def draw_weights(self) -> np.ndarray:
        """(d,) of every draw, shape after shape."""
        each = [
            np.full(len(c.start), w / len(c.start))
            for c, w in zip(self.curves, self.weights, strict=True)
        ]
        return np.concatenate(each)

    def error(self, n: np.ndarray) -> np.ndarray:
        """(d, len(n)) error after n labels, by every draw."""
        return np.concatenate([c.error(n) for c in self.curves])

    def reach(self, error: float) -> np.ndarray:
        """(d,) labels at which the error has fallen to this, inf where it never does."""
        return np.concatenate([c.reach(error) for c in self.curves])

    def reach_of(self, draws: np.ndarray, errors: np.ndarray) -> np.ndarray:
        """(k,) labels at which the curve of each of these draws has fallen to an error of its own."""
        found = np.empty(len(draws))
        first = 0
        for curves in self.curves:
            mine = (draws >= first) & (draws < first + len(curves.start))
            found[mine] = curves.take(draws[mine] - first).reach(errors[mine])
            first += len(curves.start)
        return found

    def quantiles(self, values: np.ndarray, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Of one value a draw; inf is the greatest of all."""
        order = np.argsort(values, kind="stable")
        total = np.cumsum(self.draw_weights[order])
        at = np.minimum(np.searchsorted(total, np.array(shares) * total[-1]), len(order) - 1)
        return tuple(float(values[order[i]]) for i in at)


def posterior(seen: Seen, classes: int, seed: int, priors: dict[str, Prior] = PRIORS) -> Posterior:
    """What the curve may be, after what was seen of it; the prior alone where nothing was."""
    found = [
        _sampled(shape, priors[shape.name], seen, classes, seed + number)
        for number, shape in enumerate(SHAPES)
    ]
    evidence = np.array([e for _, e in found])
    weights = np.exp(evidence - evidence.max())
    weights /= weights.sum()
    return Posterior(tuple(c for c, _ in found), tuple(float(w) for w in weights))


def _sampled(
    shape: Shape, prior: Prior, seen: Seen, classes: int, seed: int
) -> tuple[Curves, float]:
    """Draws of one shape, and the log of its evidence."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((DRAWS, 4))
    if not len(seen.labels):
        return prior.curves(shape, z, classes), 0.0
    root = np.linalg.cholesky(np.linalg.inv(seen.covariance)).T

    def fit(at: np.ndarray) -> np.ndarray:
        off = prior.curves(shape, at, classes).error(seen.labels) - seen.error
        return np.asarray(-0.5 * ((off @ root.T) ** 2).sum(axis=1))

    fits, heat, evidence = fit(z), 0.0, 0.0
    for _ in range(_MOST_STEPS):
        step = _next(fits, 1 - heat)
        raised = step * fits
        top = raised.max()
        weights = np.exp(raised - top)
        evidence += float(top + np.log(weights.mean()))
        heat = 1.0 if step >= 1 - heat else heat + step
        kept = _systematic(weights / weights.sum(), rng)
        z, fits = z[kept], fits[kept]
        spread = np.linalg.cholesky(np.cov(z.T) + 1e-9 * np.eye(z.shape[1]))
        for move in range(_MOVES):
            size = (2.38, 1.0, 2.38, 0.5, 1.6)[move] / z.shape[1] ** 0.5
            there = z + size * rng.standard_normal(z.shape) @ spread.T
            fits_there = fit(there)
            gain = heat * (fits_there - fits) + 0.5 * ((z**2).sum(axis=1) - (there**2).sum(axis=1))
            taken = np.log(rng.random(len(z))) < gain
            z = np.where(taken[:, None], there, z)
            fits = np.where(taken, fits_there, fits)
        if heat >= 1:
            break
    return prior.curves(shape, z, classes), evidence


def _next(fits: np.ndarray, most: float) -> float:
    """The greatest step that leaves half of the effective sample size."""

    def effective(step: float) -> float:
        weights = np.exp(step * (fits - fits.max()))
        return float(weights.sum() ** 2 / (weights**2).sum())

    if effective(most) >= len(fits) / 2:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(middle) >= len(fits) / 2 else (low, middle)
    return max(low, most * 1e-6)


def _systematic(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Indices drawn by weight, with one uniform offset."""
    marks = (rng.random() + np.arange(len(weights))) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), marks), len(weights) - 1)
