"""What the phase's query strategy chooses among the open items of the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.dsl.printing import call as call_text
from labelwright.loop.choosing import choose_batch
from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.errors import StrategyError
from labelwright.loop.suggesting import model_before
from labelwright.loop.supported import learnable, several
from labelwright.loop.tagging import TaggerView, hot
from labelwright.loop.workbench import Workbench, reads_vectors

if TYPE_CHECKING:
    from labelwright.loop.history import Choosing
    from labelwright.loop.labels import Labels
    from labelwright.loop.ports import Chosen, Learner, Model


@dataclass(frozen=True)
class Trained:
    """The learner as a query strategy sees it (implements `ports.QueryLearner`)."""

    X_training: np.ndarray
    y_training: np.ndarray
    classes: tuple[str, ...]
    learner: Learner
    model: Model | None
    targets: np.ndarray  # (n, n_classes) what y_training stands for: shares, or several classes

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, n_classes) by the model of the labels so far."""
        if self.model is None:
            raise StrategyError(
                "this query strategy needs labels to learn from, and there are none yet",
                "name `auto`, which needs none, or begin with a phase that does not: `phase cold until "
                "labels >= 20 { strategy = k_means }`",
            )
        return self.model.predict_proba(X)

    def fit_again(self, rows: np.ndarray, seed: int) -> Model:
        """A model of these labelled rows alone (with repetition), not calibrated."""
        return self.learner.fit(self.X_training[rows], self.targets[rows], calibrate=False)


def strategy(draft: Draft) -> Claim:
    """As many items as the round has room for, by the strategy of its phase."""
    rows, people = draft.free_rows(), draft.task.annotators.overlap
    told: dict[str, Any] = {
        "phase": draft.phase.name,
        "strategy": call_text(draft.phase.strategy),
        "choosing": None,
    }
    n = min(draft.room(), len(rows))
    if n == 0:
        return Claim(told=told)
    chosen, choosing = _ask(draft, rows, n)
    picks = tuple(
        Pick(int(rows[i]), "train", people, float(p), reason, float(u) if np.isfinite(u) else None)
        for i, u, p, reason in zip(
            chosen.indices, chosen.utilities, chosen.probabilities, chosen.reasons, strict=True
        )
    )
    return Claim(picks, told | {"choosing": choosing.model_dump(mode="json")})


def _ask(draft: Draft, rows: np.ndarray, n: int) -> tuple[Chosen, Choosing]:
    """n of the rows, as positions in them; and what the choice looks like."""
    bench, round_, training = draft.bench, draft.round_, draft.training
    done = np.concatenate([training.rows, training.unusable])
    taken = np.union1d(draft.asked, done).astype(np.int64)
    view: Any = (
        _tagger(bench, round_, training)
        if bench.task.kind == "spans"
        else _trained(bench, round_, training)
    )
    return choose_batch(
        bench, round_, draft.phase.strategy, view, rows, n, taken=taken, beside=draft.rows
    )


def _trained(bench: Workbench, round_: int, training: Labels) -> Trained:
    features = bench.features(round_)
    learner = bench.chooser(round_)
    model = None
    if len(training) and learnable(bench.task):
        before = bench.store.outcome(round_ - 1, "embed") if round_ else None
        same = before == bench.needed(round_, "embed")
        own = reads_vectors(bench.learner(round_))
        if own and same and bench.current(round_ - 1) and bench.learned(round_ - 1):
            model = bench.supervised(round_ - 1)
        else:  # features or classes are new (rows appended, a change applied), or a proxy chooses
            model = learner.fit(
                np.asarray(features[training.rows]), bench.targets(training), training.weights
            )
    known = slice(None) if model else slice(0)
    targets = bench.targets(training) if model else np.zeros((0, len(bench.task.labels)))
    return Trained(
        X_training=np.asarray(features[training.rows[known]]),
        y_training=targets if several(bench.task) else training.classes[known],
        classes=tuple(c.id for c in bench.task.labels),
        learner=learner,
        model=model,
        targets=targets,
    )


def _tagger(bench: Workbench, round_: int, training: Labels) -> TaggerView:
    model: Any = None
    if len(training):
        model = model_before(bench, round_, supervised=True)
        if model is None:
            X = bench.seen(round_, training.rows)
            model = bench.learner(round_).fit(X, bench.targets(training))
    known = training.rows if model else training.rows[:0]
    return TaggerView(
        X_training=np.asarray(bench.features(round_)[known]),
        y_training=hot(bench.task, training)[: len(known)],
        classes=tuple(c.id for c in bench.task.labels),
        model=model,
        seen=bench.reader(round_),
    )
