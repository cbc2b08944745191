from __future__ import annotations

import time

import numpy as np
import pytest

from labelwright.dsl.task import Call, Cap, PseudoLabels
from labelwright.loop.learn.head import head
from labelwright.loop.learn.threshold import aligned, retrain, select, threshold
from labelwright.loop.ports import Pseudo


def _settings(share: float = 0.9, **more: object) -> PseudoLabels:
    return PseudoLabels.model_validate(
        {"method": Call(name="threshold"), "threshold": share, "cap": Cap(per_label=3)} | more
    )


def _run(X: np.ndarray, y: np.ndarray, U: np.ndarray, n_classes: int = 2, **more: object) -> Pseudo:
    return threshold(
        learner=head(random_state=0),
        X_labelled=X,
        targets=np.eye(n_classes)[y],
        X_unlabelled=U,
        settings=_settings(**more),  # type: ignore[arg-type]
        class_ids=tuple("abcdefgh"[:n_classes]),
        random_state=0,
    )


def _clusters(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two well parted clouds in many dimensions, of which one tells them apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, 60))
    X[:, 0] += np.where(y == 0, -2.0, 2.0)
    return X.astype(np.float32), y


def _far_off(n: int, seed: int) -> np.ndarray:
    """Unlabelled items that have nothing to say of the classes, but lie far out elsewhere."""
    rng = np.random.default_rng(seed)
    U = rng.normal(size=(n, 60)) * 0.1
    U[:, 1] = rng.choice([-30.0, 30.0], size=n)
    return U.astype(np.float32)


def _accuracy(made: Pseudo, seed: int = 9) -> float:
    X, y = _clusters(2000, seed)
    return float((made.model.predict_proba(X).argmax(axis=1) == y).mean())


def _loss(model: object, seed: int = 9) -> float:
    X, y = _clusters(2000, seed)
    return float(-np.log(model.predict_proba(X)[np.arange(2000), y]).mean())  # type: ignore[attr-defined]


def test_where_they_help_the_gate_opens() -> None:
    X, y = _clusters(24, 0)
    U, truth = _clusters(2000, 1)
    made = _run(X, y, U, share=0.8)
    assert made.gate == "open"
    assert made.score < made.supervised_score
    assert len(made.rows) == 72
    assert (truth[made.rows] == made.labels).mean() > 0.9
    plain = head(random_state=0).fit(X, np.eye(2)[y])
    assert _loss(made.model) < _loss(plain)
    assert _accuracy(made) > 0.9
    assert "over 24 labels" in made.why


def test_where_they_hurt_the_gate_closes_and_the_plain_model_is_kept() -> None:
    X, y = _clusters(40, 0)
    U = _far_off(2000, 1)
    made = _run(X, y, U, share=0.8)
    assert made.gate == "closed"
    assert "no clear gain" in made.why
    assert made.score > made.supervised_score
    assert len(made.rows) == len(made.labels) == 0
    plain = head(random_state=0).fit(X, np.eye(2)[y])
    fresh = _clusters(50, 5)[0]
    assert np.array_equal(made.model.predict_proba(fresh), plain.predict_proba(fresh))
    rows, labels = select(
        plain.predict_proba(U), np.eye(2)[y], _settings(), np.array([0.8, 0.8]), 0
    )
    forced = retrain(head(random_state=0), X, np.eye(2)[y], U[rows], labels)
    assert _loss(forced) > _loss(plain)  # the gate was right


def test_labels_that_say_nothing_do_not_open_it() -> None:
    opened = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, U = rng.normal(size=(60, 20)), rng.normal(size=(500, 20))
        made = _run(X, rng.integers(2, size=60), U, share=0.6)
        opened += made.gate == "open"
    assert opened <= 1


def test_too_few_labels_close_it_and_it_says_so() -> None:
    X, y = _clusters(12, 0)
    made = _run(X, y, _clusters(500, 1)[0])
    assert made.gate == "closed"
    assert "too few" in made.why
    assert np.isnan(made.score)
    singles = np.arange(8)
    made = _run(_clusters(8, 0)[0], singles, _clusters(500, 1)[0], n_classes=8)
    assert made.why.startswith("0 labels of classes with two or more")


def test_nothing_sure_nothing_unlabelled() -> None:
    X, y = _clusters(40, 0)
    made = _run(X, y, _clusters(500, 1)[0], share=1.0)
    assert (made.gate, made.why) == ("closed", "the model is sure enough of no unlabelled item")
    assert _run(X, y, X[:0]).gate == "closed"


def test_each_class_has_its_threshold_and_its_cap() -> None:
    targets = np.eye(3)[[0, 0, 1, 1, 1, 2]]
    probs = np.array([[0.9, 0.05, 0.05]] * 9 + [[0.1, 0.8, 0.1]] * 5 + [[0.0, 0.3, 0.7]] * 9)
    settings = _settings(cap=Cap(per_label=1.5), distribution_alignment=False)
    rows, labels = select(probs, targets, settings, np.array([0.85, 0.85, 0.6]), 0)
    assert np.bincount(labels, minlength=3).tolist() == [3, 0, 1]
    assert probs[rows].argmax(axis=1).tolist() == labels.tolist()
    assert rows.tolist() == sorted(set(rows.tolist()))
    uncapped = _settings(cap=None, distribution_alignment=False)
    rows, labels = select(probs, targets, uncapped, np.array([0.85, 0.8, 0.75]), 0)
    assert np.bincount(labels, minlength=3).tolist() == [9, 5, 0]


def test_the_task_files_thresholds_are_by_class_id() -> None:
    X, y = _clusters(24, 0)
    made = _run(X, y, _clusters(2000, 1)[0], share=0.8, thresholds={"b": 1.0})
    assert set(made.labels.tolist()) <= {0}


def test_alignment_brings_the_mean_to_the_labels_distribution() -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet([6, 2, 2, 1], size=5000)
    counts = np.array([10, 10, 20, 0])
    scaled = aligned(probs, counts)
    assert scaled.sum(axis=1) == pytest.approx(1)
    prior = np.array([12, 12, 22, 0]) / 46
    assert np.abs(scaled.mean(axis=0) - prior).max() < 0.1 < np.abs(probs.mean(0) - prior).max()
    assert (scaled[:, 3] == 0).all()
    ratio = scaled[:, 0] / scaled[:, 1] / (probs[:, 0] / probs[:, 1])
    assert ratio == pytest.approx(ratio[0])


def test_pseudo_labels_together_weigh_no_more_than_the_labels() -> None:
    X, y = _clusters(20, 0)
    U, u = _clusters(60, 1)
    made = retrain(head(random_state=0), X, np.eye(2)[y], U, u)
    expected = head(random_state=0).fit(
        np.concatenate([X, U]),
        np.eye(2)[np.concatenate([y, u])],
        np.r_[np.ones(20), np.full(60, 1 / 3)],
        calibrate=False,
    )
    assert np.array_equal(made.predict_proba(X), expected.predict_proba(X))


def test_it_is_deterministic_and_quick_on_a_real_size() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 384))
    y = rng.integers(4, size=16_200)
    X = (centres[y] + 3 * rng.normal(size=(16_200, 384))).astype(np.float32)
    start = time.process_time()
    first = _run(X[:200], y[:200], X[200:], n_classes=4, share=0.95)
    assert time.process_time() - start < 20  # seconds; about 2 on an idle core
    second = _run(X[:200], y[:200], X[200:], n_classes=4, share=0.95)
    assert first.rows.tolist() == second.rows.tolist()
    assert first.score == second.score
