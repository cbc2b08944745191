"""Likeness of items, for the strategies that cover a pool: 1 for the same, 0 for nothing in common.

All kernels compare directions: rows are scaled to length one first, as in the papers that use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import StrategyError

if TYPE_CHECKING:
    import numpy as np

SAME = 1 / 256
"""Unit vectors closer than this count as one: float16 storage moves them by about a tenth of it."""

_BLOCK = 2_048


@dataclass(frozen=True)
class Kernel:
    """k(x, y) in 0 .. 1 of vectors of length one, (a, dim) and (b, dim) -> (a, b) float32.

    cosine: max(0, x·y). rbf: exp(−‖x − y‖² / radius²), the form of Bae et al. 2024, without a 2.
    ball: 1 where ‖x − y‖ < radius, else 0 (Yehuda et al. 2022). `radius` does nothing to cosine.
    """

    name: Literal["cosine", "rbf", "ball"] = "cosine"
    radius: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in ("cosine", "rbf", "ball"):
            raise StrategyError(f"there is no kernel {self.name!r}", "use cosine or rbf")
        if not self.radius > 0:
            raise StrategyError(f"a radius of {self.radius:g} covers nothing", "give one above 0")

    def prepare(self, rows: np.ndarray) -> np.ndarray:
        """What a call takes, of rows of any length: the rows at length one."""
        return unit(rows)

    def __call__(self, x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        import numpy as np

        if self.name == "cosine":
            likeness: np.ndarray = np.matmul(x, y.T, out=out)
            np.maximum(likeness, 0, out=likeness)
            return likeness
        likeness = closeness(x, y, out)
        if self.name == "rbf":
            np.minimum(likeness, 0, out=likeness)  # rounding may say nearer than the same
            likeness *= 2 / self.radius**2
            np.exp(likeness, out=likeness)
        else:
            np.greater(likeness, -(self.radius**2) / 2, out=likeness, casting="unsafe")
        return likeness


@dataclass(frozen=True)
class SizedCosine:
    """k(x, y) = (max(0, cos(x, y)) · min(‖x‖, ‖y‖) / max(‖x‖, ‖y‖)) ** power, in 0 .. 1.

    The clipped cosine where all vectors are of one length; elsewhere a short vector, of which little
    is known, does not stand for a long one. power: the greater, the fewer items are alike.
    """

    power: float = 1.0

    def prepare(self, rows: np.ndarray) -> np.ndarray:
        """What a call takes: the rows at length one, and a last column of their lengths."""
        import numpy as np

        return np.hstack([unit(rows), np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]])

    def __call__(self, x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        import numpy as np

        likeness: np.ndarray = np.matmul(x[:, :-1], y[:, :-1].T, out=out)
        np.maximum(likeness, 0, out=likeness)
        longer = np.maximum(x[:, -1:], y[:, -1])
        likeness *= np.divide(
            np.minimum(x[:, -1:], y[:, -1]), longer, out=np.zeros_like(longer), where=longer > 0
        )
        if self.power != 1:
            np.power(likeness, np.float32(self.power), out=likeness)
        return likeness


def unit(rows: np.ndarray) -> np.ndarray:
    """The rows at length one; a row of zeros stays so."""
    import numpy as np

    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.asarray(np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0))


def closeness(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """−‖x − y‖² / 2 of all rows, (a, b), by one product: x·y − x·x / 2 − y·y / 2."""
    import numpy as np

    ones_x, ones_y = np.ones((len(x), 1), x.dtype), np.ones((len(y), 1), y.dtype)
    half_x = np.einsum("ij,ij->i", x, x)[:, None] / -2
    half_y = np.einsum("ij,ij->i", y, y)[:, None] / -2
    left, right = np.hstack([x, half_x, ones_x]), np.hstack([y, ones_y, half_y])
    return np.asarray(np.matmul(left, right.T, out=out))


def covered_by(
    items: np.ndarray, reference: np.ndarray, kernel: Kernel | SizedCosine
) -> np.ndarray:
    """Likeness of each reference row to the most like item, (s,) float32; 0 without items.

    items (l, …) and reference (s, …) as the kernel's `prepare` makes them. Costs 2·l·s·dim flops.
    """
    import numpy as np

    covered = np.zeros(len(reference), dtype=np.float32)
    for start in range(0, len(items), _BLOCK):
        likeness = kernel(items[start : start + _BLOCK], reference)
        np.maximum(covered, likeness.max(axis=0), out=covered)
    return covered


def least_distance(rows: np.ndarray) -> float | None:
    """Of unit vectors the least distance between two that are not the `SAME`; None without such."""
    import numpy as np

    least = np.inf
    for start in range(0, len(rows), _BLOCK):
        squared = -2 * closeness(rows[start : start + _BLOCK], rows)
        least = min(least, float(squared[squared > SAME**2].min(initial=np.inf)))
    return float(np.sqrt(least)) if np.isfinite(least) else None
