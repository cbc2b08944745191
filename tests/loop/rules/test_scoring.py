"""Each rule beside labels that were chosen and the holdout's; a rule that is worse than chance."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from labelwright.dsl.task import Rule
from labelwright.loop.rules.scoring import _worse, scored
from labelwright.loop.rules.votes import Votes


def _rules(n: int) -> tuple[Rule, ...]:
    return tuple(Rule(name=f"r{j}", action="vote", label=f"c{j % 2}") for j in range(n))


def _case(accuracy: list[float], n: int = 2_000, seed: int = 0) -> tuple[Votes, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    r = len(accuracy)
    within = np.eye(2, dtype=bool)[np.arange(r) % 2]
    inside = within[:, y].T
    rate = np.where(inside, np.array(accuracy) * 0.4, (1 - np.array(accuracy)) * 0.4)
    fired = rng.random((n, r)) < rate
    names = tuple(f"r{j}" for j in range(r))
    return Votes(names, fired, within, np.full(r, 5.0), np.zeros(n, bool)), y


def test_shares_conflicts_and_coverage_are_counted() -> None:
    votes, y = _case([0.9, 0.8, 0.7])
    votes.vetoed[:50] = True
    pool, held = np.arange(0, 300), np.arange(1_000, 1_200)
    found = scored(_rules(3), votes, (pool, y[pool]), (held, y[held]))
    heard = votes.fired & ~votes.vetoed[:, None]
    assert (found.items, found.labelled, found.held) == (2_000, 300, 200)
    assert found.covered == heard.any(axis=1).sum()
    for j, rule in enumerate(found.rules):
        right = y == j % 2
        assert rule.fires == heard[:, j].sum()
        others = [k for k in range(3) if k % 2 != j % 2]
        assert rule.conflicts == (heard[:, j] & heard[:, others].any(axis=1)).sum()
        for rows, told in ((pool, rule.chosen), (held, rule.held)):
            mine = rows[heard[rows, j]]
            assert told.n == len(mine)
            assert told.estimate == pytest.approx(right[mine].mean())
            assert told.low is not None
            assert told.high is not None
            assert told.low < right[mine].mean() <= told.high
        assert rule.unaided is not None
        assert rule.estimated.n == 20 + rule.chosen.n
        assert not rule.worse


def test_the_holdout_judges_and_teaches_nothing() -> None:
    votes, y = _case([0.9, 0.8, 0.7])
    pool, held = np.arange(0, 100), np.arange(1_000, 1_400)
    nothing = np.zeros(0, dtype=np.int64)
    with_holdout = scored(_rules(3), votes, (pool, y[pool]), (held, y[held]))
    without = scored(_rules(3), votes, (pool, y[pool]), (nothing, nothing))
    for one, other in zip(with_holdout.rules, without.rules, strict=True):
        assert one.estimated == other.estimated
        assert one.unaided == other.unaided
        assert other.held.estimate is None


def test_a_rule_that_is_worse_than_chance_is_found_and_others_are_not() -> None:
    votes, y = _case([0.9, 0.25, 0.6, 0.5])
    pool, held = np.arange(0, 60), np.arange(1_000, 1_400)
    found = scored(_rules(4), votes, (pool, y[pool]), (held, y[held]))
    assert [rule.name for rule in found.worse] == ["r1"]


def test_false_calls_are_below_the_level() -> None:
    called = 0
    for seed in range(60):
        votes, y = _case([0.5] * 5, n=400, seed=seed)
        found = scored(_rules(5), votes, (np.arange(60), y[:60]), (np.arange(200, 400), y[200:]))
        called += bool(found.worse)
    assert called <= 7  # at 5% a chance of 1 in 50 for more


def test_fisher_by_enumeration() -> None:
    fired = np.array([1, 1, 1, 0, 0, 0, 0], dtype=bool)
    right = np.array([1, 0, 0, 1, 1, 0, 1], dtype=bool)
    k = (fired & right).sum()
    draws = [right[list(rows)].sum() <= k for rows in combinations(range(7), 3)]
    assert _worse(fired, right) == pytest.approx(np.mean(draws))
    assert _worse(np.zeros(3, bool), right[:3]) == 1
