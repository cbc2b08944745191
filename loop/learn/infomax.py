"""Learning from unlabelled items by being sure of them: infomax on frozen vectors, behind the gate.

`information.py` says what is minimised, `graph.py` what smoothed vectors are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.gated import Way, gated
from labelwright.loop.learn.head import Head
from labelwright.loop.learn.suiting import needs, refuse_learner

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.learn.weak import Weak
    from labelwright.loop.ports import Learner, Model, Pseudo
    from labelwright.loop.rules.votes import Votes

_ROWS = 2_000  # unlabelled rows that the model is made sure of, and that rules teach at most


@needs("vectors")
def infomax(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    random_state: int,
    votes: Votes | None = None,
    features: Literal["auto", "raw", "graph"] = "auto",
) -> Pseudo:
    """Makes the model sure of unlabelled items, classes as frequent as among the labels, if that helps.

    features: the encoder's vectors (raw), smoothed over the graph of neighbours (graph), or the better of
    the two in cross-validation (auto). On smoothed vectors labels alone are tried as well. 2,000 unlabelled
    rows drawn at random teach, 16,384 make the graph. Where the task has rules, each way is tried with their
    votes as a weak teacher too. Implements `pseudo.PseudoMethod`; `rows` are those that taught, `labels`
    what they became.
    """
    import numpy as np

    from labelwright.loop.learn.weak import Weak

    refuse_learner("infomax", infomax, learner)
    if not isinstance(learner, Head):
        raise PluginError(
            "pseudo_labels method = infomax makes a head of its own, and this task's `finetune` is another",
            "write `finetune = head`, or `method = threshold`",
        )
    if features not in ("auto", "raw", "graph"):
        raise PluginError(
            f"infomax: there are no features {features!r}", "write raw, graph or auto"
        )
    drawn = np.random.default_rng(random_state).permutation(len(X_unlabelled))
    rows = np.sort(drawn[:_ROWS])

    def ways() -> list[Way]:
        weak = None if votes is None else Weak.of(votes, len(targets), drawn)
        views = [] if features == "raw" else [_smoothed(np.concatenate([X_labelled, X_unlabelled]))]
        views += [] if features == "graph" else [_RAW]
        makers = [_maker(view, X_labelled, targets, X_unlabelled, rows, weak) for view in views]
        return [
            way
            for by_rules in ((False,) if weak is None else (False, True))
            for sure in (True, False)
            for make in makers
            if (way := make(sure, by_rules)) is not None
        ]

    return gated(learner, X_labelled, targets, X_unlabelled, ways, rows, random_state)


class _View(NamedTuple):
    """How vectors are looked at: what becomes of them, and of a model that reads what became of them."""

    see: Callable[[np.ndarray], np.ndarray]
    through: Callable[[Model], Model]
    said: str = ""


_RAW = _View(lambda X: X, lambda model: model)


def _smoothed(X: np.ndarray) -> _View:
    from labelwright.loop.learn.graph import Graph, Smoothed

    graph = Graph.around(X)
    return _View(
        graph.smooth,
        lambda model: Smoothed(model, graph),
        "on vectors smoothed over their neighbours, ",
    )


def _maker(
    view: _View,
    X: np.ndarray,
    targets: np.ndarray,
    unlabelled: np.ndarray,
    rows: np.ndarray,
    weak: Weak | None,
) -> Callable[[bool, bool], Way | None]:
    """`make(sure, by_rules)`: sure of unlabelled items or not, with the rules or without.

    None where that is the plain head itself.
    """
    from labelwright.loop.learn.head import informed

    labelled, others = view.see(X), view.see(unlabelled[rows])
    spoken_of = view.see(unlabelled[weak.rows if weak else rows[:0]])

    def make(sure: bool, by_rules: bool) -> Way | None:
        if view is _RAW and not sure and not by_rules:
            return None

        def fit(some: np.ndarray, heat: float) -> Model:
            hints = weak.hints(spoken_of, targets, some) if weak and by_rules else None
            strength = 1.0 if sure else 0.0
            head = informed(
                labelled[some], targets[some], others, heat, hints=hints, strength=strength
            )
            return view.through(head)

        said = view.said if sure or not view.said else f"labels alone {view.said}"
        return Way(fit, said + ("the rules a weak teacher beside, " if by_rules else ""))

    return make
