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

    def loss(heat: float) -> float:
        return float(-(weights @ (targets * np.log(softmax(logits / heat))).sum(axis=1)))

    best = temperature(logits, targets, weights)
    assert all(loss(best) <= loss(heat) + 1e-9 for heat in np.linspace(COLDEST, HOTTEST, 200))


def test_it_is_bounded() -> None:
    logits = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert temperature(logits, np.eye(2), np.ones(2)) == COLDEST
    assert temperature(logits, np.eye(2)[::-1], np.ones(2)) == HOTTEST
