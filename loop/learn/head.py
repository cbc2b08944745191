"""The built-in learner: a logistic head on frozen vectors, its confidences calibrated.

The penalty follows the labels: C = clip(200 K / n, 5, 300) for K classes and n labels, on vectors
brought to unit root-mean-square length around their mean: it means the same for any encoder. The
rule was chosen on frozen sentence vectors, 1 to 80 labels a class; a start rather than a law.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.checks import require_finite, require_labels

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.learn.information import Hints
    from labelwright.loop.ports import Context, Learner, Model

_FOLDS = 5
_FEWEST_TO_CALIBRATE = 20


def head(
    *,
    balance: float = 0.0,
    threshold: float | None = None,
    random_state: int,
    context: Context | None = None,
) -> Learner:
    """A calibrated logistic regression on the encoder's vectors; one for each class of several an item.

    balance: how far rare classes are made to weigh as much as common ones, 0 (not at all) to 1 (the same): a
    label weighs (n / (K n_c)) ** balance, of n labels n_c of its class. It lifts macro F1 where a class is
    rare; probabilities then speak of classes that are less uneven than they are. threshold: with several
    classes an item, the probability from which on a class is given, in the place of one a class for F1.
    """
    from labelwright.loop.supported import several

    if not 0 <= balance <= 1:
        raise PluginError(f"head: balance = {balance:g} is no share", "write 0% to 100%")
    if context is not None and several(context.task):
        from labelwright.loop.learn.several import SeveralHead

        if balance:
            raise PluginError(
                "head: balance is for one class an item",
                "leave it out: with several, each class has a threshold of its own",
            )
        if threshold is not None and not 0 < threshold < 1:
            raise PluginError(
                f"head: threshold = {threshold:g} is no probability", "write 50%, or leave it out"
            )
        return SeveralHead(random_state, threshold)
    if threshold is not None:
        raise PluginError(
            "head: threshold is for several classes an item",
            "leave it out: of one class an item, the likeliest is given",
        )
    return Head(random_state, balance)


@dataclass(frozen=True)
class HeadModel:
    """A trained head.

    weight (n_seen, dim) and intercept (n_seen,) give the logits of the classes that had labels,
    `seen` their indices out of `n_classes`. Each other class gets the probability `unseen`.
    """

    weight: np.ndarray
    intercept: np.ndarray
    seen: np.ndarray
    n_classes: int
    unseen: float
    temperature: float = 1.0

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, (n_items, n_classes) float64, rows sum to one."""
        import numpy as np

        from labelwright.loop.learn.calibrate import softmax
        from labelwright.loop.learn.logistic import Linear

        if X.ndim != 2 or X.shape[1] != self.weight.shape[1]:
            raise DataError(
                f"the model reads vectors of {self.weight.shape[1]} numbers, got {X.shape}",
                "encode the items with the encoder that the model was trained with",
            )
        logits = Linear(self.weight, self.intercept).logits(X)
        probs = np.full((len(X), self.n_classes), self.unseen)
        mass = 1 - self.unseen * (self.n_classes - len(self.seen))
        probs[:, self.seen] = mass * softmax(logits / self.temperature)
        return require_finite(probs)

    def state(self) -> dict[str, np.ndarray]:
        """All that was learned; `Head.restore` reads it."""
        import numpy as np

        return {
            "weight": self.weight,
            "intercept": self.intercept,
            "seen": self.seen,
            "n_classes": np.array([self.n_classes], dtype=np.int64),
            "unseen": np.array([self.unseen]),
            "temperature": np.array([self.temperature]),
        }


@dataclass(frozen=True)
class Head:
    """A `labelwright.loop.ports.Learner`. `random_state` decides the calibration folds only.

    balance: what `head` says.
    """

    random_state: int
    balance: float = 0.0
    reads: Literal["vectors"] = field(default="vectors", init=False)

    def fit(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        calibrate: bool | float = True,
    ) -> HeadModel:
        """Train on X (n, dim), targets (n, n_classes) whose rows sum to one, weights (n,).

        A class without labels gets probability 1 / (n + K), Laplace's estimate. With fewer than
        twenty labels that cross-validation can use, confidences stay as fitted. `calibrate` may
        be the temperature itself, where the caller has measured it.
        """
        import numpy as np

        check(X, targets)
        if weights is None:
            weights = np.ones(len(X))
        if self.balance:
            weights = weights * balanced_weights(targets, weights, self.balance)
        n_classes = targets.shape[1]
        seen = np.flatnonzero((targets * weights[:, None]).sum(axis=0) > 0)
        total = float(weights.sum())
        unseen = 1 / (total + n_classes) if len(seen) < n_classes else 0.0
        targets = targets[:, seen]
        scale = spread(X)
        C = _strength(total, n_classes) / scale**2
        weight, intercept = _fit(X, targets, weights, C)
        if calibrate is True:
            heat = self._temperature(X, targets, weights, C) if len(seen) > 1 else 1.0
        else:
            heat = float(calibrate) or 1.0
        return HeadModel(weight, intercept, seen, n_classes, unseen, heat)

    def restore(self, state: dict[str, np.ndarray]) -> Model:
        """The model whose `state()` this is, on smoothed vectors where a graph is in it."""
        from labelwright.loop.learn.graph import Graph, Smoothed

        if "graph.own" in state:
            rest = {k: v for k, v in state.items() if not k.startswith("graph.")}
            return Smoothed(self.restore(rest), Graph.restore(state))
        return HeadModel(
            weight=state["weight"],
            intercept=state["intercept"],
            seen=state["seen"],
            n_classes=int(state["n_classes"][0]),
            unseen=float(state["unseen"][0]),
            temperature=float(state["temperature"][0]),
        )

    def _temperature(
        self, X: np.ndarray, targets: np.ndarray, weights: np.ndarray, C: float
    ) -> float:
        """From the logits of items that the model giving them was not trained on."""
        import numpy as np

        from labelwright.loop.learn.calibrate import temperature
        from labelwright.loop.learn.folds import stratified
        from labelwright.loop.learn.logistic import Linear

        if len(X) < _FEWEST_TO_CALIBRATE:
            return 1.0
        folds = stratified(targets.argmax(axis=1), _FOLDS, self.random_state)
        logits = np.zeros_like(targets)
        usable = np.zeros(len(X), dtype=bool)
        for fold in range(_FOLDS):
            held = folds == fold
            # The same weight of data against penalty as in the model to be calibrated.
            strength = C * float(weights.sum() / weights[~held].sum())
            linear = Linear(*_fit(X[~held], targets[~held], weights[~held], strength))
            logits[held] = linear.logits(X[held])
            learned = targets[~held].sum(axis=0) > 0
            usable[held] = targets[held][:, ~learned].sum(axis=1) == 0
        if usable.sum() < _FEWEST_TO_CALIBRATE:
            return 1.0
        return temperature(logits[usable], targets[usable], weights[usable])


def balanced_weights(targets: np.ndarray, weights: np.ndarray, balance: float) -> np.ndarray:
    """(n,) what each label weighs beside `weights`, of which the sum stays as it is: see `head`."""
    import numpy as np

    counts = (targets * weights[:, None]).sum(axis=0)
    each = np.where(counts > 0, np.maximum(counts, 1e-12), 1.0) ** -balance
    found = np.asarray(targets @ each)
    return np.asarray(found * weights.sum() / (found * weights).sum())


def informed(
    X: np.ndarray,
    targets: np.ndarray,
    unlabelled: np.ndarray,
    temperature: float = 1.0,
    *,
    hints: Hints | None = None,
    strength: float = 1.0,
) -> HeadModel:
    """A head that is made sure of `unlabelled` (m, dim) as well: see `information.fit_infomax`.

    X (n, dim), targets (n, n_classes) whose rows sum to one; the rule for C is that of `Head`. hints speak
    of classes that have labels.
    """
    import numpy as np

    from labelwright.loop.learn.information import fit_infomax

    check(X, targets)
    n, n_classes = targets.shape
    seen = np.flatnonzero(targets.sum(axis=0) > 0)
    middle, scale = unlabelled.mean(axis=0, dtype=np.float64), spread(unlabelled)
    linear = fit_infomax(
        (X - middle) / scale,
        targets[:, seen],
        (unlabelled - middle) / scale,
        _strength(n, n_classes),
        strength,
        None
        if hints is None
        else hints._replace(X=(hints.X - middle) / scale, targets=hints.targets[:, seen]),
    )
    weight = linear.weight / scale
    unseen = 1 / (n + n_classes) if len(seen) < n_classes else 0.0
    intercept = linear.intercept - weight @ middle
    return HeadModel(weight, intercept, seen, n_classes, unseen, temperature)


def _strength(n_labels: float, n_classes: int) -> float:
    """C, on vectors of unit root-mean-square length."""
    return min(max(200 * n_classes / n_labels, 5.0), 300.0)


def _fit(
    X: np.ndarray, targets: np.ndarray, weights: np.ndarray, C: float
) -> tuple[np.ndarray, np.ndarray]:
    from labelwright.loop.learn.logistic import fit_logistic

    linear = fit_logistic(X, targets, weights, C)
    return linear.weight, linear.intercept


def spread(X: np.ndarray) -> float:
    """Root-mean-square distance of the rows from their mean; 1 where they are all the same."""
    import numpy as np

    if len(X) < 2:
        return 1.0
    rows = X.astype(np.float64)
    variance = float(((rows - rows.mean(axis=0)) ** 2).sum()) / (len(X) - 1)
    return float(np.sqrt(variance)) if variance > 0 else 1.0


def check(X: np.ndarray, targets: np.ndarray) -> None:
    """Raise DataError where there is nothing to learn from, or a vector is not finite."""
    import numpy as np

    require_labels(X, targets)
    if not np.isfinite(X).all():
        row = int(np.flatnonzero(~np.isfinite(X).all(axis=1))[0])
        raise DataError(f"the vector of labelled item {row} holds values that are not finite")
