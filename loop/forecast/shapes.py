"""Shapes of learning curves: how error falls from where nothing is known to where labels help no more.

Each is e(n) = c + (e0 − c) · g(n / m): e0 the error without a label, c the asymptote, m the labels at which
the fall happens, b how steep it is; g falls from 1 to 0. Power law (Cortes et al. 1994, Hestness et al.
2017), logistic in log n (Hill 1910), stretched exponential (of which b = 1 is the exponential). Which one a
curve follows cannot be told from its beginning (Viering & Loog 2022): all are used, each by its weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Shape:
    """left(x, b): g at x = n / m; where(g, b): the x at which it has fallen to g, in 0..1."""

    name: str
    left: Callable[[Array, Array], Array]
    where: Callable[[Array, Array], Array]


def _power(x: Array, b: Array) -> Array:
    return np.asarray((1 + x) ** -b)


def _power_where(g: Array, b: Array) -> Array:
    return np.asarray(np.expm1(np.minimum(-np.log(g) / b, 700)))


def _logistic(x: Array, b: Array) -> Array:
    return np.asarray(1 / (1 + x**b))


def _logistic_where(g: Array, b: Array) -> Array:
    return np.asarray(np.exp(np.minimum((np.log1p(-g) - np.log(g)) / b, 700)))


def _stretched(x: Array, b: Array) -> Array:
    return np.asarray(np.exp(-(x**b)))


def _stretched_where(g: Array, b: Array) -> Array:
    return np.asarray((-np.log(g)) ** (1 / b))


SHAPES = (
    Shape("power law", _power, _power_where),
    Shape("logistic in log n", _logistic, _logistic_where),
    Shape("stretched exponential", _stretched, _stretched_where),
)


@dataclass(frozen=True)
class Curves:
    """Many curves of one shape: start e0, asymptote c, scale m, steepness b, each (d,)."""

    shape: Shape
    start: Array
    asymptote: Array
    scale: Array
    steepness: Array

    def error(self, n: Array) -> Array:
        """(d, len(n)) error after n labels."""
        x = np.asarray(n, dtype=float)[None, :] / self.scale[:, None]
        left = self.shape.left(x, self.steepness[:, None])
        return np.asarray(self.asymptote[:, None] + (self.start - self.asymptote)[:, None] * left)

    def reach(self, error: float | Array) -> Array:
        """(d,) labels at which the error has fallen to this; inf where never, 0 where it starts below."""
        left = (error - self.asymptote) / (self.start - self.asymptote)
        inside = (left > 0) & (left < 1)
        with np.errstate(over="ignore", divide="ignore"):
            x = self.shape.where(np.where(inside, left, 0.5), self.steepness) * self.scale
        return np.where(inside, x, np.where(left >= 1, 0.0, np.inf))

    def take(self, draws: Array) -> Curves:
        """These of the curves, by position."""
        return Curves(
            self.shape,
            self.start[draws],
            self.asymptote[draws],
            self.scale[draws],
            self.steepness[draws],
        )
