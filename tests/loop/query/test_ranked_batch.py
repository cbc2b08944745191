from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from learners import blobs
from modAL.batch import ranked_batch as modals
from modAL.models import ActiveLearner
from oracles import entropy, least_confidence, margin
from oracles.ranked_batch import scores
from planted import planted
from pools import Pool, pools
from sklearn.linear_model import LogisticRegression
from told import differing, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import ranked_batch as module
from labelwright.loop.query.contract import checked
from labelwright.loop.query.ranked_batch import ranked_batch

TOLERANCE = 1e-5  # the squares of distances are summed in float32
MEASURES = {"margin": margin, "least_confidence": least_confidence, "entropy": entropy}


def _right(strategy, uncertainty: str, pool: Pool) -> bool:
    """Each choice is the best there is after those before it, and its utility what it should be."""
    probs = softmaxed(pool)
    chosen = strategy(telling(pool, probs), stored(pool), pool.n_instances, uncertainty=uncertainty)
    uncertain = [MEASURES[uncertainty].utility(row) for row in probs.tolist()]
    X, known = pool.X.tolist(), pool.X_training.tolist()
    for step, (index, utility) in enumerate(zip(chosen.indices, chosen.utilities, strict=True)):
        found = scores(X, uncertain, known, chosen.indices[:step].tolist())
        if index not in found or found[index] < max(found.values()) - TOLERANCE:
            return False
        if abs(found[index] - utility) > TOLERANCE:
            return False
    return len(chosen.indices) == pool.n_instances


@pytest.mark.parametrize("hot", [3, 16_384])
@pytest.mark.parametrize("uncertainty", MEASURES)
def test_it_is_its_oracle_on_every_pool(uncertainty: str, hot: int, monkeypatch) -> None:
    """With three items kept up to date at a time most of the pool is known by bounds alone."""
    monkeypatch.setattr(module, "_BLOCK", 7)
    monkeypatch.setattr(module, "_HOT", hot)
    assert differing(partial(_right, ranked_batch, uncertainty)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("best = int(scores.argmax())", "best = int(scores.argmin())"),
        ("row, score, distance = int(self.rows[best])", "row, score, distance = best"),
        ("- half).argmax(axis=1)", "- half).argmin(axis=1)"),
        ("self.block[best]))", "self.block[best - 1]))"),
        ("centres[self.n_centres] = self.block[best]", "centres[self.n_centres] = self.block[0]"),
        ("self.seen[self.rows].min() : self", "self.n_centres : self"),
    ],
)
def test_the_oracle_notices_a_wrong_index(old: str, new: str) -> None:
    broken = planted("ranked_batch", old, new)
    broken.__dict__["_HOT"] = 3
    assert len(differing(partial(_right, broken.ranked_batch, "least_confidence"))) > 20


def test_it_is_modals_own_function() -> None:
    for pool in pools(60):
        probs = softmaxed(pool)
        theirs = ActiveLearner(LogisticRegression())
        theirs.X_training, theirs.y_training = pool.X_training, pool.y_training
        expected, _ = modals(
            theirs, pool.X, 1 - probs.max(axis=1), pool.n_instances, "euclidean", None
        )
        ours = ranked_batch(telling(pool, probs), pool.X, pool.n_instances)
        assert ours.indices.tolist() == expected.tolist()


def test_without_labels_the_most_uncertain_is_first_and_then_what_is_unlike_it() -> None:
    for pool in pools(40):
        probs = softmaxed(pool)
        chosen = ranked_batch(telling(pool, probs, with_labels=False), pool.X, pool.n_instances)
        first = int(chosen.indices[0])
        assert first == int(probs.max(axis=1).argmin())
        assert "nothing is labelled" in chosen.reasons[0]
        uncertain = (1 - probs.max(axis=1)).tolist()
        for step in range(1, len(chosen.indices)):
            found = scores(pool.X.tolist(), uncertain, [], chosen.indices[:step].tolist())
            assert found[int(chosen.indices[step])] >= max(found.values()) - TOLERANCE


def test_equal_rows_far_from_zero_are_at_no_distance() -> None:
    X = blobs(20)[0] + 1000
    X[7] = X[3]
    expected = np.linalg.norm(X - X[3], axis=1)
    for found in (
        module._to_nearest(X, X[3:4]),
        module._to(X, module._squares(X), X[3]),
    ):
        assert found[[3, 7]].tolist() == [0, 0]
        assert found == pytest.approx(expected, rel=1e-3)


def test_reasons_edges_and_errors() -> None:
    pool = next(iter(pools(1)))
    learner = telling(pool, softmaxed(pool))
    assert ranked_batch(learner, pool.X, 1).reasons[0].startswith("distance ")
    assert len(ranked_batch(learner, pool.X[:0], 3).indices) == 0
    assert len(ranked_batch(learner, pool.X, 0).indices) == 0
    everything = checked(ranked_batch(learner, pool.X, 99), len(pool.X), 99)
    assert len(everything.indices) == len(pool.X)
    with pytest.raises(StrategyError, match="no uncertainty called guess"):
        ranked_batch(learner, pool.X, 1, uncertainty="guess")
