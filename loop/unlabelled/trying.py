"""What the methods that train a network share: how long, on how many items, and the gate at a price.

Five-fold cross-validation trains ten networks. Three folds train six and still score every label by a model
that never saw it: the same statistic as elsewhere, at two thirds of the labels instead of four fifths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.augment.change import Kind
    from labelwright.loop.ports import Model, Pseudo
    from labelwright.loop.unlabelled.beside import Beside, NetworkLearner

FOLDS = 3
MOST_ROWS = 50_000
"""Unlabelled items that a training draws from."""

STEPS: dict[Kind, int] = {"pictures": 3_000, "tokens": 200, "numbers": 1_000}
RATIO: dict[Kind, int] = {"pictures": 4, "tokens": 1, "numbers": 4}
"""What is usual: steps of a training, and unlabelled items for each labelled one of a step."""


def tried(
    learner: NetworkLearner,
    X: np.ndarray,
    targets: np.ndarray,
    U: np.ndarray,
    beside: Callable[[np.ndarray], Beside],
    random_state: int,
) -> Pseudo:
    """A network that learns from unlabelled items beside the labels, if cross-validation is for it.

    X (n, ...), targets (n, n_classes), U (m, ...); `beside` makes what is learned of some rows of U.
    """
    import numpy as np

    from labelwright.loop.learn.gated import Way, gated

    drawn = np.random.default_rng(random_state).permutation(len(U))
    rows = np.sort(drawn[:MOST_ROWS])

    def ways() -> Sequence[Way]:
        extra = beside(U[rows])

        def fit(some: np.ndarray, heat: float) -> Model:
            made: Any = learner.learn(X[some], targets[some], beside=extra)
            model: Model = replace(made, temperature=heat)
            return model

        return [Way(fit)]

    return gated(learner, X, targets, U, ways, rows, random_state, n_folds=FOLDS)


def lasting(method: str, steps: int | None, ratio: int | None, X: np.ndarray) -> tuple[int, int]:
    """Steps and ratio as they are given, else as suits the inputs. Raises PluginError for what is none."""
    from labelwright.loop.augment.change import kind_of

    kind = kind_of(X)
    steps, ratio = (
        STEPS[kind] if steps is None else steps,
        RATIO[kind] if ratio is None else ratio,
    )
    positive(method, steps=steps, ratio=ratio)
    return steps, ratio


def positive(method: str, **given: float) -> None:
    """Raise PluginError for an argument that is not above 0."""
    for name, value in given.items():
        if value <= 0:
            raise PluginError(f"{method}: {name} = {value:g} makes no sense", "write more than 0")


def decay_of(method: str, average: float) -> float:
    """The moving average's decay. Raises PluginError where it is none."""
    if not 0 <= average < 1:
        raise PluginError(
            f"{method}: average = {average:g} makes no sense", "write 0 to below 1; 0.99 is usual"
        )
    return average


def one_class(learner: NetworkLearner, method: str) -> None:
    """Raise PluginError where an item may have several classes."""
    if learner.context.task.choose == "many":
        raise PluginError(
            f"pseudo_labels method = {method} needs one class an item, and this task has choose = many",
            "take the block `pseudo_labels` out",
        )
