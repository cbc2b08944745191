"""Learning from unlabelled items by being sure of them: infomax on frozen vectors, behind the gate.

`information.py` says what is minimised, `graph.py` what smoothed vectors are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError
from labelwright.loop.ports import Pseudo

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.learn.gate import Trial
    from labelwright.loop.learn.graph import Graph
    from labelwright.loop.ports import Learner, Model

_ROWS = 2_000  # unlabelled rows that the model is made sure of


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

    from labelwright.loop.learn.gate import fewest, trial, usable
    from labelwright.loop.learn.graph import REFERENCE, Graph

    if features not in ("auto", "raw", "graph"):
        raise PluginError(
            f"infomax: there are no features {features!r}", "write raw, graph or auto"
        )

    def closed(why: str, before: float = np.nan, after: float = np.nan) -> Pseudo:
        nothing = np.zeros(0, dtype=np.int64)
        supervised = learner.fit(X_labelled, targets)
        return Pseudo(supervised, nothing, nothing, "closed", why, before, after)

    n_usable, needed = int(usable(targets).sum()), fewest(targets)
    if n_usable < needed:
        return closed(
            f"{n_usable} labels of classes with two or more are too few to check by cross-validation "
            f"whether unlabelled items help; {needed} are needed"
        )
    if len(X_unlabelled) == 0:
        return closed("there is no unlabelled item left")
    rng = np.random.default_rng(random_state)
    drawn = rng.permutation(len(X_unlabelled))
    rows = np.sort(drawn[:_ROWS])
    ways: list[_Way] = []
    if features != "graph":
        ways.append(_Way(None, X_labelled, X_unlabelled[rows]))
    if features != "raw":
        around = X_unlabelled[np.sort(drawn[: max(0, REFERENCE - len(X_labelled))])]
        graph = Graph.of(np.concatenate([X_labelled, around]))
        ways.append(_Way(graph, graph.smooth(X_labelled), graph.smooth(X_unlabelled[rows])))
    found = [
        trial(learner, X_labelled, targets, way.on_fold(targets), random_state) for way in ways
    ]
    way, best = min(zip(ways, found, strict=True), key=lambda pair: pair[1].semi)
    figures = _figures(best, way)
    if not best.better:
        return closed(f"{figures}: no clear gain", best.plain, best.semi)
    model = way.model(np.arange(len(targets)), targets, best.temperature)
    labels = model.predict_proba(X_unlabelled[rows]).argmax(axis=1)
    return Pseudo(model, rows, labels, "open", figures, best.plain, best.semi)


@dataclass(frozen=True)
class _Way:
    """Vectors to learn on, raw or smoothed: of the labelled rows, and of unlabelled ones."""

    graph: Graph | None
    labelled: np.ndarray
    unlabelled: np.ndarray

    def model(self, rows: np.ndarray, targets: np.ndarray, heat: float = 1.0) -> Model:
        """Of these labelled rows and all unlabelled ones; it takes the encoder's vectors."""
        from labelwright.loop.learn.graph import Smoothed
        from labelwright.loop.learn.head import informed

        made = informed(self.labelled[rows], targets[rows], self.unlabelled, heat)
        return made if self.graph is None else Smoothed(made, self.graph)

    def on_fold(
        self, targets: np.ndarray
    ) -> Callable[[np.ndarray, Callable[[np.ndarray], np.ndarray]], Model]:
        """As the gate tries it."""
        return lambda rows, plain: self.model(rows, targets)


def _figures(found: Trial, way: _Way) -> str:
    on = "on vectors smoothed over their neighbours, " if way.graph is not None else ""
    return (
        f"cross-validated log-loss {found.plain:.3f} without and {found.semi:.3f} with unlabelled "
        f"items, {on}over {found.items} labels"
    )
