"""Choosing what to ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labelwright.dsl.printing import call as call_text
from labelwright.dsl.task import Call
from labelwright.loop.budget import holdout_items, holdout_room, next_items, spent
from labelwright.loop.choosing import choose_batch
from labelwright.loop.errors import StrategyError
from labelwright.loop.history import Choosing
from labelwright.loop.labels import Labels
from labelwright.loop.phases import phase
from labelwright.loop.ports import Chosen, Learner, Model
from labelwright.loop.query.contract import nothing
from labelwright.loop.second_opinions import further_opinions
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import HOLDOUT, POOL, mix
from labelwright.loop.store import Choice
from labelwright.loop.suggesting import model_before
from labelwright.loop.supported import learnable, several
from labelwright.loop.tagging import TaggerView, hot
from labelwright.loop.themes import chain
from labelwright.loop.workbench import Workbench, reads_vectors


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


def choose(bench: Workbench, round_: int) -> tuple[dict[str, Any], list[Choice]]:
    """Choose the round's items: training ones by the phase's strategy, then what the holdout lacks."""
    task = bench.task
    watermark = bench.watermark(round_)
    training, _ = bench.labels(round_, watermark)
    used = spent(bench.events(watermark))
    items, asked = bench.items(round_), bench.asked_rows(round_)
    open_rows = _open_rows(bench, round_, training, asked)
    people = task.annotators.overlap
    again = bench.ask_again(round_, watermark)
    held = _holdout_rows(bench, round_, asked)
    held = held[: holdout_room(task, used, len(held))]
    used = replace(used, holdout=used.holdout + len(held) * people)
    held_again = _again_rows(bench, round_, again, HOLDOUT)
    held_again = held_again[: holdout_room(task, used, len(held_again))]
    used = replace(used, holdout=used.holdout + len(held_again) * people)
    waiting = _again_rows(bench, round_, again, POOL)
    n = next_items(task, used, len(open_rows) + len(waiting))
    first = waiting[:n]
    now = phase(
        task,
        training.per_class(task),
        used.training,
        round_,
        bench.measured(round_ - 1),
        len(training),
    )
    n_new = min(n - len(first), len(open_rows))
    chosen, told = _ask_strategy(
        bench, round_, now.strategy, training, open_rows, n_new,
        asked=asked, beside=[*first, *held, *held_again],
    )  # fmt: skip
    further = further_opinions(
        bench, round_, training, open_rows[chosen.indices], again, n - len(first)
    )
    chosen, told = further.room(chosen, told)
    rows = [int(open_rows[i]) for i in chosen.indices]
    picks: list[tuple[int, str, float | None, float, str]] = [
        (row, "train", None, 1.0, f"asked again: {again[row]}") for row in first
    ]
    picks += [
        (row, "train", float(u), float(p), reason)
        for row, u, p, reason in zip(
            rows, chosen.utilities, chosen.probabilities, chosen.reasons, strict=True
        )
    ]
    picks += further.picks()
    share = min(1.0, holdout_items(task) / max(1, int((bench.split(round_) == HOLDOUT).sum())))
    picks += [(row, "holdout", None, share, f"asked again: {again[row]}") for row in held_again]
    picks += [(row, "holdout", None, share, "holdout, at random") for row in held]
    if task.query.order == "theme":  # holdout items too: they must not stand out
        rows_picked = [row for row, *_ in picks]
        picks = [picks[i] for i in chain(np.asarray(bench.features(round_)[rows_picked]))]
    choices = [
        Choice(
            round_, rank, items.id_of(row), items.content_of(row), purpose,
            1 if row in further.rows else people,
            None if utility is None or not np.isfinite(utility) else utility, probability, reason,
        )
        for rank, (row, purpose, utility, probability, reason) in enumerate(picks)
    ]  # fmt: skip
    finite = chosen.utilities[np.isfinite(chosen.utilities)]
    spread = [float(v) for v in np.quantile(finite, (0, 0.5, 1))] if len(finite) else None
    return (
        {
            "phase": now.name,
            "strategy": call_text(now.strategy),
            "asked": len(first) + len(rows) + len(further),
            "holdout_asked": len(held) + len(held_again),
            "again": len(first) + len(held_again),
            "open": len(open_rows) + len(waiting) + len(further),  # less `asked`: what is left
            **further.told(items),
            "spread": spread,
            "choosing": told.model_dump(mode="json") if told else None,
        },
        choices,
    )


def _open_rows(bench: Workbench, round_: int, training: Labels, asked: np.ndarray) -> np.ndarray:
    """Pool rows never asked and not labelled, in the order in which ties are broken."""
    free = bench.split(round_) == POOL
    free[asked] = False
    free[training.rows] = False
    rows = np.flatnonzero(free)
    order = mix(bench.items(round_).order[rows], bench.context.seed)
    sorted_rows: np.ndarray = rows[np.argsort(order, kind="stable")]
    return sorted_rows


def _holdout_rows(bench: Workbench, round_: int, asked: np.ndarray) -> list[int]:
    """Holdout rows to ask now: a uniform sample that grows when the task file asks for more."""
    rows = np.flatnonzero(bench.split(round_) == HOLDOUT)
    seed = derive_seed(bench.context.seed, "holdout sample")
    order = np.argsort(mix(bench.items(round_).order[rows], seed), kind="stable")
    wanted = rows[order][: holdout_items(bench.task)]
    return [int(row) for row in wanted[~np.isin(wanted, asked)]]


def _again_rows(bench: Workbench, round_: int, again: dict[int, str], part: int) -> list[int]:
    """Rows of the pool or the holdout to ask again, in the order in which ties are broken."""
    rows = np.array([row for row in again if bench.split(round_)[row] == part], dtype=np.int64)
    order = mix(bench.items(round_).order[rows], bench.context.seed)
    return [int(row) for row in rows[np.argsort(order, kind="stable")]]


def _ask_strategy(
    bench: Workbench,
    round_: int,
    strategy: Call,
    training: Labels,
    rows: np.ndarray,
    n: int,
    *,
    asked: np.ndarray,
    beside: list[int],
) -> tuple[Chosen, Choosing | None]:
    """n of the open rows, as positions in them, by the strategy; and what its choice looks like.

    asked: rows of earlier rounds; beside: rows that are in the batch already.
    """
    if n == 0:
        return nothing(), None
    features = bench.features(round_)
    taken = np.union1d(asked, np.concatenate([training.rows, training.unusable])).astype(np.int64)
    in_batch = np.array(beside, dtype=np.int64)
    if bench.task.kind == "spans":
        tagger: Any = _tagger(bench, round_, training)
        return choose_batch(bench, round_, strategy, tagger, rows, n, taken=taken, beside=in_batch)
    learner = bench.chooser(round_)
    model = None
    if len(training) and learnable(bench.task):
        before = bench.store.outcome(round_ - 1, "embed") if round_ else None
        same = before == bench.needed(round_, "embed")
        own = reads_vectors(bench.learner(round_))
        if own and same and bench.current(round_ - 1) and bench.learned(round_ - 1):
            model = bench.supervised(round_ - 1)
        else:  # features or classes are new (rows appended, a change applied), or a proxy chooses
            model = learner.fit(np.asarray(features[training.rows]), bench.targets(training))
    known = slice(None) if model else slice(0)
    targets = bench.targets(training) if model else np.zeros((0, len(bench.task.labels)))
    view: Any = Trained(
        X_training=np.asarray(features[training.rows[known]]),
        y_training=targets if several(bench.task) else training.classes[known],
        classes=tuple(c.id for c in bench.task.labels),
        learner=learner,
        model=model,
        targets=targets,
    )
    return choose_batch(bench, round_, strategy, view, rows, n, taken=taken, beside=in_batch)


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
