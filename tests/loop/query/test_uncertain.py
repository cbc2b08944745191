from __future__ import annotations

from functools import partial

import numpy as np
import oracles.entropy
import oracles.least_confidence
import oracles.margin
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learners import Learner, saying
from oracles.ranking import best
from planted import planted
from pools import Pool
from told import differing, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import uncertain
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.entropy import entropy
from labelwright.loop.query.least_confidence import least_confidence
from labelwright.loop.query.margin import margin

STRATEGIES = [margin, least_confidence, entropy]


def _plainly(name: str, row: list[float]) -> float:
    return getattr(oracles, name).utility(row)


def _right(strategy, pool: Pool) -> bool:
    probs = softmaxed(pool)
    chosen = strategy(telling(pool, probs), stored(pool), pool.n_instances)
    expected = best([_plainly(strategy.__name__, row) for row in probs.tolist()], pool.n_instances)
    return chosen.indices.tolist() == expected


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncertain, "blocks", partial(blocks, size=7))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_they_are_their_oracles_on_every_pool(strategy) -> None:
    assert differing(partial(_right, strategy)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("top(utilities, n_instances)", "top(-utilities, n_instances)"),
        ("utilities[rows] = utility(probs)", "utilities[rows] = utility(probs)[::-1]"),
    ],
)
def test_the_oracle_notices_a_wrong_index(old: str, new: str, monkeypatch) -> None:
    broken = planted("uncertain", old, new)
    monkeypatch.setitem(margin.__globals__, "most_uncertain", broken.most_uncertain)
    assert len(differing(partial(_right, margin))) > 100


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_measures_are_the_strategies_own(strategy) -> None:
    probs = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2]])
    expected = [_plainly(strategy.__name__, row) for row in probs.tolist()]
    assert uncertain.measure(strategy.__name__)(probs) == pytest.approx(expected)
    with pytest.raises(StrategyError, match="no uncertainty called guess"):
        uncertain.measure("guess")


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(
    rows=st.lists(
        st.lists(st.integers(0, 4), min_size=3, max_size=3).filter(any), min_size=1, max_size=30
    ),
    n=st.integers(1, 12),
)
def test_they_are_the_brute_force_ranking(strategy, rows: list[list[int]], n: int) -> None:
    probs = np.array(rows, dtype=float)
    probs /= probs.sum(axis=1, keepdims=True)
    chosen = strategy(saying(probs), np.zeros((len(rows), 2)), n)
    scores = [_plainly(strategy.__name__, row) for row in probs.tolist()]
    expected = sorted(range(len(rows)), key=lambda i: -scores[i])[:n]
    got = [scores[i] for i in chosen.indices]
    assert got == pytest.approx([scores[i] for i in expected])
    assert chosen.utilities == pytest.approx(got)
    assert len(set(chosen.indices.tolist())) == min(n, len(rows))
    assert (chosen.probabilities == 1).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_of_equal_items_the_lower_position_wins(strategy) -> None:
    probs = np.tile([0.5, 0.3, 0.2], (9, 1))
    probs[4] = [0.34, 0.33, 0.33]
    chosen = strategy(saying(probs), np.zeros((9, 2)), 4)
    assert chosen.indices.tolist() == [4, 0, 1, 2]


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        (margin, "margin 0.10: b or a"),
        (least_confidence, "at most 0.45: b"),
        (entropy, "entropy 1.05: b, a"),
    ],
)
def test_reasons_name_the_classes_in_doubt(strategy, reason: str) -> None:
    probs = np.array([[0.35, 0.45, 0.2]])
    assert strategy(saying(probs), np.zeros((1, 2)), 1).reasons == (reason,)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_class_and_an_empty_pool(strategy) -> None:
    assert strategy(saying(np.ones((3, 1))), np.zeros((3, 2)), 2).indices.tolist() == [0, 1]
    assert len(strategy(saying(np.ones((0, 2))), np.zeros((0, 2)), 2).indices) == 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_broken_model_is_an_error_not_an_order(strategy) -> None:
    probs = np.full((5, 3), 1 / 3)
    probs[2] = np.nan
    with pytest.raises(StrategyError, match="item 2"):
        strategy(saying(probs), np.zeros((5, 2)), 2)


def test_without_labels_the_learners_error_passes_through() -> None:
    learner = Learner(np.zeros((0, 2)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        margin(learner, np.zeros((5, 2)), 2)
