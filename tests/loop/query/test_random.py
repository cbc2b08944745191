from __future__ import annotations

import numpy as np
import pytest
from learners import trained

from labelwright.loop.query.random_ import random


def test_every_item_has_the_chance_it_says() -> None:
    X = np.zeros((12, 2), np.float32)
    runs = [random(trained(), X, 3, random_state=seed) for seed in range(4000)]
    counts = np.bincount(np.concatenate([run.indices for run in runs]), minlength=12)
    assert runs[0].probabilities.tolist() == [0.25] * 3
    assert counts / 4000 == pytest.approx(np.full(12, 0.25), abs=0.03)


def test_the_seed_decides() -> None:
    X = np.zeros((50, 2), np.float32)
    first = random(trained(), X, 9, random_state=1).indices
    assert first.tolist() == random(trained(), X, 9, random_state=1).indices.tolist()
    assert first.tolist() != random(trained(), X, 9, random_state=2).indices.tolist()
    assert sorted(random(trained(), X[:5], 9, random_state=0).indices.tolist()) == list(range(5))
