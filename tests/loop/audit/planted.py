"""Items of three kinds whose labels are right, but for those that were turned: what audits are tried on."""

from __future__ import annotations

import numpy as np

from labelwright.loop.audit.audit import Labelled

NAMES = ("a", "b", "c")


def blobs(n: int = 300, apart: float = 3.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n, 6) vectors and (n,) the true classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    middles = np.eye(3, 6) * apart
    return (middles[truth] + rng.normal(0, 1, (n, 6))).astype(np.float32), truth


def turned(truth: np.ndarray, share: float, seed: int = 1) -> np.ndarray:
    """The same labels, so large a share of them another one."""
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(len(truth))[: round(share * len(truth))]
    given = truth.copy()
    given[wrong] = (given[wrong] + rng.integers(1, 3, len(wrong))) % 3
    return given


def labelled(X: np.ndarray, given: np.ndarray, **more: object) -> Labelled:
    """Ready for an audit; every item is like no other unless `same` says so."""
    n = len(given)
    told: dict[str, object] = {"same": np.arange(n), **more}
    return Labelled(
        given=given, names=NAMES, order=np.arange(n, dtype=np.uint64), vectors={"v": X}, **told
    )  # type: ignore[arg-type]
