from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from oracles.expected_gradient_length import utility
from planted import planted
from pools import Pool, pools
from told import as_good, differing, softmaxed, stored, telling

from labelwright.loop.query import uncertain
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.expected_gradient_length import expected_gradient_length

TOLERANCE = 1e-9


def _right(strategy, pool: Pool) -> bool:
    probs = softmaxed(pool)
    chosen = strategy(telling(pool, probs), stored(pool), pool.n_instances)
    expected = [utility(x, p) for x, p in zip(pool.X.tolist(), probs.tolist(), strict=True)]
    shown = np.allclose(
        chosen.utilities, [expected[i] for i in chosen.indices], rtol=0, atol=TOLERANCE
    )
    return bool(shown) and as_good(chosen.indices, expected, pool.n_instances, TOLERANCE)


def test_it_is_its_oracle_on_every_pool(monkeypatch) -> None:
    monkeypatch.setattr(uncertain, "blocks", partial(blocks, size=7))
    assert differing(partial(_right, expected_gradient_length)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("errors[rows] = _expected", "errors[rows][::-1] = _expected"),
        ("top(utilities, n_instances)", "top(-utilities, n_instances)"),
        ("- 2 * probs + 1", "- 2 * probs[:, ::-1] + 1"),
    ],
)
def test_the_oracle_notices_a_wrong_index(old: str, new: str) -> None:
    broken = planted("expected_gradient_length", old, new).expected_gradient_length
    assert len(differing(partial(_right, broken))) > 100


def test_the_gradient_is_the_one_that_torch_finds() -> None:
    x, weight = torch.randn(5, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    bias = torch.randn(3, dtype=torch.float64)
    probs = torch.softmax(weight @ x + bias, dim=0)
    expected = 0.0
    for label in range(3):
        W, b = weight.clone().requires_grad_(), bias.clone().requires_grad_()
        (-torch.log_softmax(W @ x + b, dim=0)[label]).backward()
        length = torch.cat([W.grad.flatten(), b.grad]).norm()  # type: ignore[union-attr]
        expected += float(probs[label] * length)
    assert utility(x.tolist(), probs.tolist()) == pytest.approx(expected)


def test_edges() -> None:
    pool = next(iter(pools(1)))
    learner = telling(pool, softmaxed(pool))
    assert len(expected_gradient_length(learner, pool.X[:0], 3).indices) == 0
    assert len(expected_gradient_length(learner, pool.X, 0).indices) == 0
    assert expected_gradient_length(learner, pool.X, 1).reasons[0].startswith("expected error ")
