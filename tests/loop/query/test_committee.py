from __future__ import annotations

import math

import numpy as np
import pytest
from learners import Learner, blobs, trained

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.committee import committee
from labelwright.loop.query.contract import checked
from labelwright.loop.query.modal import committee_of


def _hard() -> tuple[Learner, np.ndarray]:
    learner = trained(24)
    learner.X_training = learner.X_training / 8
    return learner, blobs(60, seed=1)[0] / 8 + np.random.default_rng(0).normal(size=(60, 8)).astype(
        np.float32
    )


def _entropy(shares: list[float]) -> float:
    return -sum(p * math.log(p) for p in shares if p > 0)


def _plainly(measure: str, probs: np.ndarray) -> float:
    """probs (members, classes) of one item."""
    mean = probs.mean(axis=0)
    if measure == "vote_entropy":
        votes = probs.argmax(axis=1).tolist()
        return _entropy([votes.count(c) / len(votes) for c in range(probs.shape[1])])
    if measure == "consensus_entropy":
        return _entropy(mean.tolist())
    return max(float((member * np.log(member / mean)).sum()) for member in probs)


@pytest.mark.parametrize("measure", ["vote_entropy", "consensus_entropy", "max_disagreement"])
def test_it_is_the_brute_force_disagreement(measure: str) -> None:
    learner, X = _hard()
    chosen = checked(
        committee(learner, X, 10, random_state=4, size=4, disagreement=measure), len(X), 10
    )
    members = committee_of(learner, 4, 4)
    probs = np.stack([member.predict_proba(X) for member in members], axis=1)
    scores = np.array([_plainly(measure, item) for item in probs])
    assert scores.std() > 0
    assert scores[chosen.indices] == pytest.approx(np.sort(scores)[::-1][:10])
    assert chosen.utilities == pytest.approx(scores[chosen.indices])


def test_members_are_bootstrap_samples_that_know_every_class() -> None:
    learner = trained(40)
    learner.y_training[:] = 0
    learner.y_training[7] = 3
    committee_of(learner, 6, 0)
    assert len(learner.fits) == 6
    for rows in learner.fits:
        assert len(rows) == 40
        assert 7 in rows
        assert len(set(rows.tolist())) < 40
    assert len({tuple(rows) for rows in learner.fits}) == 6


def test_reasons_count_votes() -> None:
    learner, X = _hard()
    chosen = committee(learner, X, 5, random_state=0)
    assert all(reason.startswith("5 models say: ") for reason in chosen.reasons)
    tally = chosen.reasons[0].removeprefix("5 models say: ")
    assert sum(int(part.split()[1]) for part in tally.split(", ")) == 5


def test_the_seed_decides() -> None:
    learner, X = _hard()
    runs = [committee(learner, X, 8, random_state=s).indices.tolist() for s in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"disagreement": "votes"}, "no disagreement called votes"),
        ({"size": 1}, "committee of 1"),
    ],
)
def test_arguments_that_make_no_sense(arguments, says: str) -> None:
    with pytest.raises(StrategyError, match=says):
        committee(trained(), blobs(9)[0], 2, random_state=0, **arguments)


def test_it_needs_labels() -> None:
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        committee(learner, blobs(9)[0], 2, random_state=0)
