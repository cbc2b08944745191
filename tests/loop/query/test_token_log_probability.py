from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from learners import trained
from oracles.token_log_probability import mnlp, total_entropy
from planted import planted
from pools import Pool, pools
from told import as_good, differing, stored

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import token_log_probability as module
from labelwright.loop.query.token_log_probability import token_log_probability

TOLERANCE = 1e-9
ORACLES = {"log_probability": mnlp, "total_entropy": total_entropy}


class Tagger:
    """Says what it was told of each row: (n_tokens, n_tags)."""

    def __init__(self, X: np.ndarray, tokens: Sequence[Any]) -> None:
        self.told = {row.tobytes(): probs for row, probs in zip(X, tokens, strict=True)}

    def predict_tokens(self, X: np.ndarray) -> list[Any]:
        return [self.told[row.tobytes()] for row in X]


def _tokens(pool: Pool) -> list[np.ndarray]:
    """Of every item, by its row: 0 to 9 tokens, with as many tags as the pool has classes."""
    found = []
    for row in pool.X:
        rng = np.random.default_rng(abs(int.from_bytes(row.tobytes(), "little")))
        found.append(rng.dirichlet(np.ones(pool.n_classes), size=rng.integers(0, 10)))
    return found


def _right(strategy, measure: str, pool: Pool) -> bool:
    tokens = _tokens(pool)
    chosen = strategy(Tagger(pool.X, tokens), stored(pool), pool.n_instances, measure=measure)
    expected = [ORACLES[measure](item.tolist()) for item in tokens]
    shown = np.allclose(
        chosen.utilities, [expected[i] for i in chosen.indices], rtol=0, atol=TOLERANCE
    )
    return bool(shown) and as_good(chosen.indices, expected, pool.n_instances, TOLERANCE)


@pytest.mark.parametrize("measure", ORACLES)
def test_it_is_its_oracle_on_every_pool(measure: str, monkeypatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)
    assert differing(partial(_right, token_log_probability, measure)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("np.repeat(np.arange(len(block)), lengths)", "np.repeat(np.arange(len(block))[::-1], lengths)"),
        ("top(utilities, n_instances)", "top(-utilities, n_instances)"),
        ("top(utilities, n_instances)", "top(utilities, n_instances) - 1"),
        ("utilities[start : start + len(block)]", "utilities[: len(block)]"),
    ],
)  # fmt: skip
def test_the_oracle_notices_a_wrong_index(old: str, new: str) -> None:
    broken = planted("token_log_probability", old, new)
    broken.__dict__["_BLOCK"] = 7
    right = partial(_right, broken.token_log_probability, "log_probability")
    assert len(differing(right)) > 100


def test_long_items_are_not_preferred_but_by_the_total_entropy() -> None:
    X = np.arange(6, dtype=np.float32).reshape(3, 2)
    tagger = Tagger(X, [[[0.6, 0.4]], [[0.7, 0.3]] * 9, np.zeros((0, 2))])
    by_token = token_log_probability(tagger, X, 3)
    assert by_token.indices.tolist() == [0, 1, 2]
    assert by_token.utilities == pytest.approx([-np.log(0.6), -np.log(0.7), 0])
    assert by_token.reasons == (
        "least sure of token 1 of 1",
        "least sure of token 1 of 9",
        "it has no tokens",
    )
    whole = token_log_probability(tagger, X, 2, measure="total_entropy")
    assert whole.indices.tolist() == [1, 0]


def test_the_weakest_token_is_named() -> None:
    X = np.zeros((1, 2), np.float32)
    tagger = Tagger(X, [[[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.3, 0.7]]])
    assert token_log_probability(tagger, X, 1).reasons == ("least sure of token 3 of 4",)


def test_a_learner_of_whole_items_is_told_apart() -> None:
    with pytest.raises(StrategyError, match="this strategy is for spans"):
        token_log_probability(trained(), np.zeros((3, 8), np.float32), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [[0.5, 0.5], [[0.5, 0.6]], [[-0.5, 1.5]], [[np.nan, 1]], [[np.inf, 0]]],
    ids=["no rows", "sum", "negative", "nan", "inf"],
)
def test_what_are_no_probabilities_is_an_error(wrong: Any) -> None:
    X = np.arange(4, dtype=np.float32).reshape(2, 2)
    with pytest.raises(StrategyError, match="item 1 of the pool numbers that are no"):
        token_log_probability(Tagger(X, [[[0.5, 0.5]], wrong]), X, 1)


def test_edges_and_errors() -> None:
    pool = next(iter(pools(1)))
    tagger = Tagger(pool.X, _tokens(pool))
    assert len(token_log_probability(tagger, pool.X[:0], 3).indices) == 0
    assert len(token_log_probability(tagger, pool.X, 0).indices) == 0
    with pytest.raises(StrategyError, match="no measure called loss"):
        token_log_probability(tagger, pool.X, 1, measure="loss")

    class Short(Tagger):
        def predict_tokens(self, X: np.ndarray) -> list[Any]:
            return super().predict_tokens(X)[1:]

    with pytest.raises(StrategyError, match="tokens of"):
        token_log_probability(Short(pool.X, _tokens(pool)), pool.X, 1)


def test_tokens_that_the_engine_tells_are_read_in_the_place_of_the_learner(monkeypatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 3)
    X = np.arange(20, dtype=np.float32).reshape(10, 2)
    rng = np.random.default_rng(0)
    told = [rng.dirichlet(np.ones(3), size=n) for n in rng.integers(1, 6, size=10)]
    asked: list[int] = []

    def tokens(positions: np.ndarray) -> list[np.ndarray]:
        asked.extend(positions.tolist())
        return [told[i] for i in positions]

    by_learner = token_log_probability(Tagger(X, told), X, 4)
    by_engine = token_log_probability(object(), X, 4, tokens=tokens)  # type: ignore[arg-type]
    assert asked[:10] == list(range(10))
    assert by_engine.indices.tolist() == by_learner.indices.tolist()
    assert by_engine.reasons == by_learner.reasons
