"""The bench of several classes: every way asks as many, and its scores are scikit-learn's of all classes."""

from __future__ import annotations

import numpy as np
import pytest
import several


def made() -> dict[str, np.ndarray]:
    """500 items of the 28 classes, one or two each, clearly told apart."""
    rng = np.random.default_rng(0)
    k = len(several.CLASSES)
    Y = np.zeros((500, k), dtype=np.int8)
    Y[np.arange(500), rng.integers(0, 6, 500)] = 1
    Y[np.arange(0, 500, 3), rng.integers(0, 6, 167)] = 1
    X = (Y @ rng.normal(size=(k, 16)) + 0.2 * rng.normal(size=(500, 16))).astype(np.float32)
    return {"X_pool": X[:400], "Y_pool": Y[:400], "X_test": X[400:], "Y_test": Y[400:]}


@pytest.mark.parametrize("way", several.WAYS)
def test_every_way_runs_and_learns(way: str) -> None:
    first, last = several.run(way, 0, 200, made())
    assert set(last) == {"micro F1", "macro F1", "exact"}
    assert last["micro F1"] > 0.7
    assert last["micro F1"] > first["micro F1"] - 0.1


def test_the_plain_one_never_gives_a_class_without_a_label() -> None:
    of = made()
    given = several.plain(of["X_pool"][:50], of["Y_pool"][:50], of["X_test"])
    assert not given[:, of["Y_pool"][:50].sum(axis=0) == 0].any()
