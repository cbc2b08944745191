"""UHerding: the items that cover best what the model is uncertain of, for any number of labels.

Bae, Oliveira & Sutherland 2025, "Uncertainty Herding: One Active Learning Method for All Label
Budgets". With few labels it covers the pool, with many it asks where the margin is least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.blocks import labelled
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.herding import herded
from labelwright.loop.query.kernel import Kernel, least_distance, unit
from labelwright.loop.query.max_herding import max_herding
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Chosen, QueryLearner

_HELD_OUT = 0.3


def u_herding(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    kernel: Literal["adaptive", "cosine", "rbf"] = "adaptive",
    sigma: float = 1.0,
    temperature: float | None = None,
    random_state: int = 0,
) -> Chosen:
    """The items that cover best what the model is uncertain of. Without labels it is max_herding.

    Picks argmax_x Σ_s U(s) · max(0, k(x, s) − max_l k(l, s)) one by one, where U = 1 − (p1 − p2) is
    the margin uncertainty; for the rest, cost and samples included, see max_herding. Utility: the
    rise of the mean of U(s) times the likeness of s to the nearest choice.

    kernel: adaptive is exp(−‖x − s‖² / r²) with r the least distance of two labelled items, `sigma`
    until there are two, and cosine without labels. temperature: what p ** (1 / temperature) smooths
    the learner's probabilities by. Where not given, a model of 70% of the labels is trained, the
    temperature of 1.0, 1.1, … 19.9 with the least calibration error on the others is taken, and p is
    that of a model of all labels, trained alike. Raises StrategyError on probabilities that are not
    finite.
    """
    learner = understood(learner)
    n = min(n_instances, len(X))
    known = labelled(learner, X)
    if n == 0:
        return nothing()
    if len(known) == 0:
        shape: Literal["cosine", "rbf"] = "rbf" if kernel == "rbf" else "cosine"
        return max_herding(learner, X, n, kernel=shape, sigma=sigma, random_state=random_state)
    if temperature is not None and not temperature > 0:
        raise StrategyError(f"a temperature of {temperature:g} makes no sense", "give one above 0")
    predict, heat = (
        _measured(learner, random_state)
        if temperature is None
        else (learner.predict_proba, temperature)
    )
    likeness = _kernel(kernel, sigma, known)
    chosen = herded(
        X,
        n,
        known,
        likeness,
        random_state=random_state,
        weigh=lambda rows: uncertainty(predict(rows), heat),
        reason=lambda rise: f"stands for uncertain items unlike the labelled ones: +{rise:.2%}",
    )
    radius = "" if likeness.name == "cosine" else f", radius {likeness.radius:.3f}"
    return replace(chosen, notes=(*chosen.notes, f"u_herding: temperature {heat:.1f}{radius}"))


def uncertainty(probs: np.ndarray, temperature: float) -> np.ndarray:
    """1 − (p1 − p2) of each row of probabilities (n, n_classes), smoothed by the temperature."""
    import numpy as np

    if not np.isfinite(probs).all():
        raise StrategyError("the model gave probabilities that are not finite")
    best = np.sort(_smoothed(probs, temperature), axis=1)
    second = best[:, -2] if best.shape[1] > 1 else 0
    return np.asarray(1 - (best[:, -1] - second))


def calibration_error(probs: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error of (n, n_classes) on (n,), in as many bins as there are classes."""
    import numpy as np

    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == labels
    n_bins = probs.shape[1]
    bins = np.ceil(confidence * n_bins).astype(int)
    gaps = np.bincount(bins, confidence - right, minlength=n_bins + 1)
    return float(np.abs(gaps).sum() / len(probs))


def best_temperature(probs: np.ndarray, labels: np.ndarray) -> float:
    """Of 1.0, 1.1, … 19.9 the temperature of least calibration error, of equal ones the lowest."""
    import numpy as np

    heats = np.arange(10, 200) / 10
    errors = np.array([calibration_error(_smoothed(probs, heat), labels) for heat in heats])
    return float(heats[np.argmax(errors <= errors.min() + 1e-9)])


def _smoothed(probs: np.ndarray, temperature: float) -> np.ndarray:
    import numpy as np

    powers = np.asarray(probs, dtype=np.float64) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _measured(
    learner: QueryLearner, random_state: int
) -> tuple[Callable[[np.ndarray], np.ndarray], float]:
    """A model of all labels, and the temperature of one like it on labels that it has not seen.

    1.0 where there are too few labels to hold some out and keep two classes.
    """
    import numpy as np

    labels = np.asarray(learner.y_training)
    order = np.random.default_rng(random_state).permutation(len(labels))
    held, kept = np.split(order, [int(_HELD_OUT * len(labels))])
    model = learner.fit_again(np.arange(len(labels)), random_state)
    if len(held) == 0 or len(np.unique(labels[kept])) < 2:
        return model.predict_proba, 1.0
    probs = learner.fit_again(kept, random_state).predict_proba(learner.X_training[held])
    return model.predict_proba, best_temperature(np.asarray(probs), labels[held])


def _kernel(name: str, sigma: float, known: np.ndarray) -> Kernel:
    if name == "adaptive":
        return Kernel("rbf", least_distance(unit(known)) or sigma)
    return Kernel(name, sigma)  # type: ignore[arg-type]
