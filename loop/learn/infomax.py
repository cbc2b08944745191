"""Learning from unlabelled items by being sure of them: infomax on frozen vectors, behind the gate.

`information.py` says what is minimised, `graph.py` what smoothed vectors are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.gated import Way, gated
from labelwright.loop.learn.suiting import needs, refuse_learner

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Learner, Model, Pseudo

_ROWS = 2_000  # unlabelled rows that the model is made sure of
_SMOOTHED = "on vectors smoothed over their neighbours, "


@needs("vectors")
def infomax(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    random_state: int,
    features: Literal["auto", "raw", "graph"] = "auto",
) -> Pseudo:
    """Makes the model sure of unlabelled items, classes as frequent as among the labels, if that helps.

    features: the encoder's vectors (raw), smoothed over the graph of neighbours (graph), or the better of
    the two in cross-validation (auto). 2,000 unlabelled rows drawn at random teach, 8,192 make the graph.
    Implements `pseudo.PseudoMethod`; `rows` are those that taught, `labels` what they became.
    """
    import numpy as np

    refuse_learner("infomax", infomax, learner)
    if features not in ("auto", "raw", "graph"):
        raise PluginError(
            f"infomax: there are no features {features!r}", "write raw, graph or auto"
        )
    drawn = np.random.default_rng(random_state).permutation(len(X_unlabelled))
    rows = np.sort(drawn[:_ROWS])

    def ways() -> list[Way]:
        found = []
        if features != "graph":
            found.append(_raw(X_labelled, targets, X_unlabelled[rows]))
        if features != "raw":
            found.append(_smoothed(X_labelled, targets, X_unlabelled, rows, drawn))
        return found

    return gated(learner, X_labelled, targets, X_unlabelled, ways, rows, random_state)


def _raw(X: np.ndarray, targets: np.ndarray, unlabelled: np.ndarray) -> Way:
    from labelwright.loop.learn.head import informed

    return Way(lambda rows, heat: informed(X[rows], targets[rows], unlabelled, heat))


def _smoothed(
    X: np.ndarray,
    targets: np.ndarray,
    unlabelled: np.ndarray,
    rows: np.ndarray,
    drawn: np.ndarray,
) -> Way:
    """drawn: positions in `unlabelled`, of which the first make the graph beside the labelled items."""
    import numpy as np

    from labelwright.loop.learn.graph import Graph, Smoothed
    from labelwright.loop.learn.head import informed

    graph = Graph.around(np.concatenate([X, unlabelled]))
    labelled, others = graph.smooth(X), graph.smooth(unlabelled[rows])

    def fit(some: np.ndarray, heat: float) -> Model:
        return Smoothed(informed(labelled[some], targets[some], others, heat), graph)

    return Way(fit, _SMOOTHED)
