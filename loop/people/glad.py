"""GLAD: people differ in ability, items in difficulty.

Whitehill, Wu, Bergsma, Movellan & Ruvolo 2009, "Whose Vote Should Count More". The chance that person j is
right about item i is σ(α_j · exp(β_i)), an error falls evenly on the other classes. EM, with standard normal
priors on α and β around 1 and a uniform prior on classes; as Σ_k q_i(k) [y = k] is all that the M-step needs
of the beliefs, one number an answer does.
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

_STEPS = 25
_INNER = 8  # steps of L-BFGS a round of EM, which goes on where the round before stopped
_CHANGE = 1e-4  # of the mean log-likelihood of an answer


@dataclass(frozen=True)
class Abilities:
    """Beliefs (n_items, n_classes), ability (n_people,), and log of easiness β (n_items,)."""

    probs: np.ndarray
    ability: np.ndarray
    easiness: np.ndarray


def glad(
    annotations: Sequence[tuple[str, str, str]],
    classes: Sequence[str],
    on_scale: Scale | None = None,
) -> dict[str, Resolved]:
    """The likeliest class, by how able each person and how difficult each item is (Whitehill et al. 2009)."""
    return resolved(annotations, classes, on_scale, lambda votes: fit(votes).probs)


def fit(votes: Votes, progress: Callable[[int, int], None] | None = None) -> Abilities:
    """EM from ability 1 and β = 1 for all."""

    import numpy as np
    from scipy.optimize import minimize

    point = np.ones(votes.n_people + votes.n_items)
    before = -np.inf
    for step in range(_STEPS):
        probs, likelihood = beliefs(votes, point)
        if progress is not None:
            progress(step, _STEPS)
        if likelihood - before < _CHANGE * len(votes):
            break
        before = likelihood
        right = probs[votes.items, votes.classes]
        point = minimize(
            lambda x, right=right: objective(votes, right, x),
            point,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _INNER},
        ).x
    probs, _ = beliefs(votes, point)
    return Abilities(probs, point[: votes.n_people], point[votes.n_people :])


def beliefs(votes: Votes, point: np.ndarray) -> tuple[np.ndarray, float]:
    """E-step: (n_items, n_classes), and the log posterior of the point (α, then β), up to a constant."""

    import numpy as np

    from labelwright.loop.people.votes import normalised

    power = _power(votes, point)
    others = np.log(max(votes.n_classes - 1, 1))
    # log P(y | k) is log σ(x) for k = y, else log σ(−x) − log(K − 1): their difference is x + log(K − 1).
    logs = votes.by_class(power + others)
    base = np.bincount(votes.items, -np.logaddexp(0, power) - others, minlength=votes.n_items)
    probs, total = normalised(logs - np.log(votes.n_classes))
    return probs, float((total + base).sum() - 0.5 * ((point - 1) ** 2).sum())


def objective(votes: Votes, right: np.ndarray, point: np.ndarray) -> tuple[float, np.ndarray]:
    """What the M-step lessens, and its gradient. right: (v,) belief that each answer is right."""

    import numpy as np

    ability, easiness = point[: votes.n_people], point[votes.n_people :]
    power = _power(votes, point)
    value = (np.logaddexp(0, power) - right * power).sum() + 0.5 * ((point - 1) ** 2).sum()
    surplus = right - 1 / (1 + np.exp(-np.clip(power, -500, 500)))
    gradient = point - 1
    weight = np.exp(easiness)[votes.items]
    gradient[: votes.n_people] -= np.bincount(
        votes.people, surplus * weight, minlength=votes.n_people
    )
    gradient[votes.n_people :] -= np.bincount(
        votes.items, surplus * weight * ability[votes.people], minlength=votes.n_items
    )
    return float(value), gradient


def _power(votes: Votes, point: np.ndarray) -> np.ndarray:
    import numpy as np

    ability, easiness = point[: votes.n_people], point[votes.n_people :]
    return np.asarray(ability[votes.people] * np.exp(easiness[votes.items]))
