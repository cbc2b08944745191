"""A method that learns from unlabelled items, held against its own supervised baseline.

What every such method shares: too few labels to check it, no item to learn from, the trial of its ways by
cross-validation, and the sentence that says what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.loop.ports import Pseudo

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.learn.gate import Semi
    from labelwright.loop.ports import Learner, Model


@dataclass(frozen=True)
class Way:
    """One way to learn. `fit(rows, heat)`: a model of these labelled rows and of unlabelled items,
    its confidences divided by `heat`; `said` is what tells it from the others ("on …, ") or nothing.
    """

    fit: Callable[[np.ndarray, float], Model]
    said: str = ""

    def on_fold(self) -> Semi:
        """As the gate tries it."""
        return lambda rows, plain: self.fit(rows, 1.0)


def gated(
    learner: Learner,
    X: np.ndarray,
    targets: np.ndarray,
    unlabelled: np.ndarray,
    ways: Callable[[], Sequence[Way]],
    taught: np.ndarray,
    random_state: int,
    n_folds: int | None = None,
) -> Pseudo:
    """The best of the ways in cross-validation, where it is better than the labels alone.

    Of those the first, where no other is clearly better still: what is expected to be best stands there.
    X (n, ...), targets (n, n_classes); `ways` are made once it is known that they can be tried. taught:
    (m,) positions in `unlabelled` of the items that teach: the `rows` of what is returned, `labels` what
    they became. n_folds: of the cross-validation, where it is not the gate's own number.
    """
    import numpy as np

    from labelwright.loop.learn.gate import FEWEST, FOLDS, preferred, trials, usable

    def closed(why: str, before: float = np.nan, after: float = np.nan) -> Pseudo:
        nothing = np.zeros(0, dtype=np.int64)
        return Pseudo(learner.fit(X, targets), nothing, nothing, "closed", why, before, after)

    n_usable = int(usable(targets).sum())
    if n_usable < FEWEST:
        return closed(
            f"{n_usable} labels of classes with two or more are too few to check by cross-validation "
            f"whether unlabelled items help; {FEWEST} are needed"
        )
    if len(unlabelled) == 0:
        return closed("there is no unlabelled item left")
    tried = list(ways())
    on_folds = [way.on_fold() for way in tried]
    found = trials(learner, X, targets, on_folds, random_state, n_folds or FOLDS)
    place = preferred(found)
    way, best = tried[place], found[place]
    figures = (
        f"cross-validated log-loss {best.plain:.3f} without and {best.semi:.3f} with unlabelled "
        f"items, {way.said}over {best.items} labels"
    )
    if n_folds:
        figures += f" in {n_folds} folds"
    if not best.better:
        return closed(f"{figures}: no clear gain", best.plain, best.semi)
    model = way.fit(np.arange(len(targets)), best.temperature)
    labels = model.predict_proba(unlabelled[taught]).argmax(axis=1)
    return Pseudo(model, taught, labels, "open", figures, best.plain, best.semi)
