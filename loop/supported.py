"""What of the language this version cannot run yet. Asked before anything happens."""

from __future__ import annotations

from labelwright.dsl.task import Task

_AVERAGES = ("macro_f1", "macro_precision", "macro_recall", "weighted_f1")
_SHARES = ("accuracy", "exact_match", "micro_f1", "micro_precision", "micro_recall")
WITHOUT_MODEL = (
    "random",
    "auto",
    "k_means",
    "coreset",
    "max_herding",
    "u_herding",
    "typiclust",
    "prob_cover",
)
"""Our query strategies that need no model and no labels: where nothing is learned, they see none."""

MEASURED = frozenset((*_SHARES, *_AVERAGES, "precision", "recall", "f1", "ece", "alpha", "labels"))
"""Metrics that criteria may name."""


def learnable(task: Task) -> bool:
    """Whether this version has a model for the task. For others it asks, collects and resolves."""
    return task.kind == "classification" and task.choose == "one"


def unsupported_metrics(task: Task) -> list[str]:
    """Metrics, and ways of asking for them, that this version cannot measure."""
    found = [c.metric for c in task.accept.criteria if c.metric not in MEASURED]
    found += [f"{c.metric}(…)" for c in task.accept.criteria if c.args]
    found += [f"{c.metric} at N% {c.at[1]}" for c in task.accept.criteria if c.at]
    return list(dict.fromkeys(found))


def unsupported(task: Task) -> list[str]:
    """A few words for each part of the task that parses and checks, but cannot be run yet."""
    found = []
    if not learnable(task):
        found += [
            f"query strategy {phase.strategy.name} for {_several(task)} (auto, k_means and random can)"
            for phase in task.query.phases
            if phase.strategy.name not in WITHOUT_MODEL
        ]
        if task.query.second_opinions:
            found.append(f"query second_opinions for {_several(task)}")
    if task.holdout.measure != "uniform":
        found.append(f"holdout measure = {task.holdout.measure} (uniform can)")
    if task.existing_labels is not None and task.existing_labels.trust != "verified":
        found.append(f"existing_labels trust = {task.existing_labels.trust} (verified can)")
    if task.existing_labels is not None and task.existing_labels.audit:
        found.append("existing_labels audit")
    if task.data.dedupe is not None:
        found.append("data dedupe")
    if task.data.join is not None:
        found.append("data join")
    if task.data.unit != "document":
        found.append(f"data unit = {task.data.unit}")
    if task.annotators.gold is not None:
        found.append("annotators gold")
    if task.annotators.adjudicate_below is not None:
        found.append("adjudicate when …")
    if task.annotators.pause_below is not None:
        found.append("pause when …")
    if task.train.augment:
        found.append("train augment")
    if learnable(task):
        found += [f"metric {name}" for name in unsupported_metrics(task)]
    return found


def _several(task: Task) -> str:
    return "spans" if task.kind == "spans" else "choose = many"


def unused(task: Task) -> list[str]:
    """One sentence for each part of the task that a run leaves aside without harm."""
    found = []
    if not learnable(task):
        found.append(
            f"no model learns {_several(task)} yet: answers are asked, collected, resolved and "
            "exported, and no criterion is decided"
        )
    if task.rules:
        found.append("rules do not vote yet: the run learns from people's labels alone")
    if len(task.train.seeds) > 1:
        found.append(f"of train seeds only the first, {task.train.seeds[0]}, is used yet")
    return found
