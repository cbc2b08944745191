"""The graph of the same items is the same graph, in whatever order they come."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.learn import graph as module
from labelwright.loop.learn.graph import Graph


def test_the_order_of_the_items_does_not_matter_and_the_graph_is_made_once() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 20)).astype(np.float32)
    first, again = Graph.around(X), Graph.around(X[rng.permutation(80)])
    assert first is again
    assert Graph.around(X[:79]) is not first
    np.testing.assert_array_equal(first.smooth(X[:9]), Graph.of(first_rows(X)).smooth(X[:9]))


def first_rows(X: np.ndarray) -> np.ndarray:
    """As `around` orders them."""
    return X[np.argsort(module._keys(X), kind="stable")]


def test_of_more_items_than_it_holds_it_is_a_sample_blind_to_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "REFERENCE", 50)
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4_000, 6)).astype(np.float32)
    X = X[np.argsort(X[:, 0])]
    graph = Graph.around(X)
    assert len(graph.own) == 50
    assert Graph.around(X[::-1]) is graph
    places = np.argsort(module._keys(X), kind="stable")[:50]
    assert 0.3 < (places < 2_000).mean() < 0.7, "drawn from everywhere"
