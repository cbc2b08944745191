from __future__ import annotations

import math

import numpy as np
import pytest
from learners import Learner, blobs, trained
from pools import pools
from posterior import sampler

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.ensemble import bootstraps, ensemble_of, entropy_of, votes


def test_models_on_bootstrap_samples_that_know_every_class() -> None:
    learner = trained(40)
    learner.y_training[:] = 0
    learner.y_training[7] = 3
    models = ensemble_of(learner, 6, 0)
    assert len(learner.fits) == models.size == 6
    for rows in learner.fits:
        assert len(rows) == 40
        assert 7 in rows
        assert len(set(rows.tolist())) < 40
    assert len({tuple(rows) for rows in learner.fits}) == 6


def test_each_model_gives_its_own_probabilities() -> None:
    learner, X = trained(), blobs(50)[0]
    probs = ensemble_of(learner, 3, 5)(X)
    assert probs.shape == (3, 50, 4)
    assert probs.dtype == np.float32
    for model, (rows, seed) in zip(probs, bootstraps(learner.y_training, 3, 5), strict=True):
        assert model == pytest.approx(learner.fit_again(rows, seed).predict_proba(X), abs=1e-6)


def test_what_the_learner_draws_itself_comes_first() -> None:
    pool = next(pools())
    learner = sampler(pool)
    probs = ensemble_of(learner, 4, 9)(pool.X)
    assert probs == pytest.approx(learner.predict_samples(pool.X, 4, 9), abs=1e-6)
    assert learner.fits == []


@pytest.mark.parametrize("size", [2, 3])
def test_over_blocks_it_is_the_same_models(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("labelwright.loop.query.ensemble._NUMBERS", 7 * size * 4)
    X = blobs(50)[0]
    models = ensemble_of(trained(), size, 0)
    parts = list(models.over(X))
    assert [start for start, _ in parts] == list(range(0, 50, 7))
    assert np.concatenate([probs for _, probs in parts], axis=1) == pytest.approx(
        models(X), abs=1e-6
    )


def test_the_seed_decides() -> None:
    X = blobs(20)[0]
    one, same, other = (ensemble_of(trained(), 3, seed)(X) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_it_needs_labels_and_two_models() -> None:
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        ensemble_of(learner, 3, 0)
    with pytest.raises(StrategyError, match="1 model cannot disagree"):
        ensemble_of(trained(), 1, 0)


class Broken(Learner):
    def predict_samples(self, X: np.ndarray, n: int, seed: int) -> np.ndarray:
        return np.full((n, len(X), seed), np.nan)


def test_broken_probabilities_are_an_error() -> None:
    learner = Broken(np.zeros((1, 2)), np.zeros(1, int), ("a", "b", "c"))
    with pytest.raises(StrategyError, match="not finite"):
        ensemble_of(learner, 3, 3)(np.zeros((5, 2)))
    with pytest.raises(StrategyError, match=r"shape \(3, 5, 2\), not \(3, 5, 3\)"):
        ensemble_of(learner, 3, 2)(np.zeros((5, 2)))


def test_entropy_and_votes() -> None:
    probs = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert entropy_of(probs) == pytest.approx([0, math.log(2)])
    ballots = np.array([[[0.9, 0.1]], [[0.2, 0.8]], [[0.3, 0.7]]])
    assert votes(ballots, ("no", "yes")) == ("3 models say: yes 2, no 1",)
