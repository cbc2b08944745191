"""The built-in learner where an item may have several classes: a calibrated logistic head for each.

Each class has its own regression on the encoder's vectors (`independent`), all under one penalty, and its
own calibration out of fold (`calibrate_several`). A class is given from a threshold on that probability on:
the F1 of all classes and of this one have the same say in it (`thresholds`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import DataError
from labelwright.loop.learn.checks import require_finite

if TYPE_CHECKING:
    import numpy as np

_FOLDS = 5
_FEWEST_TO_CALIBRATE = 20
_C = 3.0
"""Of every class, on vectors of unit root-mean-square length: the log-loss of held texts was least there, or
nearly so, from 50 to 800 labels, English and Korean; a start rather than a law."""


@dataclass(frozen=True)
class SeveralModel:
    """A trained head for several classes an item.

    weight (n_classes, dim) and intercept (n_classes,), calibration included. thresholds (n_classes,): the
    probability from which on a class is given.
    """

    weight: np.ndarray
    intercept: np.ndarray
    thresholds: np.ndarray

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes) float64, each class's own: rows need not sum to one."""

        from labelwright.loop.learn.calibrate_several import sigmoid
        from labelwright.loop.learn.logistic import Linear

        if X.ndim != 2 or X.shape[1] != self.weight.shape[1]:
            raise DataError(
                f"the model reads vectors of {self.weight.shape[1]} numbers, got {X.shape}",
                "encode the items with the encoder that the model was trained with",
            )
        probs = sigmoid(Linear(self.weight, self.intercept).logits(X))
        return require_finite(probs)

    def state(self) -> dict[str, np.ndarray]:
        """All that was learned; `SeveralHead.restore` reads it."""
        return {
            "weight": self.weight,
            "intercept": self.intercept,
            "thresholds": self.thresholds,
        }


@dataclass(frozen=True)
class SeveralHead:
    """A `labelwright.loop.ports.Learner`. `random_state` decides the calibration folds only.

    threshold: of every class; None is one for each class, for F1.
    """

    random_state: int
    threshold: float | None = None
    reads: Literal["vectors"] = field(default="vectors", init=False)

    def fit(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        calibrate: bool | float = True,
    ) -> SeveralModel:
        """Train on X (n, dim), targets (n, n_classes) in 0 … 1, weights (n,).

        A class that no item has gets about the probability that one more item, with classes as frequent as
        they are on average, would bring it. With fewer than twenty labels, or `calibrate` off,
        probabilities stay as fitted and classes are given from 50% on. `calibrate` may be a temperature.
        """
        import numpy as np

        from labelwright.loop.learn.calibrate_several import calibration, thresholds
        from labelwright.loop.learn.head import check, spread
        from labelwright.loop.learn.independent import fit_independent

        check(X, targets)
        if weights is None:
            weights = np.ones(len(X))
        n_classes = targets.shape[1]
        prior = np.full(n_classes, np.average(targets, axis=0, weights=weights).mean())
        C = np.full(n_classes, _C / spread(X) ** 2)
        linear = fit_independent(X, targets, weights, C, prior)
        scale, shift = np.ones(n_classes), np.zeros(n_classes)
        limits = np.full(n_classes, 0.5 if self.threshold is None else self.threshold)
        if calibrate is True and len(X) >= _FEWEST_TO_CALIBRATE:
            logits = self._out_of_fold(X, targets, weights, C, prior)
            scale, shift = calibration(logits, targets, weights)
            if self.threshold is None:
                limits = thresholds(logits * scale + shift)
        elif calibrate is not True and calibrate:
            scale = np.full(n_classes, 1 / float(calibrate))
        return SeveralModel(
            linear.weight * scale[:, None], linear.intercept * scale + shift, limits
        )

    def restore(self, state: dict[str, np.ndarray]) -> SeveralModel:
        """The model whose `state()` this is."""
        return SeveralModel(state["weight"], state["intercept"], state["thresholds"])

    def _out_of_fold(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        C: np.ndarray,
        prior: np.ndarray,
    ) -> np.ndarray:
        """(n, n_classes) logits of each item by a model that did not train on it."""
        import numpy as np

        from labelwright.loop.learn.folds import balanced
        from labelwright.loop.learn.independent import fit_independent

        folds = balanced(targets, _FOLDS, self.random_state)
        logits = np.zeros(targets.shape)
        for fold in range(_FOLDS):
            held = folds == fold
            # The same weight of data against penalty as in the model to be calibrated.
            strength = C * float(weights.sum() / weights[~held].sum())
            linear = fit_independent(X[~held], targets[~held], weights[~held], strength, prior)
            logits[held] = linear.logits(X[held])
        return logits
