"""Pseudo-labels for a round: the task's method on the labels and the open pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.dsl.checks_train import OWN_HEAD
from labelwright.loop.errors import PluginError
from labelwright.loop.lazy_rows import LazyRows
from labelwright.loop.ports import Pseudo
from labelwright.loop.rules.at_work import votes_at
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL
from labelwright.loop.weighing import sure

if TYPE_CHECKING:
    from labelwright.loop.ports import Learner
    from labelwright.loop.rules.votes import Votes
    from labelwright.loop.workbench import Workbench


def pseudo_label(bench: Workbench, round_: int) -> Pseudo:
    """What the method made of this round's unlabelled items; `rows` are snapshot rows."""
    settings = bench.task.pseudo_labels
    assert settings is not None
    training = sure(bench.labels(round_, bench.needed(round_, "collect")["watermark"])[0])
    free = bench.split(round_) == POOL
    free[training.rows] = False
    free[training.unusable] = False
    rows = np.flatnonzero(free)
    made: Pseudo = bench.context.plugins.invoke(
        "pseudo",
        settings.method,
        learner=bench.learner(round_),
        X_labelled=bench.seen(round_, training.rows),
        targets=bench.targets(training),
        X_unlabelled=_unlabelled(bench, round_, rows),
        settings=settings,
        class_ids=tuple(c.id for c in bench.task.labels),
        votes=_votes(bench, round_, np.concatenate([training.rows, rows])),
        random_state=derive_seed(bench.context.seed, "pseudo", round_),
        context=bench.context,
    )
    return Pseudo(
        made.model, rows[made.rows], made.labels, made.gate, made.why, made.supervised_score,
        made.score,
    )  # fmt: skip


def _unlabelled(bench: Workbench, round_: int, rows: np.ndarray) -> np.ndarray | LazyRows:
    """What the learner reads of these rows; inputs of a network only when a method takes them."""
    from labelwright.loop.workbench import reads_vectors

    read = bench.reader(round_)
    if reads_vectors(bench.learner(round_)):
        return read(rows)
    return LazyRows(lambda some: read(rows[some]), len(rows))


def _votes(bench: Workbench, round_: int, rows: np.ndarray) -> Votes | None:
    """What the rules say of these rows; None where there are none, or the method reads none."""
    task = bench.task
    assert task.pseudo_labels is not None
    reads = bench.context.plugins.takes("pseudo", task.pseudo_labels.method.name, "votes")
    if not task.rules or not reads or task.choose != "one":
        return None
    found = votes_at(bench, round_)
    return None if found is None else found.take(rows)


def refuse_misfits(bench: Workbench, round_: int) -> None:
    """Raise PluginError where the task's learner cannot do what `pseudo_labels` or `augment` ask of it.

    Asked in every round before anybody is asked to label anything.
    """
    from labelwright.loop.learn.suiting import refuse_augment, refuse_learner

    settings, plugins = bench.task.pseudo_labels, bench.context.plugins
    if settings is None and not bench.task.train.augment:
        return
    learner = bench.learner(round_)
    if settings is not None:
        method = settings.method.name
        refuse_learner(method, plugins.load("pseudo", method), learner)
        _refuse_another_head(method, learner)
    some = np.flatnonzero(bench.split(round_) == POOL)[:2]
    refuse_augment(learner, bench.context, lambda: bench.seen(round_, some))


def _refuse_another_head(method: str, learner: Learner) -> None:
    """Raise PluginError where a method that makes a head of its own is beside a learner that is none."""
    from labelwright.loop.learn.head import Head

    if method in OWN_HEAD and not isinstance(learner, Head):
        raise PluginError(
            f"pseudo_labels method = {method} makes a head of its own, and this task's `finetune` is "
            "another learner",
            "write `finetune = head`, or `method = threshold`, which works with every learner",
        )
