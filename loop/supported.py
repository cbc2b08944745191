"""What of the language this version cannot run yet. Asked before anything happens."""

from __future__ import annotations

from labelwright.dsl.task import Call, Task, Word

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

OF_ONE = frozenset(
    (
        "badge",
        "bald",
        "batch_bald",
        "class_balancing",
        "clue",
        "cluster_margin",
        "committee",
        "contrastive",
        "density_weighted",
        "entropy",
        "epig",
        "expected_gradient_length",
        "least_confidence",
        "margin",
        "power_bald",
        "ranked_batch",
        "rare_class",
        "token_log_probability",
        "u_herding",
    )
)
"""Our query strategies that need one class an item: they read a row of probabilities as a choice."""

LEARN_ONE = frozenset(("boosting", "sklearn"))
"""Our learners that need one class an item."""

OF_ITEMS = (OF_ONE - {"token_log_probability"}) | {"multilabel_margin", "discriminative"}
"""Our query strategies that ask for the class of a whole item."""

LEARN_SPANS = ("head", "tagger")
"""What learns spans; `head` means `tagger` there."""

MEASURED = frozenset((*_SHARES, *_AVERAGES, "precision", "recall", "f1", "ece", "alpha", "labels"))
"""Metrics that criteria may name."""

_RULES_TEACH = ("infomax",)
_NO_THRESHOLD = ("infomax", "propagate")
_OF_THRESHOLD = ("threshold", "thresholds", "cap", "distribution_alignment")


def learnable(task: Task) -> bool:
    """Whether this version has a model for the task. For others it asks, collects and resolves."""
    return task.kind in ("classification", "spans")


def single(task: Task) -> bool:
    """Whether an item has one class."""
    return task.kind == "classification" and task.choose == "one"


def several(task: Task) -> bool:
    """Whether an item may have several classes."""
    return task.kind == "classification" and task.choose == "many"


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
    if several(task):
        found += _of_one(task)
    if task.kind == "spans":
        found += _of_items(task)
    if task.query.second_opinions and not single(task):
        found.append(f"query second_opinions for {_several(task)}")
    if task.query.control and not single(task):
        found.append(f"query control for {_several(task)}")
    if task.budget.stop == "stable" and not single(task):
        found.append(f"budget stop = stable for {_several(task)}")
    can = ("majority", "soft") if several(task) else ("majority",)
    if not single(task) and task.annotators.resolve not in can:
        found.append(
            f"annotators resolve = {task.annotators.resolve} for {_several(task)} ({' and '.join(can)} can)"
        )
    if task.existing_labels is not None and not single(task):
        found += _of_existing(task)
    if task.data.dedupe is not None:
        found.append("data dedupe")
    if task.data.join is not None:
        found.append("data join")
    if task.data.unit != "document":
        found.append(f"data unit = {task.data.unit}")
    found += _of_gold(task)
    if learnable(task):
        found += [f"metric {name}" for name in unsupported_metrics(task)]
    return found


def _of_gold(task: Task) -> list[str]:
    """What gold, pausing and adjudicating need of the task, where it lacks that."""
    people, found = task.annotators, []
    if people.gold is not None and people.gold.items and people.adjudicator is None:
        found.append("annotators gold = N items without an adjudicator who answers them")
    if people.gold is not None and people.gold.file and task.kind == "spans":
        found.append("annotators gold = file(…) for spans (a number of items can)")
    if people.adjudicate_below is not None and people.adjudicator is None:
        found.append("adjudicate when … without an adjudicator")
    if people.pause_below is not None and people.gold is None:
        found.append("pause when gold … without gold")
    return found


def _of_existing(task: Task) -> list[str]:
    """What weighs, or looks again at, labels of one class an item only."""
    block, found = task.existing_labels, []
    if block is not None and block.trust == "noisy":
        found.append(
            f"existing_labels trust = noisy for {_several(task)} (verified and people can)"
        )
    if block is not None and block.audit:
        found.append(f"existing_labels audit for {_several(task)}")
    return found


def _of_one(task: Task) -> list[str]:
    """What needs one class an item, where this task may give several."""
    strategies = [part for phase in task.query.phases for part in _parts(phase.strategy)]
    unfit = dict.fromkeys(call.name for call in strategies if call.name in OF_ONE)
    found = [f"query strategy {name} for {_several(task)} (auto, multilabel_margin, k_means and random can)"
             for name in unfit]  # fmt: skip
    if task.train.finetune.name in LEARN_ONE:
        found.append(f"train finetune = {task.train.finetune.name} for {_several(task)} (head can)")
    if task.pseudo_labels is not None:
        found.append(
            f"pseudo_labels method = {task.pseudo_labels.method.name} for {_several(task)}"
        )
    return found


def _of_items(task: Task) -> list[str]:
    """What needs classes of whole items, where parts of texts are marked."""
    strategies = [part for phase in task.query.phases for part in _parts(phase.strategy)]
    unfit = dict.fromkeys(call.name for call in strategies if call.name in OF_ITEMS)
    found = [
        f"query strategy {name} for spans (auto, token_log_probability, k_means and random can)"
        for name in unfit
    ]
    if task.train.finetune.name not in LEARN_SPANS:
        found.append(f"train finetune = {task.train.finetune.name} for spans (head can)")
    if task.train.pretrain is not None:
        found.append("train pretrain for spans")
    if task.train.augment:
        found.append("train augment for spans")
    if task.pseudo_labels is not None:
        found.append(f"pseudo_labels method = {task.pseudo_labels.method.name} for spans")
    return found


def _parts(strategy: Call) -> list[Call]:
    """A strategy and those that it mixes."""
    inner = [a.value for a in strategy.args if isinstance(a.value, Call)]
    inner += [Call(name=a.value.name) for a in strategy.args if isinstance(a.value, Word)]
    return [strategy, *(part for call in inner for part in _parts(call))]


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
    pseudo = task.pseudo_labels
    if task.rules and (pseudo is None or pseudo.method.name not in _RULES_TEACH):
        found.append("rules teach only with pseudo_labels method = infomax: here they do not")
    if pseudo is not None and pseudo.method.name in _NO_THRESHOLD:
        default = type(pseudo)(method=pseudo.method)
        left = [name for name in _OF_THRESHOLD if getattr(pseudo, name) != getattr(default, name)]
        if left:
            found.append(
                f"pseudo_labels {' and '.join(left)}: {pseudo.method.name} has no use for it"
                " (threshold has)"
            )
    if len(task.train.seeds) > 1:
        found.append(f"of train seeds only the first, {task.train.seeds[0]}, is used yet")
    return found
