from __future__ import annotations

import numpy as np

from labelwright.loop.handing import mixed
from labelwright.loop.ports import Request
from labelwright.loop.themes import chain


def test_every_theme_stands_together() -> None:
    rng = np.random.default_rng(0)
    themes = rng.permutation(np.repeat(np.arange(5), 8))
    vectors = np.eye(5)[themes] + rng.normal(scale=0.05, size=(40, 5))
    order = chain(vectors)
    assert sorted(order.tolist()) == list(range(40))
    assert order[0] == 0
    assert (np.diff(themes[order]) != 0).sum() == 4


def test_ties_and_edges() -> None:
    assert chain(np.empty((0, 3))).tolist() == []
    assert chain(np.zeros((3, 2))).tolist() == [0, 1, 2]
    assert chain(np.ones((4, 2))).tolist() == [0, 1, 2, 3]


def test_a_batch_laid_out_by_theme_is_handed_out_so() -> None:
    themed = [Request("a", 1), Request("b", 1, "holdout"), Request("c", 1)]
    assert mixed(themed, seed=0) == themed
    apart = [*(Request(f"t{n}", 1) for n in range(9)), Request("h", 1, "holdout")]
    assert sorted(r.item for r in mixed(apart, 0)) == sorted(r.item for r in apart)
