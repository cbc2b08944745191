"""Whether the next question is a new item, or a further opinion on one that has an answer.

ActiveLab: Goh & Mueller 2023, "ActiveLab: Active Learning with Re-Labeling by Multiple Annotators"; its
weights are those of CROWDLAB (Goh, Tkachenko & Mueller 2022). One score for both kinds of question, how
far the best guess about an item can be trusted; the lowest is asked. Pure: nothing here knows the engine.

With J_i the people who answered item i, Y_ij what j said, Ŷ_i the label that the item trains with, p_M the
model's probabilities, K classes, and I⁺ the items that two or more people answered:

    P   = mean over I⁺ of the share of J_i who said Ŷ_i
    s_j = how often another answer to j's items of I⁺ is j's
    A_M = share of I⁺ on which the model says Ŷ_i;  A_C: on which the commonest Ŷ of I⁺ does
    w_j = 1 − (1 − s_j) / (1 − A_C)
    w_M = (1 − (1 − A_M) / (1 − A_C)) · sqrt(mean |J_i| over all labelled items)

An answer y is worth P for the class y and (1 − P) / (K − 1) for each other one. With w̄ the mean of w_j:

    labelled:  (w_M p_M(Ŷ_i) + Σ_j w_j p_j(Ŷ_i) + w̄ / K) / (w_M + Σ_j w_j + w̄)
    new:       (w_M max p_M + w̄ / K) / (w_M + w̄)

A person of whom nothing is known has the s of all pairs of answers. While no item has two answers nothing can
be estimated: every weight is 1, and an answer counts as much for its class as the model says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LEAST = 1e-6  # of a weight, and of 1 − A_C


@dataclass(frozen=True)
class Votes:
    """All answers to the labelled items, one a row: (v,) item, person and class, each by index.

    A class that the model does not learn is -1: it agrees with no label. Nobody answers an item twice.
    """

    items: np.ndarray
    people: np.ndarray
    classes: np.ndarray
    n_people: int

    def count(self, n_items: int) -> np.ndarray:
        """(n_items,) how many people answered each."""
        return np.bincount(self.items, minlength=n_items)


@dataclass(frozen=True)
class Trust:
    """How far the model (w_M), each person (w_j) and a single answer (P; None: not known) are trusted."""

    model: float
    people: np.ndarray
    right: float | None

    @property
    def mean(self) -> float:
        """w̄, what the next person is worth before anybody knows who that is."""
        return float(self.people.mean()) if len(self.people) else 1.0


def trust(votes: Votes, labels: np.ndarray, probs: np.ndarray) -> Trust:
    """Weights from who agrees with whom. labels (n,) indices Ŷ; probs (n, n_classes) of the same items,

    by models that did not train on them.
    """
    n = len(labels)
    given = votes.count(n)
    several = np.flatnonzero(given > 1)
    if not len(several):
        return Trust(1.0, np.ones(votes.n_people), None)
    same = votes.classes == labels[votes.items]
    right = np.bincount(votes.items, weights=same, minlength=n)[several] / given[several]
    ours = labels[several]
    commonest = np.bincount(ours).max() / len(ours)
    chance = max(1 - commonest, _LEAST)  # the error of whoever always says the commonest class
    model = (probs[several].argmax(axis=1) == ours).mean()
    spread = float(np.sqrt(given.mean()))
    return Trust(
        model=float(max(1 - (1 - model) / chance, _LEAST)) * spread,
        people=np.maximum(1 - (1 - _agreement(votes, n)) / chance, _LEAST),
        right=float(right.mean()),
    )


def _agreement(votes: Votes, n_items: int) -> np.ndarray:
    """(n_people,) s_j: the share of the others' answers to j's items that are j's."""
    given = votes.count(n_items)
    width = int(votes.classes.max()) + 2  # -1 has a place of its own
    alike = np.bincount(votes.items * width + votes.classes + 1, minlength=n_items * width)
    agreeing = alike[votes.items * width + votes.classes + 1] - 1
    others = given[votes.items] - 1
    of = np.bincount(votes.people, weights=others, minlength=votes.n_people)
    with_ = np.bincount(votes.people, weights=agreeing, minlength=votes.n_people)
    all_of_them = with_.sum() / of.sum()
    return np.where(of > 0, with_ / np.maximum(of, 1), all_of_them)


def labelled_scores(
    votes: Votes, labels: np.ndarray, probs: np.ndarray, trusted: Trust
) -> np.ndarray:
    """(n,) how far each item's label can be trusted; arguments as of `trust`."""
    n, n_classes = probs.shape
    by_model = probs[np.arange(n), labels]
    if trusted.right is None:
        worth = by_model[votes.items]
    else:
        wrong = (1 - trusted.right) / max(n_classes - 1, 1)
        worth = np.where(votes.classes == labels[votes.items], trusted.right, wrong)
    weights = trusted.people[votes.people]
    said = np.bincount(votes.items, weights=weights * worth, minlength=n)
    total = np.bincount(votes.items, weights=weights, minlength=n)
    known = trusted.model * by_model + said + trusted.mean / n_classes
    return np.asarray(known / (trusted.model + total + trusted.mean))


def new_scores(probs: np.ndarray, trusted: Trust) -> np.ndarray:
    """(n,) how far the model's guess about items without an answer can be trusted; probs (n, n_classes)."""
    known = trusted.model * probs.max(axis=1) + trusted.mean / probs.shape[1]
    return np.asarray(known / (trusted.model + trusted.mean))


def allocate(labelled: np.ndarray, new: np.ndarray, n: int, most: int) -> np.ndarray:
    """Which labelled items are among the `n` questions with the lowest scores, lowest first; `most` of them.

    labelled, new: scores; infinity for an item that may not be asked again. Of equal scores the new item is
    asked, of two labelled items the first.
    """
    order = np.argsort(np.concatenate([new, labelled]), kind="stable")[:n]
    again = order[order >= len(new)] - len(new)
    return np.asarray(again[np.isfinite(labelled[again])][:most])
