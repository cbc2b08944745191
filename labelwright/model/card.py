"""The model card: what somebody must know who gets the folder and was not there. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from labelwright import figures
from labelwright.dsl import printing
from labelwright.summary import MARKS, bill, class_names, verdicts
from labelwright.words import clean

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.history import Campaign, Estimate, RoundRecord
    from labelwright.model.manifest import Manifest

_PIPELINES = {"text": "text-classification", "image": "image-classification",
              "columns": "tabular-classification"}  # fmt: skip
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_KINDS = {"label_studio": "people in Label Studio", "terminal": "people at a terminal",
          "files": "people, through files", "simulate": "simulated people"}  # fmt: skip


def card(
    task: Task, campaign: Campaign, manifest: Manifest, taught: Mapping[str, int], folder: str
) -> str:
    """The text of README.md, Markdown.

    taught: training labels by where they come from, `people` or `existing`. folder: the name of the model's
    folder, for its commands.
    """
    record = next(r for r in campaign.rounds if r.round == manifest.round)
    parts = [
        _front(manifest),
        _opening(task, campaign, manifest),
        _use(manifest, folder),
        _classes(task, record),
        _quality(task, campaign, record),
        _labels(task, campaign, record, taught),
        _data(task, campaign, manifest),
        _training(task, campaign, record, manifest),
        _limits(campaign, record, manifest),
        _LICENCE,
    ]
    return "\n\n".join(parts) + "\n"


_LICENCE = """## Licence

None is given here. What may be done with the model follows from what the data above, the encoder and the
people who labelled allow. Write it into this section before you pass the folder on."""


def _front(manifest: Manifest) -> str:
    kinds = {c.kind for c in manifest.encoder.columns}
    pipeline = _PIPELINES[kinds.pop()] if len(kinds) == 1 else "other"
    return f"---\nlibrary_name: labelwright\npipeline_tag: {pipeline}\ntags: [labelwright]\n---"


def _opening(task: Task, campaign: Campaign, manifest: Manifest) -> str:
    several = "any of" if task.choose == "many" else "one of"
    does = f"gives an item {several} {len(manifest.classes)} classes"
    if task.kind == "spans":
        does = f"marks parts of texts as one of {len(manifest.classes)} classes"
    lines = [
        f"# {_plain(task.title)}",
        "",
        f"A model that {does}, made by "
        f"{manifest.made_by} in round {manifest.round} of the campaign `{manifest.task}`, under the "
        f"definition `{manifest.definition[:12]}`, which lies beside this card as `task.json`.",
    ]
    if campaign.rehearsal:
        lines += ["", f"**A rehearsal: {_who(task)} answered.** The figures below say nothing of what people "
                      "would have answered."]  # fmt: skip
    return "\n".join(lines)


def _use(manifest: Manifest, folder: str) -> str:
    kinds = {c.kind for c in manifest.encoder.columns}
    names = ", ".join(f"`{_code(c.name)}`" for c in manifest.encoder.columns)
    data = "pictures" if kinds == {"image"} else "new.csv"
    what = "a folder of pictures, or a file with" if kinds == {"image"} else "a file with"
    one = len(manifest.encoder.columns) == 1
    return f"""## How to use it

```sh
labelwright predict {folder} {data}                     # a class and its probability for each item
labelwright predict {folder} {data} --all -o out.parquet
```

It reads {what} the column{"" if one else "s"} {names} (csv, jsonl, parquet); `--column` names others.
From Python:

```python
import labelwright as lw

model = lw.load_model("{folder}")
for found in model.predict([{{{", ".join(f"{c.name!r}: …" for c in manifest.encoder.columns)}}}]):
    print(found.label, found.probability)
```"""


def _classes(task: Task, record: RoundRecord) -> str:
    names = class_names(task)
    rows = [
        (f"`{c.id}`", _plain(names[c.id]), _plain(c.describe), str(record.labels_per_class.get(c.id, 0)))
        for c in task.labels
    ]  # fmt: skip
    lines = ["## What it tells apart", ""]
    if task.guide:
        guide = clean(task.guide, keep_lines=True).strip().splitlines()
        lines += [
            "Annotators were told:",
            "",
            *(f"> {_plain(line)}".rstrip() for line in guide),
            "",
        ]
    return "\n".join([*lines, *_table(("class", "title", "what belongs to it", "labels"), rows)])


def _quality(task: Task, campaign: Campaign, record: RoundRecord) -> str:
    now, names = record.measurement, class_names(task)
    lines = ["## How good it is", ""]
    if now.accuracy.estimate is None:
        lines.append("It was not measured: the holdout has no label.")
    else:
        lines += [
            f"On {figures.counted(now.holdout_labels, 'labelled item')} of the holdout, which never "
            "taught it; intervals are two-sided, 95%.",
            "",
        ]
        found: tuple[tuple[str, Estimate], ...] = (
            ("accuracy", now.accuracy), ("macro F1", now.macro_f1),
            ("calibration error (ECE)", now.ece),
        )  # fmt: skip
        if now.micro_f1 is not None:
            found = (("micro F1", now.micro_f1), ("exact match", now.accuracy), *found[1:])
        rows = [(name, *_figure(estimate)) for name, estimate in found]
        lines += [*_table(("figure", "estimate", "95% interval"), rows), ""]
        each = [
            (_plain(names[c.id]), *_figure(c.precision), *_figure(c.recall), str(c.support))
            for c in now.classes
        ]
        heads = ("class", "precision", "95%", "recall", "95%", "items of it")
        lines += _table(heads, each)
    decided = verdicts(task, campaign)
    if decided and record == campaign.rounds[-1]:
        lines += ["", "What was asked of it, in the task file:", ""]
        for verdict in decided:
            number = figures.in_unit_of(verdict.criterion)
            bound = "" if verdict.bound is None else (
                f", {figures.bound_word(verdict.criterion)} {number(verdict.bound)}")  # fmt: skip
            note = f" ({_plain(verdict.note)})" if verdict.note else ""
            lines.append(
                f"- {MARKS[verdict.status]} {verdict.status}: `{_code(verdict.criterion)}`: "
                f"{number(verdict.estimate)}{bound}{note}"
            )
        lines += [
            "",
            "The holdout was looked at after each round: a narrow PASS is to be read with care.",
        ]
    return "\n".join(lines)


def _labels(task: Task, campaign: Campaign, record: RoundRecord, taught: Mapping[str, int]) -> str:
    alpha = record.measurement.alpha
    lines = ["## Where the labels come from", ""]
    if people := taught.get("people", 0):
        lines.append(f"- {figures.counted(people, 'label')} that taught it: given by {_who(task)}.")
    if existing := taught.get("existing", 0):
        trust = task.existing_labels.trust if task.existing_labels else "verified"
        lines.append(
            f"- {figures.counted(existing, 'label')} that taught it: in the data already, trusted as "
            f"`{trust}`."
        )
    lines.append(
        "- One person judged each item."
        if task.annotators.overlap == 1
        else f"- {task.annotators.overlap} people judged each item; their answers became one label by "
        f"`{task.annotators.resolve}`."
    )
    if alpha.estimate is not None:
        lines.append(
            f"- They agreed with Krippendorff's alpha {figures.decimal(alpha.estimate)}"
            f"{_between(alpha)} on items that two or more judged."
        )
    if record.unusable:
        lines.append(f"- {figures.counted(record.unusable, 'item')} called unusable: left out.")
    if record.pseudo_labels and record.gate == "open":
        unlabelled = figures.counted(record.pseudo_labels, "item")
        lines.append(f"- {unlabelled} without a label taught it too: see below.")
    lines.append(f"- It cost {_cost(task, campaign)}.")
    return "\n".join([*lines, *_each_annotator(campaign)])


def _cost(task: Task, campaign: Campaign) -> str:
    spent = bill(task, campaign)
    told = [
        f"{figures.counted(spent.training, 'annotation')} for training and {figures.count(spent.holdout)} "
        f"for measuring, of {figures.count(spent.limit)}"
    ]
    if spent.money is not None:
        told.append(figures.money(spent.money, spent.currency))
    if spent.hours:
        told.append(f"{figures.hours(spent.hours)} of their time")
    return "; ".join(told)


def _each_annotator(campaign: Campaign) -> list[str]:
    if not campaign.annotators:
        return []
    rows = [
        (
            _plain(a.annotator),
            figures.count(a.annotations),
            figures.percent(a.agreement),
            figures.duration(a.seconds),
        )
        for a in campaign.annotators
    ]
    heads = ("annotator", "annotations", "agree with the label of shared items", "median time")
    return ["", *_table(heads, rows)]


def _data(task: Task, campaign: Campaign, manifest: Manifest) -> str:
    columns = manifest.encoder.columns
    reads = [f"`{_code(c.name)}` ({c.type})" for c in columns if c.kind != "image"]
    reads += [f"pictures in `{_code(c.name)}`" for c in columns if c.kind == "image"]
    source = _code(printing.call(task.data.source))
    lines = [
        "## The data",
        "",
        f"- From `{source}`: {figures.counted(campaign.items, 'item')}, of which "
        f"{figures.count(campaign.pool)} could teach and {figures.count(campaign.holdout)} only measure.",
        f"- The model reads {', '.join(reads)}.",
    ]
    if task.data.keep is not None:
        lines.append(f"- Only items with `{_code(printing.condition(task.data.keep))}`.")
    if task.data.group:
        lines.append(f"- Items that share `{_code(task.data.group)}` lie on one side of the split.")
    lines += [
        f"- {figures.counted(rows, 'row')} set aside: {_plain(reason)}."
        for reason, rows in sorted(campaign.set_aside.items())
    ]
    return "\n".join(lines)


def _training(task: Task, campaign: Campaign, record: RoundRecord, manifest: Manifest) -> str:
    encoder, learner, check = manifest.encoder, manifest.learner, manifest.check
    calibrated = ""
    if learner.temperature not in (None, 1.0):
        calibrated = f", its confidences divided by {learner.temperature:.3g} (temperature)"
    strategies = dict.fromkeys(r.strategy for r in campaign.rounds)
    lines = [
        "## How it was made",
        "",
        f"- Encoder `{_code(encoder.written)}`: {_plain(encoder.identity)}.",
        f"- Learner `{_code(learner.written)}`{calibrated}; seed {manifest.seed}.",
        f"- {figures.counted(len(campaign.rounds), 'round')}; items were chosen by "
        f"{', '.join(f'`{_code(s)}`' for s in strategies)}.",
    ]
    if record.gate != "off":
        lines.append(
            f"- Unlabelled items: the gate was {record.gate}: {_plain(record.gate_why)}."
            + ("" if record.gate == "open" else " The labels alone taught the model.")
        )
    if check is not None:
        same = f"differed from the campaign's own by more than {check.difference:.1g}"
        if not check.difference:
            same = "differed from the campaign's own"
        lines.append(
            "- Before this folder was written, it was read back: of "
            f"{figures.counted(check.items, 'item')} no probability {same}."
        )
    versions = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    return "\n".join([*lines, f"- Made with {versions}."])


def _limits(campaign: Campaign, record: RoundRecord, manifest: Manifest) -> str:
    found = [
        "It was measured on items drawn from the same data: on others it may be worse, and nothing here "
        "says how much.",
        "It always answers with one of its classes, for an item that is none of them too.",
    ]
    if manifest.kind == "spans":
        found[1] = (
            "A mark counts as right only where it begins, ends and is called as people have it."
        )
    elif manifest.choose == "many":
        found[1] = "It judges each class by itself, for an item that is none of them too."
    without = [c for c in manifest.classes if not record.labels_per_class.get(c.id)]
    if without:
        names = ", ".join(f"`{c.id}`" for c in without)
        found.append(f"It never saw a label of {names}, and will hardly ever answer with these.")
    if record.measurement.holdout_labels < 100:
        found.append(
            "Fewer than 100 items measured it: the intervals above are wide for that reason."
        )
    if campaign.rehearsal:
        found.append("Its labels were simulated: it is a rehearsal, not a result.")
    if not manifest.encoder.fitted:
        found.append(
            f"The encoder's own weights are not in this folder: `{_code(manifest.encoder.written)}` must be "
            "installed or lie where it is looked for, and must be the very same."
        )
    found.append(
        "What it learned can be read from its files, words of the texts among them; where a learner is kept "
        "by its training rows, or unlabelled items taught it, so can these rows. Pass it on only to "
        "whoever might see the data."
    )
    return "\n".join(["## Limits", "", *(f"- {each}" for each in found)])


def _who(task: Task) -> str:
    source = task.annotators.source.name
    return _KINDS.get(source, f"annotators from `{source}`")


def _figure(estimate: Estimate) -> tuple[str, str]:
    return figures.decimal(estimate.estimate), figures.interval(estimate, figures.decimal)


def _between(estimate: Estimate) -> str:
    span = figures.interval(estimate, figures.decimal)
    return f" ({span})" if span else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _plain(text: str) -> str:
    """Text of others as one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", clean(" ".join(text.split())))


def _code(text: str) -> str:
    """Text of others between backticks."""
    return clean(text).replace("`", "'").replace("|", "\\|")
