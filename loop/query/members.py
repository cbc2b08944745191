"""The members of a committee: one learner on samples of the labels, or several on all of them.

The Gaussian members are closed forms whose variances are drawn half way to the overall one
(Friedman 1989, "Regularized Discriminant Analysis"): one label a class has no variance of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.ensemble import bootstraps
from labelwright.loop.query.modal import Refitted

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

WAYS = ("bootstrap", "learners")
LEARNERS = (
    "logistic regression",
    "naive Bayes",
    "nearest neighbours",
    "random forest",
    "discriminant",
)
"""Who sits in a committee of learners, in this order; the first is the task's own learner."""

_NEIGHBOURS = 5
_TREES = 50


class Member(Protocol):
    """Somebody with an opinion."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes), rows sum to one."""


def members(learner: QueryLearner, size: int, random_state: int, by: str) -> list[Member]:
    """`size` models of the labels so far. Raises StrategyError without labels or for an unknown `by`."""
    if by not in WAYS:
        raise StrategyError(f"committee knows no way called {by}", f"it knows: {', '.join(WAYS)}")
    if size < 2:
        raise StrategyError(f"a committee of {size} cannot disagree", "give it a size of 2 or more")
    make = _on_samples if by == "bootstrap" else _of_all_kinds
    return make(learner, size, random_state)


def _on_samples(learner: QueryLearner, size: int, random_state: int) -> list[Member]:
    """The task's learner on bootstrap samples, each with one item of every class that has labels."""
    return [
        learner.fit_again(rows, seed)
        for rows, seed in bootstraps(learner.y_training, size, random_state)
    ]


def _of_all_kinds(learner: QueryLearner, size: int, random_state: int) -> list[Member]:
    """The first `size` of LEARNERS, each on all labels."""
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier

    if size > len(LEARNERS):
        raise StrategyError(
            f"a committee of {size} different learners: there are {len(LEARNERS)}",
            f"give it a size of {len(LEARNERS)} or fewer, or write by = bootstrap",
        )
    if len(learner.y_training) == 0:
        raise StrategyError("committee needs labels", "begin with a phase that uses k_means")
    X, y = np.ascontiguousarray(learner.X_training, dtype=np.float32), learner.y_training
    seed = int(np.random.SeedSequence(random_state).generate_state(1)[0])
    # As many neighbours as an average class has labels: with one label a class, the nearest decides.
    neighbours = max(1, min(_NEIGHBOURS, len(X) // len(np.unique(y))))
    others: tuple[Callable[[], Any], ...] = (
        lambda: _naive_bayes(X, y),
        lambda: KNeighborsClassifier(neighbours, weights="distance", algorithm="brute").fit(X, y),
        lambda: RandomForestClassifier(_TREES, random_state=seed).fit(X, y),
        lambda: _discriminant(X, y),
    )
    classes = np.arange(len(learner.classes))
    own = learner.fit_again(np.arange(len(X)), seed)
    return [own, *(Refitted(make(), classes) for make in others[: size - 1])]


@dataclass(frozen=True)
class _Gaussians:
    """One Gaussian a class: the logits are x² · square + x · linear + constant."""

    classes_: np.ndarray  # those that have labels
    square: np.ndarray | None  # (dim, n_classes), None where all classes have one covariance
    linear: np.ndarray  # (dim, n_classes)
    constant: np.ndarray  # (n_classes,)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes), of the classes that have labels."""
        import numpy as np
        from scipy.special import softmax

        rows = np.asarray(X, dtype=np.float64)
        logits = rows @ self.linear + self.constant
        if self.square is not None:
            logits += (rows * rows) @ self.square
        return np.asarray(softmax(logits, axis=1))


def _naive_bayes(X: np.ndarray, y: np.ndarray) -> _Gaussians:
    """Independent features: each class its mean, and its variance along every feature."""
    import numpy as np

    classes, means, prior = _means(X, y)
    own = np.stack([X[y == c].var(axis=0, dtype=np.float64) for c in classes])
    variances = (own + _scale(X)) / 2
    constant = np.log(prior) - (means**2 / variances + np.log(variances)).sum(axis=1) / 2
    return _Gaussians(classes, (-0.5 / variances).T, (means / variances).T, constant)


def _discriminant(X: np.ndarray, y: np.ndarray) -> _Gaussians:
    """Linear discriminant analysis: each class its mean, one covariance for all."""
    import numpy as np

    classes, means, prior = _means(X, y)
    residual = X - means[np.searchsorted(classes, y)]
    pooled = (residual.T @ residual / len(X) + _scale(X) * np.eye(X.shape[1])) / 2
    linear = np.linalg.solve(pooled, means.T)
    return _Gaussians(classes, None, linear, np.log(prior) - (means.T * linear).sum(axis=0) / 2)


def _means(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The classes that have labels, their means (n_classes, dim) float64, their shares."""
    import numpy as np

    classes, counts = np.unique(y, return_counts=True)
    means = np.stack([X[y == c].mean(axis=0, dtype=np.float64) for c in classes])
    return classes, means, counts / len(y)


def _scale(X: np.ndarray) -> float:
    """The variance of a feature on average; 1 where all rows are equal."""
    import numpy as np

    return float(X.var(axis=0, dtype=np.float64).mean()) or 1.0
