"""How the encoder's vectors become what learners see: centred on the pool, and of one size there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

_AT_A_TIME = 2**18  # vectors that are turned into doubles together


@dataclass(frozen=True, eq=False)
class Scaling:
    """centre: (dim,) float64, the pool's mean. scale: the root of its mean squared distance from there."""

    centre: np.ndarray
    scale: float

    @classmethod
    def of(cls, vectors: np.ndarray, pool: np.ndarray) -> Scaling:
        """That of vectors (n, dim), of which those where `pool` (n,) is true count."""
        parts = _parts(len(vectors))
        n = np.count_nonzero(pool)
        doubles = (vectors[part][pool[part]].astype(np.float64) for part in parts)
        centre = np.asarray(sum(part.sum(axis=0) for part in doubles) / n)
        doubles = (vectors[part][pool[part]].astype(np.float64) for part in parts)
        squares = sum(((part - centre) ** 2).sum(axis=1).sum() for part in doubles) / n
        return cls(centre, float(np.sqrt(squares)))

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """(n, dim) float32: vectors of the same encoder, scaled alike."""
        return np.asarray((vectors - self.centre) / (self.scale or 1.0), dtype=np.float32)

    def write(self, path: Path, vectors: np.ndarray) -> None:
        """Write `apply(vectors)` as .npy, some rows at a time."""
        written: np.memmap = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
            path, "w+", np.float32, vectors.shape
        )
        for part in _parts(len(vectors)):
            written[part] = self.apply(vectors[part])
        written.flush()


def _parts(n: int) -> list[slice]:
    return [slice(start, start + _AT_A_TIME) for start in range(0, n, _AT_A_TIME)]
