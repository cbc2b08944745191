"""MACE: people who know, and people who spam by a habit of their own.

Hovy, Berg-Kirkpatrick, Vaswani & Hovy 2013, "Learning Whom to Trust with MACE". Person j spams an item with
probability s_j and then says l with probability ξ_j(l), whatever is right; else says the label. Variational
EM with the priors of crowd-kit: Beta(½, ½) on s_j, Dirichlet(10) on ξ_j, a uniform prior on classes. It
starts from one point (s_j = ½, ξ_j even), which needs no chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.loop.people.answers import resolved
from labelwright.loop.people.majority import Resolved

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.people.scale import Scale
    from labelwright.loop.people.votes import Votes

_STEPS = 50
_CHANGE = 1e-6
_SPAM, _HABIT = 0.5, 10.0


@dataclass(frozen=True)
class Spammers:
    """Beliefs (n_items, n_classes); how often each person spams (n_people,), and says what (…, n_classes)."""

    probs: np.ndarray
    spam: np.ndarray
    habits: np.ndarray


def mace(
    annotations: Sequence[tuple[str, str, str]],
    classes: Sequence[str],
    on_scale: Scale | None = None,
) -> dict[str, Resolved]:
    """The likeliest class, by who knows and who answers out of habit (Hovy et al. 2013)."""
    return resolved(annotations, classes, on_scale, lambda votes: fit(votes).probs)


def fit(votes: Votes, progress: Callable[[int, int], None] | None = None) -> Spammers:
    """Variational EM."""

    import numpy as np
    from scipy.special import digamma

    n_people, n_classes = votes.n_people, votes.n_classes
    guess = np.full((n_people, n_classes), 1 / n_classes)
    spam, know = np.full(n_people, 0.5), np.full(n_people, 0.5)
    before = -np.inf
    cells = votes.people * n_classes + votes.classes
    for step in range(_STEPS):
        probs, logs, knew = beliefs(votes, spam, know, guess)
        if progress is not None:
            progress(step, _STEPS)
        now = float(logs.sum())
        if abs(now - before) < _CHANGE * len(votes):
            break
        before = now
        habits = np.bincount(cells, 1 - knew, minlength=n_people * n_classes)
        habit = habits.reshape(n_people, n_classes) + _HABIT
        guess = np.exp(digamma(habit) - digamma(habit.sum(axis=1, keepdims=True)))
        knowing = np.bincount(votes.people, knew, minlength=n_people) + _SPAM
        spamming = votes.per_person - knowing + 2 * _SPAM
        total = digamma(knowing + spamming)
        spam, know = np.exp(digamma(spamming) - total), np.exp(digamma(knowing) - total)
    return Spammers(probs, spam / (spam + know), guess / guess.sum(axis=1, keepdims=True))


def beliefs(
    votes: Votes, spam: np.ndarray, know: np.ndarray, guess: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """E-step: beliefs (n_items, n_classes), log-likelihoods (n_items,), and (v,) the chance that each answer
    was given by somebody who knew.
    """

    import numpy as np

    from labelwright.loop.people.votes import normalised

    by_habit = spam[votes.people] * guess[votes.people, votes.classes]
    known = know[votes.people] / (know[votes.people] + by_habit)
    logs = votes.by_class(-np.log1p(-known))
    base = np.bincount(votes.items, np.log(by_habit), minlength=votes.n_items)
    probs, total = normalised(logs - np.log(votes.n_classes))
    return probs, total + base, probs[votes.items, votes.classes] * known
