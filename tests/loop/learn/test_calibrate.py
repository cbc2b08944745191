from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.learn.calibrate import COLDEST, HOTTEST, softmax, temperature


def _sample(true_heat: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3)) * 2
    drawn = (softmax(logits).cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    return logits * true_heat, np.eye(3)[drawn]


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_it_finds_the_temperature_that_made_the_labels(heat: float) -> None:
    logits, targets = _sample(heat)
    assert temperature(logits, targets, np.ones(len(logits))) == pytest.approx(heat, rel=0.05)


def test_it_beats_a_grid() -> None:
    logits, targets = _sample(2.0)
    weights = np.random.default_rng(1).uniform(0, 2, len(logits))

    smooth = (weights.sum() * targets + 1 / 3) / (weights.sum() + 1)

    def loss(heat: float) -> float:
        return float(-(weights @ (smooth * np.log(softmax(logits / heat))).sum(axis=1)))

    best = temperature(logits, targets, weights)
    assert all(loss(best) <= loss(heat) + 1e-9 for heat in np.linspace(COLDEST, HOTTEST, 200))


def test_it_is_bounded() -> None:
    logits = np.array([[0.5, 0.0], [0.0, 0.5]])
    assert temperature(logits, np.eye(2), np.full(2, 50)) == COLDEST
    assert temperature(logits, np.eye(2)[::-1], np.full(2, 50)) == HOTTEST


def test_a_few_right_answers_do_not_make_it_certain() -> None:
    logits, right = np.array([[3.0, 0.0], [0.0, 3.0]]), np.eye(2)
    assert softmax(logits / temperature(logits, right, np.ones(2))).max() == pytest.approx(5 / 6)
