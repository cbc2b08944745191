from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import modAL.disagreement as modal
import numpy as np
import pytest
from learners import Learner, blobs, trained
from oracles.committee import choose, disagreement
from planted import planted
from pools import Pool
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB
from told import Told, differing, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import members as members_
from labelwright.loop.query.committee import DISAGREEMENTS, committee
from labelwright.loop.query.contract import checked
from labelwright.loop.query.members import LEARNERS, members
from labelwright.loop.query.modal import committee_of


def _hard() -> tuple[Learner, np.ndarray]:
    learner = trained(24)
    learner.X_training = learner.X_training / 8
    return learner, blobs(60, seed=1)[0] / 8 + np.random.default_rng(0).normal(size=(60, 8)).astype(
        np.float32
    )


@dataclass
class Opinionated:
    """Trains members that are linear by chance, drawn from the seed; the labels count for nothing."""

    pool: Pool
    classes: tuple[str, ...]
    X_training: np.ndarray
    y_training: np.ndarray

    def fit_again(self, rows: np.ndarray, seed: int) -> Told:
        return telling(self.pool, softmaxed(replace(self.pool, seed=seed % 2**31)))


def _right(strategy, measure: str, pool: Pool) -> bool:
    learner = Opinionated(pool, pool.classes, pool.X_training, pool.y_training)
    chosen = strategy(
        learner, stored(pool), pool.n_instances, random_state=3, size=4, disagreement=measure
    )
    panel = members(learner, 4, 3, "bootstrap")
    opinions = np.stack([member.predict_proba(pool.X) for member in panel], axis=1)
    if chosen.indices.tolist() != choose(measure, opinions.tolist(), pool.n_instances):
        return False
    values = [disagreement(measure, opinions[i].tolist()) for i in chosen.indices]
    return bool(np.allclose(chosen.utilities, values, rtol=0, atol=1e-9))


@pytest.mark.parametrize("measure", DISAGREEMENTS)
def test_it_is_its_oracle_on_every_pool(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelwright.loop.query.committee._NUMBERS", 100)  # small blocks
    assert differing(partial(_right, committee, measure)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("= order[top(utilities[order], n_instances)]", "= top(utilities[order], n_instances)"),
        ("argsort(-consensus", "argsort(consensus"),
        ("opinions.argmax(axis=2)", "opinions.argmin(axis=2)"),
        ("utilities[rows] = measured", "utilities[: len(block)] = measured"),
    ],
)
def test_the_oracle_notices_a_wrong_index(old: str, new: str) -> None:
    broken = planted("committee", old, new)
    broken.__dict__["_NUMBERS"] = 100  # small blocks
    assert len(differing(partial(_right, broken.committee, "vote_entropy"))) > 20


@pytest.mark.parametrize("by", ["bootstrap", "learners"])
@pytest.mark.parametrize(
    ("measure", "theirs"),
    [
        ("vote_entropy", modal.vote_entropy),
        ("consensus_entropy", modal.consensus_entropy),
        ("max_disagreement", modal.KL_max_disagreement),
    ],
)
def test_the_measures_are_modals(measure: str, theirs, by: str) -> None:
    learner, X = _hard()
    panel = committee_of(learner, 5, 4, by)
    values = theirs(panel, X)
    assert values.std() > 0
    chosen = committee(learner, X, 60, random_state=4, disagreement=measure, by=by)
    assert chosen.utilities == pytest.approx(values[chosen.indices], abs=1e-9)


@pytest.mark.parametrize("measure", DISAGREEMENTS)
def test_it_is_the_brute_force_disagreement(measure: str) -> None:
    learner, X = _hard()
    chosen = checked(
        committee(learner, X, 10, random_state=4, size=4, disagreement=measure), len(X), 10
    )
    members = committee_of(learner, 4, 4)
    probs = np.stack([member.predict_proba(X) for member in members], axis=1)
    scores = np.array([disagreement(measure, item) for item in probs.tolist()])
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
        ({"by": "magic"}, "no way called magic"),
        ({"by": "learners", "size": 6}, "there are 5"),
    ],
)
def test_arguments_that_make_no_sense(arguments, says: str) -> None:
    with pytest.raises(StrategyError, match=says):
        committee(trained(), blobs(9)[0], 2, random_state=0, **arguments)


@pytest.mark.parametrize("by", ["bootstrap", "learners"])
def test_it_needs_labels(by: str) -> None:
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        committee(learner, blobs(9)[0], 2, random_state=0, by=by)


def test_learners_are_of_different_kinds_and_know_the_blobs() -> None:
    learner, (X, labels) = trained(60), blobs(200, seed=1)
    panel = members(learner, 5, 0, "learners")
    assert len(panel) == len(LEARNERS)
    for member in panel:
        probs = member.predict_proba(X)
        assert probs.sum(axis=1) == pytest.approx(np.ones(200))
        assert (probs.argmax(axis=1) == labels).mean() > 0.95


@pytest.mark.parametrize(
    "labels", [[0, 1, 2, 3], [0, 2], [1], [1, 1, 1], [3, 3, 0]], ids=lambda v: str(v)
)
def test_learners_do_with_one_label_a_class_and_with_one_class(labels: list[int]) -> None:
    X, blob = blobs(40, seed=5)
    rows = [int(np.flatnonzero(blob == label)[i]) for i, label in enumerate(labels)]
    learner = Learner(X[rows], np.array(labels), ("w", "x", "y", "z"))
    pool, truth = blobs(80, seed=1)
    for member in members(learner, 5, 0, "learners"):
        probs = member.predict_proba(pool)
        assert np.isfinite(probs).all()
        assert probs.sum(axis=1) == pytest.approx(np.ones(80))
        known = np.isin(truth, labels)
        assert (probs.argmax(axis=1) == truth)[known].mean() > 0.8
    chosen = checked(
        committee(learner, pool, 7, by="learners", disagreement="mean_disagreement"), 80, 7
    )
    assert len(chosen.indices) == 7


def test_labelled_rows_that_are_all_equal() -> None:
    learner = Learner(np.ones((3, 8), np.float32), np.array([0, 1, 1]), ("a", "b"))
    chosen = checked(committee(learner, blobs(20)[0], 5, by="learners"), 20, 5)
    assert len(chosen.indices) == 5


def test_the_gaussians_are_scikit_learns_but_for_the_shrinkage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner, X = trained(300), blobs(50, seed=1)[0] / 3
    learner.X_training = learner.X_training / 3
    y = learner.y_training
    variances = np.stack([learner.X_training[y == c].var(axis=0) for c in range(4)])
    scale = learner.X_training.var(axis=0).mean()

    theirs = GaussianNB().fit(learner.X_training, y)
    theirs.var_ = (variances + scale) / 2
    ours = members_._naive_bayes(learner.X_training, y).predict_proba(X)
    assert ours == pytest.approx(theirs.predict_proba(X), abs=1e-4)

    class Shrunk:
        def fit(self, rows):
            self.covariance_ = (np.cov(rows.T, bias=True) + scale * np.eye(8)) / 2

    lda = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=Shrunk())
    lda.fit(learner.X_training, y)
    ours = members_._discriminant(learner.X_training, y).predict_proba(X)
    assert ours == pytest.approx(lda.predict_proba(X), abs=1e-4)
