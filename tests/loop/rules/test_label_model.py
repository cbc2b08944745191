"""The label model of rules, beside Bayes' rule written out and beside what it models."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from labelwright.loop.rules.label_model import accuracies, posterior, rates, taught
from labelwright.loop.rules.votes import Votes, votes
from tests.loop.rules.tasks import task_of


def _votes(fired: np.ndarray, within: np.ndarray, odds: float = 5.0) -> Votes:
    n, r = fired.shape
    return Votes(
        tuple(f"r{j}" for j in range(r)), fired, within, np.full(r, odds), np.zeros(n, bool)
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_posterior_is_that_of_bayes_over_the_whole_joint(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_classes, n_rules = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    prior = rng.dirichlet(np.ones(n_classes))
    if seed == 3:
        prior = np.array([0.7, 0.0, 0.3] + [0.0] * (n_classes - 3))[:n_classes]
        prior = prior / prior.sum()
    rate = rng.uniform(0.02, 0.9, (n_rules, n_classes))
    joint = {}
    for pattern in product((False, True), repeat=n_rules):
        for c in range(n_classes):
            p = prior[c]
            for j, fires in enumerate(pattern):
                p *= rate[j, c] if fires else 1 - rate[j, c]
            joint[pattern, c] = p
    assert sum(joint.values()) == pytest.approx(1)
    for pattern in product((False, True), repeat=n_rules):
        whole = sum(joint[pattern, c] for c in range(n_classes))
        found = posterior(np.array([pattern]), rate, prior)[0]
        assert found.tolist() == pytest.approx(
            [joint[pattern, c] / whole for c in range(n_classes)], abs=1e-12
        )


def test_rates_give_back_coverage_and_accuracy() -> None:
    prior = np.array([0.5, 0.3, 0.2])
    within = np.array([[True, False, False], [False, True, True]])
    coverage, accuracy = np.array([0.1, 0.2]), np.array([0.9, 0.7])
    rate = rates(coverage, accuracy, within, prior)
    assert (rate @ prior).tolist() == pytest.approx(coverage.tolist())
    assert ((rate * within) @ prior / coverage).tolist() == pytest.approx(accuracy.tolist())


def test_items_that_follow_the_model_have_the_classes_it_says() -> None:
    rng = np.random.default_rng(0)
    prior = np.array([0.6, 0.4])
    within = np.array([[True, False], [False, True]])
    rate = rates(np.array([0.3, 0.2]), np.array([0.8, 0.9]), within, prior)
    y = (rng.random(200_000) < prior[1]).astype(int)
    fired = rng.random((200_000, 2)) < rate[:, y].T
    told = posterior(fired, rate, prior)[:, 1]
    for pattern in product((False, True), repeat=2):
        rows = (fired == pattern).all(axis=1)
        assert y[rows].mean() == pytest.approx(told[rows][0], abs=0.01)


def test_labels_move_a_rule_away_from_what_its_weight_says() -> None:
    fired = np.ones((14, 1), bool)
    within = np.array([[True, False]])
    wrong = np.tile([0.0, 1.0], (14, 1))
    assert accuracies(_votes(fired[:0], within), wrong[:0])[0] == pytest.approx(5 / 6)
    assert accuracies(_votes(fired, within), wrong)[0] == pytest.approx((6 * 5 / 6) / 20)
    assert (
        accuracies(_votes(fired, within, 25.0), wrong)[0]
        > accuracies(_votes(fired, within), wrong)[0]
    )


def test_what_teaches_weighs_no_more_than_the_labels() -> None:
    rng = np.random.default_rng(1)
    prior = np.array([0.5, 0.5, 0.0])
    within = np.array([[True, False, False], [False, False, True], [True, True, True]])
    labelled = _votes(rng.random((10, 3)) < 0.5, within)
    others = _votes(rng.random((500, 3)) < 0.5, within)
    others.vetoed[:100] = True
    rows, soft, weights = taught(
        labelled, np.eye(3)[rng.integers(0, 2, 10)], others, prior, np.full(3, 0.5)
    )
    assert rows.min() >= 100
    assert others.fired[rows, 0].all(), "a rule for a class without labels says nothing yet"
    assert soft.sum(axis=1).tolist() == pytest.approx([1] * len(rows))
    assert (soft[:, 2] == 0).all()
    assert weights.sum() <= 10 + 1e-9
    assert weights.max() <= 1


def test_votes_of_a_task_name_the_classes_they_speak_for() -> None:
    task = task_of(
        rules="""
  r1: vote A when body contains "a" weight 2
  r2: vote against C when body contains "c"
  r3: veto when body contains "x"
"""
    )
    table = pa.table({"body": ["a", "c", "a c x", "z"]})
    found = votes(task, table)
    assert found is not None
    assert found.names == ("r1", "r2")
    assert found.fired.tolist() == [[True, False], [False, True], [True, True], [False, False]]
    assert found.vetoed.tolist() == [False, False, True, False]
    ids = [c.id for c in task.labels]
    by = [dict(zip(ids, row, strict=True)) for row in found.within.tolist()]
    inside = {i for i in ids if by[0][i]}
    assert inside == {i for i in ids if i.split(".")[0] == "A"}
    assert {i for i in ids if not by[1][i]} == {i for i in ids if i.split(".")[-1] == "C"}
    assert found.odds.tolist() == pytest.approx([25.0, 5.0])
    assert votes(task_of(), table) is None
