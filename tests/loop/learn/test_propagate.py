from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.head import head
from labelwright.loop.learn.propagate import graph, massed, propagate, spread
from labelwright.loop.ports import Pseudo


def _blobs(n: int, seed: int, n_classes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    world = np.random.default_rng(99).normal(size=(n_classes, 30))
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return (world[y] * 0.8 + rng.normal(size=(n, 30)) * 0.9).astype(np.float32), y


@pytest.mark.parametrize("seed", range(5))
def test_the_graph_and_what_spreads_over_it_are_the_formulas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 5)).astype(np.float32)
    n = len(X)
    Z = [(x - X.mean(axis=0)) / np.linalg.norm(x - X.mean(axis=0)) for x in X]
    W = np.zeros((n, n))
    for i in range(n):
        others = sorted((j for j in range(n) if j != i), key=lambda j: -float(Z[i] @ Z[j]))
        for j in others[:15]:
            W[i, j] = max(W[i, j], max(0.0, float(Z[i] @ Z[j])))
            W[j, i] = max(W[j, i], max(0.0, float(Z[i] @ Z[j])))
    degree = W.sum(axis=1)
    S = np.array([[W[i, j] / np.sqrt(degree[i] * degree[j]) for j in range(n)] for i in range(n)])
    links = graph(X)
    np.testing.assert_allclose(links.toarray(), S, atol=1e-5)
    Y = np.zeros((n, 3))
    Y[np.arange(6), np.arange(6) % 3] = 1
    wanted = 0.2 * np.linalg.solve(np.eye(n) - 0.8 * S, Y)
    np.testing.assert_allclose(spread(links, Y, 0.8), wanted, atol=1e-5)


def test_masses_are_brought_to_the_labels() -> None:
    found = np.array([[2.0, 1.0], [3.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    shares = massed(found, np.eye(2)[[0, 1, 1, 1]])
    np.testing.assert_allclose(shares[[0, 1, 3]].sum(axis=1), 1)
    assert shares[2].tolist() == [0, 0]
    assert shares[3, 1] > 0.5


def _run(n: int, **more: float) -> tuple[Pseudo, float, float]:
    X, y = _blobs(n, 0)
    test, truth = _blobs(1_200, 5)
    learner = head(random_state=0)
    made = propagate(
        learner=learner,
        X_labelled=X,
        targets=np.eye(6)[y],
        X_unlabelled=_blobs(900, 1)[0],
        random_state=0,
        **more,
    )
    plain = learner.fit(X, np.eye(6)[y])
    got, before = (
        float((m.predict_proba(test).argmax(axis=1) == truth).mean()) for m in (made.model, plain)
    )
    return made, got, before


def test_where_it_helps_the_gate_opens_and_the_model_is_better() -> None:
    made, got, before = _run(24)
    assert made.gate == "open", made.why
    assert got > before + 0.02
    assert len(made.rows) == 900 == len(made.labels)


def test_too_few_labels_and_a_wrong_alpha_are_said() -> None:
    assert "too few to check" in _run(12)[0].why
    with pytest.raises(PluginError, match="alpha = 1"):
        _run(24, alpha=1.0)


def test_items_that_no_label_reaches_teach_nothing() -> None:
    X, y = _blobs(24, 0)
    far = np.repeat(-50 * np.eye(30, dtype=np.float32)[:1], 40, axis=0)
    made = propagate(
        learner=head(random_state=0),
        X_labelled=X,
        targets=np.eye(6)[y],
        X_unlabelled=far,
        random_state=0,
    )
    assert np.isfinite(made.model.predict_proba(X)).all()
