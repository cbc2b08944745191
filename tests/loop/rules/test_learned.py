"""The label model that learns without labels, beside Bayes' rule written out and beside what was planted."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from labelwright.loop.rules.label_model import rates
from labelwright.loop.rules.learned import UNAIDED, by_witnesses, learned, voiced
from labelwright.loop.rules.votes import Votes


def _votes(fired: np.ndarray, within: np.ndarray, odds: float = 5.0) -> Votes:
    n, r = fired.shape
    names = tuple(f"r{j}" for j in range(r))
    return Votes(names, fired, within, np.full(r, odds), np.zeros(n, bool))


def _planted(
    seed: int, accuracy: np.ndarray, n: int = 40_000, n_classes: int = 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes (n,), firing (n, R), within (R, n_classes): even classes, one class a rule in turn."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    within = np.eye(n_classes, dtype=bool)[np.arange(len(accuracy)) % n_classes]
    coverage = rng.uniform(0.06, 0.15, len(accuracy))
    rate = rates(coverage, accuracy, within, np.full(n_classes, 1 / n_classes))
    return y, rng.random((n, len(accuracy))) < rate[:, y].T, within


@pytest.mark.parametrize("seed", range(4))
def test_what_votes_come_to_is_bayes_over_the_rules_that_fire(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, r = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    classes, rate = rng.dirichlet(np.ones(k)), rng.uniform(0.02, 0.9, (r, k))
    voice = rng.uniform(0.2, 1, r)
    for pattern in product((False, True), repeat=r):
        told = []
        for c in range(k):
            p = classes[c]
            for j, fires in enumerate(pattern):
                p *= rate[j, c] ** voice[j] if fires else 1
            told.append(p)
        found = voiced(np.array([pattern]), rate, voice, classes)[0]
        assert found.tolist() == pytest.approx([p / sum(told) for p in told], abs=1e-12)


def test_a_rule_that_speaks_alone_says_its_accuracy() -> None:
    classes = np.array([0.5, 0.3, 0.2])
    within = np.array([[True, False, False], [False, True, True]])
    rate = rates(np.array([0.1, 0.2]), np.array([0.9, 0.7]), within, classes)
    found = voiced(np.eye(2, dtype=bool), rate, np.ones(2), classes)
    assert (found * within).sum(axis=1).tolist() == pytest.approx([0.9, 0.7])


@pytest.mark.parametrize("seed", range(3))
def test_the_truth_is_where_witnesses_agree_exactly(seed: int) -> None:
    """With the moments of the model itself, enumerated, every witness tells the planted accuracy."""
    rng = np.random.default_rng(seed)
    classes = np.full(3, 1 / 3)
    within = np.eye(3, dtype=bool)[np.arange(7) % 3]
    accuracy, coverage = rng.uniform(0.5, 0.95, 7), rng.uniform(0.05, 0.2, 7)
    rate = rates(coverage, accuracy, within, classes)
    together = np.array(
        [
            [
                coverage[j]
                if j == k
                else sum(classes[c] * rate[j, c] * rate[k, c] for c in range(3))
                for k in range(7)
            ]
            for j in range(7)
        ]
    )
    found, copied = by_witnesses(together, 10**6, within, classes, accuracy, share=1.0)
    assert found.tolist() == pytest.approx(accuracy.tolist(), abs=1e-6)
    assert copied.max() < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_planted_accuracies_are_found_without_a_label(seed: int) -> None:
    accuracy = np.array([0.95, 0.6, 0.8, 0.7, 0.9, 0.55, 0.85, 0.75, 0.65])
    y, fired, within = _planted(seed, accuracy)
    true = np.array([within[j][y[fired[:, j]]].mean() for j in range(9)])
    votes = _votes(fired, within)
    found, _ = by_witnesses(
        (fired.T.astype(float) @ fired) / len(y), len(y), within, np.full(3, 1 / 3),
        np.full(9, 5 / 6), share=1.0,
    )  # fmt: skip
    assert np.abs(found - true).max() < 0.15
    assert np.abs(found - true).mean() < 0.08 < np.abs(5 / 6 - true).mean()
    half = learned(votes)
    assert half is not None
    assert half.accuracy.tolist() == pytest.approx(half.unaided.tolist())
    assert np.abs(half.accuracy - true).mean() < 0.65 * np.abs(5 / 6 - true).mean()
    assert np.corrcoef(half.accuracy, true)[0, 1] > 0.9


def test_copies_have_one_voice_together() -> None:
    _, fired, within = _planted(0, np.array([0.9, 0.8, 0.85, 0.7, 0.8, 0.9]))
    thrice = np.concatenate([fired, fired[:, :1], fired[:, :1]], axis=1)
    more = np.concatenate([within, within[:1], within[:1]])
    model = learned(_votes(thrice, more))
    assert model is not None
    assert model.voice[[0, 6, 7]].sum() == pytest.approx(1, abs=0.15)
    assert model.voice[1:6].min() > 0.85
    alone = np.zeros((1, 8), bool)
    alone[0, [0, 6, 7]] = True
    said = model.probabilities(_votes(alone, more))[0, 0]
    assert said == pytest.approx(model.accuracy[0], abs=0.05)


def test_labels_go_before_what_was_learned_without_them() -> None:
    y, fired, within = _planted(1, np.array([0.9, 0.8, 0.4, 0.7, 0.8, 0.9]), n=8_000)
    votes = _votes(fired, within)
    known = np.arange(2_000)
    before, after = learned(votes), learned(votes, votes.take(known), np.eye(3)[y[known]])
    assert before is not None
    assert after is not None
    true = np.array([within[j][y[fired[:, j]]].mean() for j in range(6)])
    assert np.abs(after.accuracy - true).max() < 0.06
    assert abs(after.accuracy[2] - true[2]) < abs(before.accuracy[2] - true[2])
    spoke = fired[known].sum(axis=0)
    assert after.worth.tolist() == pytest.approx((UNAIDED + spoke).tolist())
    low, high = after.interval()
    assert ((low < after.accuracy) & (after.accuracy < high)).all()
    wide = np.subtract(*before.interval()[::-1])
    assert (high - low < wide).all()


def test_the_weight_of_a_rule_is_respected() -> None:
    _, fired, within = _planted(2, np.full(6, 0.8), n=4_000)
    odds = np.array([25.0, 5, 5, 5, 5, 1.5])
    votes = Votes(tuple("abcdef"), fired, within, odds, np.zeros(len(fired), bool))
    model, plain = learned(votes), learned(_votes(fired, within))
    assert model is not None
    assert plain is not None
    assert model.accuracy[0] > plain.accuracy[0]
    assert model.accuracy[5] < plain.accuracy[5]


def test_vetoed_items_and_rules_that_tell_nothing() -> None:
    fired = np.array([[True, False], [True, True], [False, False], [False, True]])
    within = np.array([[True, False], [True, True]])
    votes = _votes(fired, within)
    votes.vetoed[1] = True
    model = learned(votes)
    assert model is not None
    assert model.rules.tolist() == [0]
    found = model.probabilities(votes)
    assert found[[1, 2, 3]].tolist() == [[0.5, 0.5]] * 3
    assert found[0, 0] == pytest.approx(5 / 6)
    assert learned(_votes(fired[:, 1:], within[1:])) is None
    assert learned(_votes(np.zeros((3, 1), bool), within[:1])) is None
