from __future__ import annotations

import numpy as np
import pytest
from learners import Learner
from oracles import max_herding as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import herding
from labelwright.loop.query.contract import checked
from labelwright.loop.query.kernel import Kernel
from labelwright.loop.query.max_herding import max_herding


def _learner(pool: Pool, *, labels: bool = True) -> Learner:
    known = slice(None) if labels else slice(0)
    return Learner(pool.X_training[known], pool.y_training[known], pool.classes)


def _agrees(choose, pool, *, labels, likeness, **options) -> bool:
    """Same items in the same order as the oracle's, as far as anything is to be gained."""
    learner = _learner(pool, labels=labels)
    chosen = checked(
        choose(learner, pool.X, pool.n_instances, **options), len(pool.X), pool.n_instances
    )
    assert len(chosen.indices) == pool.n_instances
    picks, gains = oracle.max_herding(pool.X, learner.X_training, pool.n_instances, likeness)
    same = chosen.indices[: len(picks)].tolist() == picks
    return same and np.allclose(chosen.utilities[: len(picks)], gains, atol=1e-6)


@pytest.mark.parametrize("labels", [True, False])
def test_cosine_is_the_oracles_on_every_pool(labels: bool) -> None:
    for pool in pools():
        assert _agrees(max_herding, pool, labels=labels, likeness=oracle.cosine), pool.seed


@pytest.mark.parametrize("labels", [True, False])
def test_rbf_is_the_oracles(labels: bool) -> None:
    for pool in pools(40):
        options = {"kernel": "rbf", "sigma": 0.5, "likeness": oracle.rbf(0.5)}
        assert _agrees(max_herding, pool, labels=labels, **options), pool.seed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(1 - _EQUAL)).argmax()", "(1 - _EQUAL)).argmin()"),
        ("is_open[best] = False", "is_open[best - 1] = False"),
        ("self.covered[better] = after", "self.covered[better] = before"),
        ("before, after, -1)", "before, after, +1)"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    faulty = planted("herding", old, new)
    right = 0
    for pool in pools(20):
        picks, _ = faulty.herd(pool.X, pool.X, pool.n_instances, Kernel())
        wanted, _ = oracle.max_herding(pool.X, [], pool.n_instances, oracle.cosine)
        right += picks.tolist() == wanted
    assert right < 20


def test_positions_are_those_of_the_pool_where_it_is_sampled(monkeypatch) -> None:
    """200 items, of which 64 are looked at: chosen as among these 64 alone."""
    monkeypatch.setattr(herding, "SAMPLE", 64)
    X = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b"))
    chosen = checked(max_herding(learner, X, 6), 200, 6)
    rows, note = herding.among(200, 64, 0)
    assert chosen.notes == note == ("chosen among 64 items drawn at random out of 200",)
    picks, _ = oracle.max_herding(X[rows], [], 6, oracle.cosine)
    assert chosen.indices.tolist() == rows[picks].tolist()
    wrong = planted("herding", "chosen = np.concatenate([chosen, drawn[picks]])",
                    "chosen = np.concatenate([chosen, picks])")  # fmt: skip
    monkeypatch.setattr(wrong, "SAMPLE", 64)
    relative = wrong.herded(X, 6, X[:0], Kernel(), random_state=0, reason=lambda rise: f"{rise}")
    assert relative.indices.tolist() != chosen.indices.tolist()


def test_many_are_chosen_sample_by_sample_each_once(monkeypatch) -> None:
    monkeypatch.setattr(herding, "SAMPLE", 64)
    X = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b"))
    chosen = checked(max_herding(learner, X, 100), 300, 100)
    assert len(chosen.indices) == 100
    assert chosen.notes[0].endswith("out of 300, drawn anew for every 8")
    assert len(checked(max_herding(learner, X, 400), 300, 400).indices) == 300


def test_what_nothing_gains_is_drawn_at_random_and_says_so() -> None:
    X = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b"))
    chosen = checked(max_herding(learner, X, 9), 60, 9)
    assert sorted(chosen.indices[:3] // 20) == [0, 1, 2]
    assert chosen.utilities[3:].tolist() == [0] * 6
    assert chosen.probabilities[3:] == pytest.approx(6 / 57)
    assert chosen.notes == ("after 3 items nothing was left to cover: 6 were drawn at random",)
    assert chosen.reasons[-1] == "drawn at random: all is covered"


def test_nothing_of_nothing_and_all_of_few() -> None:
    X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b"))
    assert len(max_herding(learner, X[:0], 3).indices) == 0
    assert len(max_herding(learner, X, 0).indices) == 0
    assert sorted(max_herding(learner, X, 9).indices.tolist()) == [0, 1, 2, 3]


def test_wrong_options_and_vectors_are_errors() -> None:
    X = np.ones((4, 3), np.float32)
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="kernel 'linear'"):
        max_herding(learner, X, 2, kernel="linear")
    with pytest.raises(StrategyError, match="radius of 0"):
        max_herding(learner, X, 2, kernel="rbf", sigma=0)
    X[2, 1] = np.nan
    with pytest.raises(StrategyError, match="item 2"):
        max_herding(learner, X, 2)
