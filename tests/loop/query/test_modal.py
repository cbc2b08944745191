from __future__ import annotations

from functools import partial

import modAL.batch
import modAL.disagreement
import modAL.uncertainty
import numpy as np
import pytest
from learners import blobs, trained
from modAL.models import ActiveLearner, Committee
from sklearn.linear_model import LogisticRegression

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.committee import committee
from labelwright.loop.query.density_weighted import density_weighted
from labelwright.loop.query.entropy import entropy
from labelwright.loop.query.expected_gradient_length import expected_gradient_length
from labelwright.loop.query.k_means import k_means
from labelwright.loop.query.least_confidence import least_confidence
from labelwright.loop.query.margin import margin
from labelwright.loop.query.modal import from_modal
from labelwright.loop.query.multilabel_margin import multilabel_margin
from labelwright.loop.query.random_ import random
from labelwright.loop.query.ranked_batch import ranked_batch


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (modAL.uncertainty.margin_sampling, margin),
        (modAL.uncertainty.uncertainty_sampling, least_confidence),
        (modAL.uncertainty.entropy_sampling, entropy),
    ],
)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_modals_strategies_serve_as_ours(theirs, ours, n: int) -> None:
    learner, X = trained(), blobs(50, seed=1)[0]
    chosen = from_modal(theirs)(learner, X, n, random_state=0)
    assert set(chosen.indices.tolist()) == set(ours(learner, X, n).indices.tolist())
    assert len(chosen.indices) == n


def test_modals_committee_strategies_get_a_committee() -> None:
    learner, X = trained(), blobs(50, seed=1)[0]
    strategy = from_modal(modAL.disagreement.consensus_entropy_sampling)
    assert len(strategy(learner, X, 2, random_state=0).indices) == 2
    assert len(learner.fits) == 5


def test_random_ties_follow_our_seed_and_leave_numpys_alone() -> None:
    learner, X = trained(), np.ones((40, 8), np.float32)
    strategy = from_modal(modAL.uncertainty.margin_sampling)
    np.random.seed(5)
    expected = np.random.random(3).tolist()
    np.random.seed(5)
    runs = [
        strategy(learner, X, 4, random_state=s, random_tie_break=True).indices.tolist()
        for s in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]
    assert np.random.random(3).tolist() == expected


def test_a_pool_smaller_than_the_batch() -> None:
    strategy = from_modal(modAL.uncertainty.margin_sampling)
    assert len(strategy(trained(), blobs(3)[0], 10, random_state=0).indices) == 3


def test_an_error_within_a_strategy_is_not_swallowed() -> None:
    def broken(classifier, X, n_instances=1):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        from_modal(broken)(trained(), blobs(3)[0], 1, random_state=0)


def test_a_strategy_that_repeats_an_item_is_an_error() -> None:
    def twice(classifier, X, n_instances=1):
        return np.array([4, 4])

    with pytest.raises(StrategyError, match="more than once"):
        from_modal(twice)(trained(), blobs(9)[0], 2, random_state=0)


@pytest.mark.parametrize(
    "strategy",
    [
        random,
        margin,
        least_confidence,
        entropy,
        k_means,
        committee,
        partial(committee, by="learners"),
        ranked_batch,
        density_weighted,
        expected_gradient_length,
        multilabel_margin,
    ],
)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_ours_serve_in_modals_active_learner(strategy, n: int) -> None:
    X, labels = blobs(40)
    estimator = LogisticRegression().fit(X, labels)
    theirs = ActiveLearner(estimator, query_strategy=strategy)
    theirs.X_training, theirs.y_training = X, labels
    pool = blobs(60, seed=1)[0]
    indices, rows = theirs.query(pool, n, random_state=3)
    assert len(indices) == n  # bare arrays of two come out of modAL as one
    assert np.array_equal(rows, pool[indices])


@pytest.mark.parametrize("strategy", [margin, ranked_batch, density_weighted, k_means])
def test_those_that_train_no_model_serve_in_modals_committee(strategy) -> None:
    X, labels = blobs(40)
    seats = [ActiveLearner(LogisticRegression(C=C).fit(X, labels)) for C in (0.1, 10)]
    theirs = Committee(seats, query_strategy=strategy)
    theirs.X_training, theirs.y_training = X, labels
    indices, _ = theirs.query(blobs(60, seed=1)[0], n_instances=5)
    assert len(set(indices.tolist())) == 5


def test_the_trap_that_the_pair_avoids_is_real() -> None:
    X, labels = blobs(40)
    bare = ActiveLearner(
        LogisticRegression().fit(X, labels),
        query_strategy=lambda learner, pool, n: np.array([3, 7]),
    )
    indices, _ = bare.query(X, 2)
    assert np.size(indices) == 1
