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

    def __call__(self, x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        import numpy as np

        found: np.ndarray = np.matmul(x, y.T, out=out)
        if self.name == "cosine":
            np.maximum(found, 0, out=found)
            return found
        squares(x, y, found)
        if self.name == "rbf":
            found *= -1 / self.radius**2
            np.exp(found, out=found)
        else:
            np.less(found, self.radius**2, out=found, casting="unsafe")
        return found


def unit(rows: np.ndarray) -> np.ndarray:
    """The rows at length one; a row of zeros stays so."""
    import numpy as np

    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.asarray(np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0))


def squares(x: np.ndarray, y: np.ndarray, products: np.ndarray) -> None:
    """Make of the inner products (a, b), in place, the squared distances of the rows."""
    import numpy as np

    products *= -2
    products += np.einsum("ij,ij->i", x, x)[:, None]
    products += np.einsum("ij,ij->i", y, y)
    np.maximum(products, 0, out=products)


def covered_by(items: np.ndarray, reference: np.ndarray, kernel: Kernel) -> np.ndarray:
    """Likeness of each reference row to the most like item, (s,) float32; 0 without items.

    items (l, dim) and reference (s, dim) as `unit` makes them. Costs 2·l·s·dim flops.
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
        block = rows[start : start + _BLOCK]
        distances = block @ rows.T
        squares(block, rows, distances)
        apart = distances[distances > SAME**2]
        least = min(least, float(apart.min(initial=np.inf)))
    return float(np.sqrt(least)) if np.isfinite(least) else None
