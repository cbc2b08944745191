"""What learning curves look like before one is seen: few constants, the same for every task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelwright.loop.forecast.shapes import Curves, Shape


@dataclass(frozen=True)
class Prior:
    """Normal, mean and standard deviation each: start (log-odds of e0 against chance's), asymptote (log-odds
    of c / e0), scale (log of m / classes), steepness (log of b)."""

    start: tuple[float, float]
    asymptote: tuple[float, float]
    scale: tuple[float, float]
    steepness: tuple[float, float]

    def curves(self, shape: Shape, z: np.ndarray, classes: int) -> Curves:
        """Curves at standard normal coordinates (d, 4)."""
        chance = np.log(max(1, classes - 1))  # log-odds of 1 − 1/K
        (s, ds), (a, da), (m, dm), (b, db) = (
            self.start, self.asymptote, self.scale, self.steepness,
        )  # fmt: skip
        start = _share(chance + s + ds * z[:, 0])
        return Curves(
            shape,
            start,
            start * _share(a + da * z[:, 1]),
            classes * np.exp(m + dm * z[:, 2]),
            np.exp(b + db * z[:, 3]),
        )


def _share(odds: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-odds)))


PRIORS = {
    "power law": Prior((0.0, 0.7), (-2.0, 1.2), (0.5, 1.5), (-0.7, 0.6)),
    "logistic in log n": Prior((0.0, 0.7), (-2.0, 1.2), (1.0, 1.5), (-0.6, 0.4)),
    "stretched exponential": Prior((0.0, 0.7), (-2.0, 1.2), (1.5, 1.5), (-1.1, 0.4)),
}
"""Set by hand, broad: asymptotes from a hundredth to half of the start, scales from a tenth of a label a
class to dozens. Only how steep curves are was moved, once and by the same amount for all three: curves
fitted early promise too much, and of three amounts this one left the least bias (median log of forecast /
truth) on other runs of the benches' sets (another learner's, and random choice), whichever set was left out.
"""
