"""Learners on scikit-learn's estimators, kept without pickles: by what they were fitted on.

What is kept of a model is its training rows, the settings and the seed; to read it again is to fit it
again, which takes a second and gives the same bits. Some of its probabilities are kept too: where another
version of scikit-learn makes something else of the same rows, that is an error and not another model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.checks import require_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

_FOLDS = 5
_FEWEST_TO_CALIBRATE = 20
_PROBED = (
    64  # training rows whose probabilities are kept, to see that refitting gave the same model
)
_SAME = 1e-9
_WORTH_THREADS = 20_000  # rows
_LEAST = 1e-6  # of a probability, before its logarithm is taken


@dataclass(frozen=True, eq=False)
class Rows:
    """What a model was fitted on: X (n, …), targets (n, n_classes), weights (n,)."""

    X: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    def take(self, which: np.ndarray) -> Rows:
        """Some of them."""
        return Rows(self.X[which], self.targets[which], self.weights[which])


@dataclass(frozen=True, eq=False)
class Refitted:
    """A fitted estimator (a `ports.Model`); classes without a label get the probability `unseen` each."""

    estimator: Any  # None where all labels were of one class
    rows: Rows
    seen: np.ndarray
    unseen: float
    temperature: float
    about: Mapping[str, Any]  # the learner's name, its settings, its seed, the version

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, (n_items, n_classes) float64, rows sum to one."""
        import numpy as np

        from labelwright.loop.learn.calibrate import softmax

        if X.ndim != 2 or X.shape[1] != self.rows.X.shape[1]:
            raise DataError(
                f"the model reads {self.rows.X.shape[1]} numbers an item, got {X.shape}",
                "encode the items with the encoder that the model was trained with",
            )
        n_classes = self.rows.targets.shape[1]
        probs = np.full((len(X), n_classes), self.unseen)
        mass = 1 - self.unseen * (n_classes - len(self.seen))
        logits = logits_of(self.estimator, X, len(self.seen))
        probs[:, self.seen] = mass * softmax(logits / self.temperature)
        return probs

    def state(self) -> dict[str, np.ndarray]:
        """The training rows among them: whoever has the model has these."""
        import numpy as np

        told = json.dumps(dict(self.about), sort_keys=True).encode()
        return {
            "rows.X": self.rows.X,
            "rows.targets": self.rows.targets,
            "rows.weights": self.rows.weights,
            "temperature": np.array([self.temperature]),
            "about": np.frombuffer(told, dtype=np.uint8),
            "probed": logits_of(self.estimator, self.rows.X[:_PROBED], len(self.seen)),
        }


@dataclass(frozen=True)
class Refitting:
    """A `ports.Learner` on an estimator of scikit-learn.

    make(n, settings, seed): a new estimator for n rows. settings: JSON-able, as the task file has them.
    """

    name: str
    make: Callable[[int, Mapping[str, Any], int], Any]
    settings: Mapping[str, Any]
    random_state: int
    reads: Literal["vectors", "inputs"]

    def fit(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        calibrate: bool | float = True,
    ) -> Refitted:
        """Train on X (n, …), targets (n, n_classes) whose rows sum to one, weights (n,).

        An item that is several classes in part stands once for each, weighted. Confidences are calibrated
        by cross-validation from twenty labels on; a class without labels gets 1 / (n + K).
        """
        import numpy as np
        from sklearn import __version__

        require_labels(X, targets)
        if not np.allclose(targets.sum(axis=1), 1):
            raise PluginError(
                f"{self.name} learns one class an item, and the task has several",
                "choose finetune = head",
            )
        rows = Rows(np.asarray(X), targets, np.ones(len(X)) if weights is None else weights)
        about = {
            "learner": self.name,
            "settings": dict(self.settings),
            "seed": self.random_state,
            "scikit-learn": __version__,
        }
        return self._fitted(rows, about, calibrate)

    def restore(self, state: dict[str, np.ndarray]) -> Refitted:
        """The model whose `state()` this is, fitted again. Raises DataError where it is not the same."""
        import numpy as np
        from sklearn import __version__

        about = json.loads(state["about"].tobytes())
        if about["learner"] != self.name:
            raise DataError(
                f"the model was made by {about['learner']}, not by {self.name}",
                "restore it with the learner that made it",
            )
        rows = Rows(state["rows.X"], state["rows.targets"], state["rows.weights"])
        model = self._fitted(rows, about, float(state["temperature"][0]))
        again = model.state()["probed"]
        if again.shape != state["probed"].shape or np.abs(again - state["probed"]).max() > _SAME:
            raise DataError(
                f"this model of {self.name} was fitted by scikit-learn {about['scikit-learn']}; "
                f"{__version__}, which is installed, makes another one of the same labels",
                f"run `pip install scikit-learn=={about['scikit-learn']}`",
            )
        return model

    def _fitted(self, rows: Rows, about: Mapping[str, Any], calibrate: bool | float) -> Refitted:
        import numpy as np

        n_classes = rows.targets.shape[1]
        seen = np.flatnonzero((rows.targets * rows.weights[:, None]).sum(axis=0) > 0)
        unseen = 1 / (float(rows.weights.sum()) + n_classes) if len(seen) < n_classes else 0.0
        if calibrate is True:
            heat = self._temperature(rows, seen, about) if len(seen) > 1 else 1.0
        else:
            heat = float(calibrate) or 1.0
        return Refitted(self._estimator(rows, seen, about), rows, seen, unseen, heat, about)

    def _estimator(self, rows: Rows, seen: np.ndarray, about: Mapping[str, Any]) -> Any:
        import numpy as np
        from sklearn.utils.validation import has_fit_parameter

        if len(seen) < 2:
            return None
        mass = rows.targets[:, seen] * rows.weights[:, None]
        item, label = np.nonzero(mass)
        made = self.make(len(rows.X), about["settings"], about["seed"])
        weighted = has_fit_parameter(made, "sample_weight")
        more = {"sample_weight": mass[item, label]} if weighted else {}
        with few_threads(len(rows.X)):
            return made.fit(rows.X[item], label, **more)

    def _temperature(self, rows: Rows, seen: np.ndarray, about: Mapping[str, Any]) -> float:
        """From the probabilities of items that the estimator giving them was not fitted on."""
        import numpy as np

        from labelwright.loop.learn.calibrate import temperature
        from labelwright.loop.learn.folds import stratified

        if len(rows.X) < _FEWEST_TO_CALIBRATE:
            return 1.0
        targets = rows.targets[:, seen]
        folds = stratified(targets.argmax(axis=1), _FOLDS, about["seed"])
        logits = np.zeros_like(targets)
        usable = np.zeros(len(targets), dtype=bool)
        for fold in range(_FOLDS):
            held = folds == fold
            # A class that only the fold has cannot be known: its items say nothing of confidence.
            if not (targets[~held].sum(axis=0) > 0).all():
                continue
            estimator = self._estimator(rows.take(~held), seen, about)
            logits[held] = logits_of(estimator, rows.X[held], len(seen))
            usable[held] = True
        if usable.sum() < _FEWEST_TO_CALIBRATE:
            return 1.0
        return temperature(logits[usable], targets[usable], rows.weights[usable])


def logits_of(estimator: Any, X: np.ndarray, n_seen: int) -> np.ndarray:
    """(n, n_seen) logarithms of the estimator's probabilities, none below that of one in a million.

    Of one that gives no probabilities, what it decides by.
    """
    import numpy as np

    if estimator is None or not len(X):
        return np.zeros((len(X), n_seen))
    with few_threads(len(X)):
        if hasattr(estimator, "predict_proba"):
            return np.asarray(np.log(np.maximum(estimator.predict_proba(X), _LEAST)))
        decided = np.asarray(estimator.decision_function(X))
    return decided if decided.ndim == 2 else np.column_stack([-decided / 2, decided / 2])


@contextmanager
def few_threads(n: int) -> Iterator[None]:
    """One thread for few rows: hundreds of small trees wait for a second one longer than they work."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1 if n < _WORTH_THREADS else None, user_api="openmp"):
        yield
