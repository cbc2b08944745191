"""How much may be learned of each person: the model of people that foretells answers best, or plain voting.

Learning a confusion matrix for everybody takes many answers; with few, voting is better. So models are tried,
from the plainest to the richest, on answers that they did not see, and the plainest is taken whose mean
log-likelihood of these is within one standard error of the best (the rule of Breiman et al. 1984):

- voting: all people are right equally often;
- accuracy: each person has an accuracy (the one-coin model of Dawid & Skene), shrunk to everybody's;
- confusions: each person has a confusion matrix, shrunk to the accuracy by the worth of 64, 16, 4 or 1
  answers a class (`dawid_skene`).

The classes are taken to be equally likely beforehand, as in voting; for `accuracy`, half-way between that and
their shares of the votes, which errors that fall evenly make more even than the truth. With two classes
confusions are not tried: whether people miss the one class or are too ready with the other cannot well be
told from how common it is, and a matrix learned there follows what people have in common in their mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.loop.people.dawid_skene import Confusions, fit
from labelwright.loop.people.votes import Votes

FOLDS = 5
_LARGE = 100_000  # answers, above which one fold of ten is held out, once
_SEED = 20_221_012


@dataclass(frozen=True)
class Candidate:
    """A model of people: its name for the report, and how `dawid_skene.fit` is called for it."""

    name: str
    strength: float
    own_accuracy: bool

    def fit(self, votes: Votes, logs: np.ndarray | None, apart: np.ndarray | None) -> Confusions:
        """The model learned from these answers."""
        return fit(
            votes,
            prior=_prior(votes)
            if self is ACCURACY
            else np.full(votes.n_classes, 1 / votes.n_classes),
            strength=self.strength,
            own_accuracy=self.own_accuracy,
            logs=logs,
            apart=apart,
        )


VOTING = Candidate("voting", np.inf, own_accuracy=False)
ACCURACY = Candidate("accuracy", np.inf, own_accuracy=True)
CONFUSIONS = tuple(
    Candidate(f"confusions, {s}", float(s), own_accuracy=True) for s in (64, 16, 4, 1)
)


def _prior(votes: Votes) -> np.ndarray:
    """(n_classes,) half-way between equal and the shares of the votes."""
    shares = (votes.counts.sum(axis=0) + 1) / (len(votes) + votes.n_classes)
    return np.asarray((shares + 1 / votes.n_classes) / 2)


def candidates(n_classes: int) -> tuple[Candidate, ...]:
    """The models that are tried, from the plainest to the richest."""
    return (VOTING, ACCURACY, *CONFUSIONS) if n_classes > 2 else (VOTING, ACCURACY)


def choose(
    votes: Votes,
    *,
    logs: np.ndarray | None = None,
    apart: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Candidate:
    """The plainest model that foretells held-out answers about as well as the best one.

    Voting where nothing can be learned: no item with two answers.
    """
    if not (votes.per_item > 1).any():
        return VOTING
    tried = candidates(votes.n_classes)
    folds = held_out(votes)
    scores = []
    for done, candidate in enumerate(tried):
        if progress is not None:
            progress(done, len(tried))
        scores.append(foretold(votes, folds, candidate, logs, apart))
    return tried[plainest(np.stack(scores))]


def foretold(
    votes: Votes,
    folds: Sequence[np.ndarray],
    candidate: Candidate,
    logs: np.ndarray | None,
    apart: np.ndarray | None,
) -> np.ndarray:
    """(n,) log-likelihoods of the held-out answers, fold after fold, by models that did not see the fold."""
    found = []
    for held in folds:
        model = candidate.fit(votes.take(~held), logs, apart)
        found.append(np.log(np.maximum(model.said(votes.take(held)), 1e-12)))
    return np.concatenate(found)


def plainest(scores: np.ndarray) -> int:
    """The first row whose mean is less than the best one's by at most one standard error of the difference.

    scores: (n_models, n_answers) log-likelihoods of the same answers.
    """
    best = int(scores.mean(axis=1).argmax())
    behind = scores[best] - scores
    error = behind.std(axis=1) / np.sqrt(scores.shape[1])
    return int(np.flatnonzero(behind.mean(axis=1) <= error + 1e-12)[0])


def held_out(votes: Votes) -> list[np.ndarray]:
    """Which answers (v,) are held out, fold by fold: only of items that keep another answer."""
    rng = np.random.default_rng(_SEED)
    n_folds, used = (FOLDS, FOLDS) if len(votes) <= _LARGE else (10, 1)
    fold = rng.integers(0, n_folds, len(votes))
    shared = votes.per_item[votes.items] > 1
    found = [(fold == f) & shared for f in range(used)]
    return [held for held in found if held.any()]
