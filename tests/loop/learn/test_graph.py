from __future__ import annotations

import math

import numpy as np
import pytest

from labelwright.loop.learn.graph import Graph, Smoothed, nearest
from labelwright.loop.learn.head import head
from labelwright.loop.query.kernel import unit


def _cloud(n: int, dim: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def _unit(v: list[float]) -> list[float]:
    length = math.sqrt(sum(a * a for a in v))
    return [a / length if length else 0.0 for a in v]


def _brute(X: np.ndarray, Q: np.ndarray) -> list[list[float]]:
    """Two hops over the 15 nearest, in plain loops."""
    dim = X.shape[1]
    centre = [sum(float(x[d]) for x in X) / len(X) for d in range(dim)]

    def direction(x: np.ndarray) -> list[float]:
        return _unit([float(x[d]) - centre[d] for d in range(dim)])

    own = [direction(x) for x in X]

    def mixed(z: list[float], values: list[list[float]]) -> list[float]:
        near = []
        for j, other in enumerate(own):
            likeness = sum(a * b for a, b in zip(z, other, strict=True))
            if likeness < 1 - 1e-6:
                near.append((-likeness, j))
        few = sorted(near)[:15]
        mean = [sum(values[j][d] for _, j in few) / len(few) for d in range(dim)]
        return _unit([0.5 * a + 0.5 * b for a, b in zip(z, mean, strict=True)])

    hop = [mixed(z, own) for z in own]
    out = [mixed(z, hop) for z in own]
    middle = [sum(o[d] for o in out) / len(out) for d in range(dim)]
    length = math.sqrt(sum((o[d] - middle[d]) ** 2 for o in out for d in range(dim)) / len(out))
    found = [mixed(direction(q), hop) for q in Q]
    return [[(f[d] - middle[d]) / length for d in range(dim)] for f in found]


@pytest.mark.parametrize("seed", range(5))
def test_smoothing_is_what_plain_loops_make(seed: int) -> None:
    X, Q = _cloud(40, 6, seed), _cloud(9, 6, 100 + seed)
    graph = Graph.of(X)
    np.testing.assert_allclose(graph.smooth(Q), _brute(X, Q), atol=0.02)  # float16 directions
    np.testing.assert_allclose(graph.smooth(X), _brute(X, X), atol=0.02)


def test_the_same_item_is_no_neighbour_of_itself() -> None:
    Z = unit(_cloud(30, 8, 0))
    found = nearest(Z, np.concatenate([Z, Z]), 5)
    for row, near in enumerate(found):
        assert not {row, row + 30} & set(near.tolist())
    few = nearest(Z[:1], np.concatenate([Z[:1], Z[:1], Z[1:2]]), 15)
    assert sorted(few[0].tolist()) == [0, 1, 2], "where there are too few the same ones fill up"


def test_a_graph_of_equal_items_has_no_direction() -> None:
    graph = Graph.of(np.ones((5, 3), np.float32))
    assert np.isfinite(graph.smooth(np.ones((2, 3), np.float32))).all()


def test_a_model_of_smoothed_vectors_comes_back_as_it_was() -> None:
    X = _cloud(60, 6, 1)
    y = (X[:, 0] > 0).astype(int)
    graph, learner = Graph.of(X), head(random_state=0)
    model = Smoothed(learner.fit(graph.smooth(X), np.eye(2)[y]), graph)
    again = learner.restore(model.state())
    Q = _cloud(20, 6, 2)
    np.testing.assert_array_equal(again.predict_proba(Q), model.predict_proba(Q))
