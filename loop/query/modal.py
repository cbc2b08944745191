"""The one adapter to modAL (Danka & Horvath 2018), both ways.

Used of modAL 0.4: prefit learners and committees, the disagreement measures, and any strategy
function `strategy(classifier, X, n_instances)`. Its `teach` and `fit` fail on newer scikit-learn, and
its `query` swallows a strategy's exception and takes two bare indices apart: neither is called here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.contract import checked

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Chosen, Model, QueryLearner
    from labelwright.loop.query.members import Member


@dataclass(frozen=True)
class Prefit:
    """A trained model with the attributes that modAL reads off a fitted scikit-learn classifier."""

    model: Member
    classes_: np.ndarray

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes)."""
        return self.model.predict_proba(X)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Class indices, (n_items,)."""
        import numpy as np

        return np.asarray(self.predict_proba(X).argmax(axis=1))


@dataclass(frozen=True)
class _Understood:
    """A modAL learner as our strategies see one (implements `ports.QueryLearner`)."""

    learner: Any
    X_training: np.ndarray
    y_training: np.ndarray
    classes: tuple[str, ...]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes). Raises StrategyError where the learner was never fitted."""
        import numpy as np
        from sklearn.exceptions import NotFittedError

        try:
            return np.asarray(self.learner.predict_proba(X))
        except NotFittedError as error:
            raise StrategyError(
                "this query strategy needs labels to learn from, and the learner is not fitted yet",
                "fit it first, or begin with `auto` or `k_means`, which need none",
            ) from error

    def fit_again(self, rows: np.ndarray, seed: int) -> Model:
        """A clone of the estimator, fitted to these rows; its columns are ours."""
        from sklearn.base import clone

        classes = self.learner.estimator.classes_
        estimator = clone(self.learner.estimator)
        if "random_state" in estimator.get_params():
            estimator.set_params(random_state=int(seed))
        estimator.fit(self.X_training[rows], classes[self.y_training[rows]])
        return Refitted(estimator, classes)  # type: ignore[return-value]


@dataclass(frozen=True)
class Refitted:
    """A fitted estimator that answers for all classes, those it never saw with 0."""

    estimator: Any
    classes_: np.ndarray

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        import numpy as np

        probs = np.zeros((len(X), len(self.classes_)))
        columns = np.searchsorted(self.classes_, self.estimator.classes_)
        probs[:, columns] = self.estimator.predict_proba(X)
        return probs


def understood(learner: Any) -> QueryLearner:
    """A learner as our strategies see one: ours as it is, modAL's adapted.

    So that every strategy of ours serves as `ActiveLearner(query_strategy=…)`, and those that train
    no model of their own as `Committee(query_strategy=…)`.
    """
    import numpy as np

    if hasattr(learner, "classes"):
        return learner  # type: ignore[no-any-return]
    classes = getattr(getattr(learner, "estimator", learner), "classes_", np.zeros(0))
    X, y = learner.X_training, learner.y_training
    return _Understood(  # type: ignore[return-value]
        learner,
        np.zeros((0, 0)) if X is None else np.asarray(X),
        np.zeros(0, np.int64) if y is None else np.searchsorted(classes, np.asarray(y).reshape(-1)),
        tuple(str(name) for name in classes),
    )


def committee_of(learner: QueryLearner, size: int, random_state: int, by: str = "bootstrap") -> Any:
    """A modAL Committee of `size` models of the labels so far: see `members.members`."""
    import numpy as np
    from modAL.models import ActiveLearner, Committee

    from labelwright.loop.query.members import members

    classes = np.arange(len(learner.classes))
    found = members(learner, size, random_state, by)
    return Committee([ActiveLearner(Prefit(member, classes)) for member in found])


def from_modal(strategy: Callable[..., Any]) -> Callable[..., Chosen]:
    """A strategy function written for modAL, as one of ours.

    `from_modal(modAL.uncertainty.margin_sampling)(learner, X, n_instances, random_state=0)`. The
    utilities are modAL's metrics as returned: for margins, lower is better. Functions for
    committees get a committee of five. Arguments beyond ours go to the function.
    """

    def adapted(
        learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int, **more: Any
    ) -> Chosen:
        needs_committee = next(iter(_parameters(strategy))) == "committee"
        classifier = committee_of(learner, 5, random_state) if needs_committee else learner
        with _numpy_seed(random_state):
            returned = strategy(classifier, X, n_instances=min(n_instances, len(X)), **more)
        return checked(returned, len(X), n_instances)

    adapted.__name__ = getattr(strategy, "__name__", "adapted")
    adapted.__doc__ = strategy.__doc__
    return adapted


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    import inspect

    return tuple(inspect.signature(function).parameters)


@contextmanager
def _numpy_seed(random_state: int) -> Iterator[None]:
    """modAL breaks ties by numpy's global generator: seed it, and leave it as it was."""
    import numpy as np

    before = np.random.get_state()
    np.random.seed(random_state % 2**32)
    try:
        yield
    finally:
        np.random.set_state(before)
