"""What holds for every way to resolve answers, and each algorithm's formulas written out as loops."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright.loop.people import dawid_skene as ds
from labelwright.loop.people import glad as gl
from labelwright.loop.people import mace as mc
from labelwright.loop.people.answers import labels_of
from labelwright.loop.people.crowdlab import crowdlab
from labelwright.loop.people.dawid_skene import dawid_skene
from labelwright.loop.people.glad import glad
from labelwright.loop.people.mace import mace
from labelwright.loop.people.majority import Resolved, majority
from labelwright.loop.people.votes import Votes


def _helper() -> Any:
    spec = importlib.util.spec_from_file_location("crowds", Path(__file__).with_name("crowds.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["crowds"] = module
    spec.loader.exec_module(module)
    return module


crowds = _helper()
Resolver = Callable[..., dict[str, Resolved]]
RESOLVERS: list[Resolver] = [dawid_skene, glad, mace, crowdlab]
every = pytest.mark.parametrize("resolve", RESOLVERS, ids=lambda f: f.__name__)


# --- all of them ------------------------------------------------------------------------------


@every
def test_the_order_of_answers_and_of_classes_changes_nothing(resolve: Resolver) -> None:
    annotations, _ = crowds.crowd()
    found = resolve(annotations, crowds.CLASSES)
    rng = np.random.default_rng(1)
    shuffled = [annotations[i] for i in rng.permutation(len(annotations))]
    assert resolve(shuffled, crowds.CLASSES) == found  # the same bytes
    turned = resolve(annotations, crowds.CLASSES[::-1])
    for item, each in found.items():
        for c in crowds.CLASSES:
            assert turned[item].probability[c] == pytest.approx(each.probability[c], abs=2e-3)
        if max(each.probability.values()) > 0.51:
            assert turned[item].label == each.label


@pytest.mark.parametrize("resolve", [dawid_skene, glad, mace], ids=lambda f: f.__name__)
def test_what_people_and_items_are_called_changes_nothing(resolve: Resolver) -> None:
    annotations, _ = crowds.crowd()
    found = resolve(annotations, crowds.CLASSES)
    rename = {f"p{j}": f"q{(j * 5) % 8}" for j in range(8)}
    renamed = resolve([(i[::-1], rename[p], c) for i, p, c in annotations], crowds.CLASSES)
    for item, each in found.items():
        for c in crowds.CLASSES:
            assert renamed[item[::-1]].probability[c] == pytest.approx(
                each.probability[c], abs=2e-3
            )


@every
def test_what_all_say_is_the_label(resolve: Resolver) -> None:
    annotations = [(f"i{i}", f"p{j}", crowds.CLASSES[i % 3]) for i in range(9) for j in range(3)]
    found = resolve(annotations, crowds.CLASSES)
    assert all(found[f"i{i}"].label == crowds.CLASSES[i % 3] for i in range(9))
    assert all(r.agreement == 1 and r.probability[r.label] > 0.8 for r in found.values())


@every
def test_nobody_is_counted_twice_and_the_last_answer_counts(resolve: Resolver) -> None:
    annotations, _ = crowds.crowd(30)
    again = [(i, p, "a") for i, p, _ in annotations[:10]] + annotations
    assert resolve(again, crowds.CLASSES) == resolve(annotations, crowds.CLASSES)
    assert resolve([], crowds.CLASSES) == {}


@every
def test_probabilities_are_distributions_and_the_agreement_is_the_share(resolve: Resolver) -> None:
    annotations, _ = crowds.crowd(40, overlap=3)
    by_majority = majority(annotations, crowds.CLASSES)
    for item, each in resolve(annotations, crowds.CLASSES).items():
        assert sum(each.probability.values()) == pytest.approx(1)
        assert min(each.probability.values()) >= 0
        assert each.agreement == by_majority[item].probability.get(each.label, 0)


@every
def test_a_crowd_of_different_people_is_resolved_better_than_by_voting(resolve: Resolver) -> None:
    annotations, truth = crowds.crowd(400, 12, overlap=5, accuracy=(0.3, 0.95))

    def right(found: dict[str, Resolved]) -> float:
        return float(np.mean([found[item].label == true for item, true in truth.items()]))

    assert (
        right(resolve(annotations, crowds.CLASSES))
        > right(majority(annotations, crowds.CLASSES)) + 0.01
    )


@every
def test_one_class_one_person_and_one_item_are_no_special_case(resolve: Resolver) -> None:
    assert resolve([("1", "x", "a")], ["a"])["1"].label == "a"
    assert resolve([("1", "x", "b")], ["a", "b"])["1"].label == "b"
    assert resolve([("1", "x", "b"), ("1", "y", "b")], ["a", "b", "c"])["1"].label == "b"


def test_the_label_of_a_tie_is_the_commoner_class_whoever_answered_first() -> None:
    votes = crowds.votes_of([(0, 0, 0), (0, 1, 1), (1, 0, 1)], 2)
    assert labels_of(votes, votes.shares).tolist() == [1, 1]
    assert labels_of(votes.take(np.array([0, 1])), np.full((2, 2), 0.5))[0] == 0


# --- the formulas, as loops -------------------------------------------------------------------


def _dawid_skene(votes: Votes, strength: float, steps: int) -> np.ndarray:
    """EM of Dawid and Skene written as it stands in the paper, with the prior of the module."""
    n, j_, k_ = votes.n_items, votes.n_people, votes.n_classes
    rows = list(zip(votes.items, votes.people, votes.classes, strict=True))
    q = np.zeros((n, k_))
    for i, _, c in rows:
        q[i, c] += 1
    q /= q.sum(axis=1, keepdims=True)
    for _ in range(steps):
        counts = np.zeros((j_, k_, k_))
        for i, j, c in rows:
            for k in range(k_):
                counts[j, k, c] += q[i, k]
        right = sum(counts[j, k, k] for j in range(j_) for k in range(k_))
        overall = (right + 1) / (counts.sum() + 2)
        p = np.array([(q[:, k].sum() + 1) / (n + k_) for k in range(k_)])
        for i in range(n):
            for k in range(k_):
                value = p[k]
                for ii, j, c in rows:
                    if ii == i:
                        prior = overall if c == k else (1 - overall) / (k_ - 1)
                        value *= (counts[j, k, c] + strength * prior) / (
                            counts[j, k].sum() + strength
                        )
                q[i, k] = value
            q[i] /= q[i].sum()
    return q


@pytest.mark.parametrize("seed", range(6))
def test_dawid_skene_is_its_formula(seed: int) -> None:
    votes = crowds.random_votes(seed)
    for steps in (1, 2, 3):
        expected = _dawid_skene(votes, 0.7, steps)
        # EM may stop before; then the steps that are left change nothing that is seen.
        found = ds.fit(votes, strength=0.7, steps=steps).probs
        assert np.allclose(found, expected, atol=1e-9)


def test_em_never_makes_the_answers_less_likely() -> None:
    annotations, _ = crowds.crowd()
    from labelwright.loop.people.votes import table

    votes = table(annotations, crowds.CLASSES).votes
    values = [ds.fit(votes, strength=0.01, steps=s).log_likelihood for s in range(1, 12)]
    assert all(b > a - 1e-3 for a, b in pairwise(values))


@pytest.mark.parametrize("seed", range(4))
def test_glad_is_its_formula(seed: int) -> None:
    votes = crowds.random_votes(seed)
    rng = np.random.default_rng(seed)
    point = rng.normal(1, 0.5, votes.n_people + votes.n_items)
    found, likelihood = gl.beliefs(votes, point)
    total = 0.0
    for i in range(votes.n_items):
        weight = np.ones(votes.n_classes) / votes.n_classes
        for ii, j, c in zip(votes.items, votes.people, votes.classes, strict=True):
            if ii == i:
                right = 1 / (1 + np.exp(-point[j] * np.exp(point[votes.n_people + i])))
                for k in range(votes.n_classes):
                    weight[k] *= right if c == k else (1 - right) / (votes.n_classes - 1)
        total += np.log(weight.sum())
        assert np.allclose(found[i], weight / weight.sum())
    assert likelihood == pytest.approx(total - 0.5 * ((point - 1) ** 2).sum())
    right = found[votes.items, votes.classes]
    value, gradient = gl.objective(votes, right, point)
    for at in range(len(point)):
        step = np.eye(len(point))[at] * 1e-6
        by_difference = (
            gl.objective(votes, right, point + step)[0]
            - gl.objective(votes, right, point - step)[0]
        ) / 2e-6
        assert gradient[at] == pytest.approx(by_difference, abs=1e-4)
    assert np.isfinite(value)


@pytest.mark.parametrize("seed", range(4))
def test_mace_is_its_formula(seed: int) -> None:
    votes = crowds.random_votes(seed)
    rng = np.random.default_rng(seed)
    spam = rng.uniform(0.1, 0.9, votes.n_people)
    know = 1 - spam
    guess = rng.dirichlet(np.ones(votes.n_classes), votes.n_people)
    found, logs, knew = mc.beliefs(votes, spam, know, guess)
    for i in range(votes.n_items):
        weight = np.ones(votes.n_classes) / votes.n_classes
        for ii, j, c in zip(votes.items, votes.people, votes.classes, strict=True):
            if ii == i:
                for k in range(votes.n_classes):
                    weight[k] *= spam[j] * guess[j, c] + know[j] * (c == k)
        assert np.allclose(found[i], weight / weight.sum())
        assert logs[i] == pytest.approx(np.log(weight.sum()))
    for row, (i, j, c) in enumerate(zip(votes.items, votes.people, votes.classes, strict=True)):
        chance = know[j] / (know[j] + spam[j] * guess[j, c])
        assert knew[row] == pytest.approx(found[i, c] * chance)
