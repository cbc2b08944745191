from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.head import balanced_weights, head


def _blobs(n: int, n_classes: int = 4, dim: int = 20, noise: float = 1.0, seed: int = 0):
    centres = np.random.default_rng(99).normal(size=(n_classes, dim))
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n)
    return (centres[labels] + noise * rng.normal(size=(n, dim))).astype(np.float32), labels


def test_it_learns() -> None:
    X, labels = _blobs(80)
    model = head(random_state=0).fit(X, np.eye(4)[labels])
    fresh, truth = _blobs(500, seed=1)
    probs = model.predict_proba(fresh)
    assert (probs.argmax(axis=1) == truth).mean() > 0.9
    assert probs.sum(axis=1) == pytest.approx(1)


def test_the_encoders_scale_and_origin_do_not_matter() -> None:
    X, labels = _blobs(60)
    fresh = _blobs(50, seed=1)[0]
    plain = head(random_state=0).fit(X, np.eye(4)[labels]).predict_proba(fresh)
    moved = head(random_state=0).fit(X * 50 + 7, np.eye(4)[labels]).predict_proba(fresh * 50 + 7)
    assert moved == pytest.approx(plain, abs=1e-3)


def test_classes_without_labels_get_laplaces_probability() -> None:
    X, labels = _blobs(30, n_classes=3)
    probs = head(random_state=0).fit(X, np.eye(5)[labels]).predict_proba(X)
    assert probs[:, 3:] == pytest.approx(1 / 35)
    assert probs.sum(axis=1) == pytest.approx(1)
    assert (probs.argmax(axis=1) == labels).mean() > 0.8


@pytest.mark.parametrize("n", [1, 2, 30])
def test_one_class_alone(n: int) -> None:
    X = _blobs(n)[0]
    targets = np.tile([0.0, 1.0, 0.0], (n, 1))
    probs = head(random_state=0).fit(X, targets).predict_proba(X)
    assert probs[:, 1] == pytest.approx(1 - 2 / (n + 3))
    assert head(random_state=0).fit(X, np.ones((n, 1))).predict_proba(X) == pytest.approx(1)


def test_two_labels_of_two_classes() -> None:
    X, _ = _blobs(2)
    probs = head(random_state=0).fit(X, np.eye(2)).predict_proba(X)
    assert probs.argmax(axis=1).tolist() == [0, 1]


def _log_loss(probs: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(probs[np.arange(len(labels)), labels]).mean())


def test_calibration_repairs_overconfidence() -> None:
    X, labels = _blobs(150, noise=4.0)
    fresh, truth = _blobs(3000, noise=4.0, seed=1)
    raw = head(random_state=0).fit(X, np.eye(4)[labels], calibrate=False)
    calibrated = head(random_state=0).fit(X, np.eye(4)[labels])
    assert calibrated.state()["temperature"][0] > 1.5
    assert raw.state()["temperature"][0] == 1
    better, worse = (_log_loss(m.predict_proba(fresh), truth) for m in (calibrated, raw))
    assert better < worse - 0.02


def test_rare_classes_do_not_break_calibration() -> None:
    X, labels = _blobs(40)
    labels[:3] = [4, 5, 6]
    probs = head(random_state=0).fit(X, np.eye(7)[labels]).predict_proba(X)
    assert np.isfinite(probs).all()


def test_state_restores_the_very_same_model() -> None:
    X, labels = _blobs(40)
    learner = head(random_state=0)
    model = learner.fit(X, np.eye(6)[labels])
    again = learner.restore(model.state())
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


_SCRIPT = """
import hashlib, numpy as np
from labelwright.loop.learn.head import head
rng = np.random.default_rng(0)
X = rng.normal(size=(90, 120)).astype(np.float32)
model = head(random_state=3).fit(X, np.eye(4)[rng.integers(4, size=90)])
print(hashlib.sha256(model.predict_proba(X).tobytes()).hexdigest())
"""


def test_two_processes_give_the_same_bits() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout.strip()) == len(hashlib.sha256().hexdigest())


def test_weights_count_as_repetitions() -> None:
    X, labels = _blobs(30)
    targets = np.eye(4)[labels]
    learner = head(random_state=0)
    none = learner.fit(X, targets, np.r_[np.ones(20), np.zeros(10)], calibrate=False)
    first = learner.fit(X[:20], targets[:20], calibrate=False)
    assert none.predict_proba(X).argmax(axis=1).tolist() == pytest.approx(
        first.predict_proba(X).argmax(axis=1).tolist()
    )


def test_what_cannot_be_learned_from_says_so() -> None:
    learner = head(random_state=0)
    X, labels = _blobs(20)
    with pytest.raises(DataError, match="no label"):
        learner.fit(X[:0], np.zeros((0, 4)))
    model = learner.fit(X, np.eye(4)[labels])
    with pytest.raises(DataError, match="vectors of 20 numbers"):
        model.predict_proba(X[:, :5])
    X[3, 2] = np.nan
    with pytest.raises(DataError, match="labelled item 3"):
        learner.fit(X, np.eye(4)[labels])
    with pytest.raises(DataError, match="item 3"):
        model.predict_proba(X)


def test_balance_lets_a_rare_class_be_found_more_often() -> None:
    X, labels = _blobs(400, n_classes=2, dim=4, noise=2.5)
    keep = (labels == 0) | (np.cumsum(labels == 1) <= 25)
    X, labels = X[keep], labels[keep]
    fresh, truth = _blobs(2000, n_classes=2, dim=4, noise=2.5, seed=1)
    recall = []
    for balance in (0.0, 0.5, 1.0):
        model = head(balance=balance, random_state=0).fit(X, np.eye(2)[labels])
        recall.append((model.predict_proba(fresh)[truth == 1].argmax(axis=1) == 1).mean())
    assert recall[0] + 0.05 < recall[1] < recall[2] - 0.05


def test_balanced_weights_make_classes_weigh_alike_and_keep_their_sum() -> None:
    rng = np.random.default_rng(0)
    targets = np.eye(4)[rng.choice(3, 50, p=[0.7, 0.2, 0.1])]
    weights = rng.uniform(0.5, 2, 50)
    found = balanced_weights(targets, weights, 1.0) * weights
    assert found.sum() == pytest.approx(weights.sum())
    assert found @ targets == pytest.approx([weights.sum() / 3] * 3 + [0])
    assert balanced_weights(targets, weights, 0.0) == pytest.approx(1)
    half = balanced_weights(targets, np.ones(50), 0.5)
    counts = targets.sum(axis=0)
    first, second = half[targets[:, 0] == 1][0], half[targets[:, 1] == 1][0]
    assert second / first == pytest.approx((counts[0] / counts[1]) ** 0.5)


def test_balance_out_of_range_is_refused() -> None:
    with pytest.raises(PluginError, match="balance = 2"):
        head(balance=2.0, random_state=0)
    with pytest.raises(PluginError, match="several classes an item"):
        head(threshold=0.5, random_state=0)
