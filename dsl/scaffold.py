"""A new task file: everything that can be known beforehand, and gaps for what only people know.

The formatter lays the text out. Names are made valid whatever the raw values are,
and every raw value stays readable as a title and matched as an alias.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.format import format_text
from labelwright.dsl.naming import column_name, grouped, one_line, quoted, valid_name
from labelwright.dsl.printing import class_name
from labelwright.dsl.scaffold_classes import Named, ProposedClass, class_block, named_classes

Line = tuple[str, str] | tuple[str, str, str]  # setting, value, comment

_USUAL_HOLDOUT = 300
_WIDTH = 96


@dataclass(frozen=True)
class Answer:
    """What one answer may be; the settings of `task` of the same names."""

    kind: Literal["classification", "spans"] = "classification"
    choose: Literal["one", "many"] = "one"
    empty: Literal["allowed", "forbidden"] = "forbidden"
    classes: Literal["leaves", "any"] = "leaves"
    nesting: Literal["flat", "nested", "overlapping"] = "flat"


@dataclass(frozen=True)
class ProposedRule:
    """A rule that votes for a class: `of` is the class's place in file order, parents first.

    `when` is the condition as the language writes it; `remark` says what was seen of it.
    """

    name: str
    of: int
    when: str
    remark: str


def scaffold(
    name: str,
    *,
    title: str,
    classes: Sequence[ProposedClass],
    source_call: str,
    answer: Answer | None = None,
    guide: str = "",
    id: str | None = None,
    text: Sequence[str] = (),
    image: Sequence[str] = (),
    columns: Sequence[str] = (),
    show: Sequence[str] = (),
    label: str | None = None,
    annotators: str | None = None,
    items: int | None = None,
    measured_by: str = "",
    rules: Sequence[ProposedRule] = (),
    rules_remarks: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> str:
    """The text of a new task file, to be filled in by a person.

    `source_call` is written as it stands, such as `csv("reviews.csv")`; columns are names in the
    data. With `label`, a column that holds the answers, the campaign is rehearsed by simulated
    annotators; else `annotators` says what stands after `from =`. `items` is how many there are,
    where it is known: it bounds holdout and budget. `measured_by` is a condition: the items that
    measure, instead of a share of all. Remarks become comments.
    """
    task = valid_name(name) or "task"
    answer = answer or Answer()
    named = named_classes(classes)
    people = annotators or (
        f"simulate(column = {column_name(label)}, people = 1, error = 0%)" if label else None
    )
    holdout, budget = _sizes(items)
    blocks = [
        "\n".join(
            [
                "# Fill in the guide and every `describe`: annotators read nothing else. Then run",
                f"# `labelwright check {task}.task`, and again after every change.",
                *_comments(remarks),
            ]
        ),
        _block(f"task {task} {quoted(one_line(title) or task)}", _task(answer, guide)),
        *(class_block(each) for each in named if each.parent is None),
        _block("data", _data(source_call, id, text, image, columns, show)),
        _holdout(holdout, measured_by),
    ]
    if rules:
        blocks.append(_rules(rules, rules_remarks, named))
    if people:
        comment = "a rehearsal: answers come from the data" if people.startswith("simulate") else ""
        blocks.append(_block("annotators", [("from", people, comment)]))
    blocks.append(
        _block(
            "budget",
            [("annotations", grouped(budget), "training and holdout"), ("per_round", "20 items")],
        )
    )
    if answer.kind == "classification":
        blocks.append(
            _block("train", [("encoder", _encoder(text, image, columns)), ("finetune", "head")])
        )
    blocks.append(_accept(answer, holdout))
    return format_text(SourceText(f"{task}.task", "\n\n".join(blocks) + "\n")).text


# --- parts ------------------------------------------------------------------------------------


def _task(answer: Answer, guide: str) -> list[Line]:
    lines: list[Line] = [("kind", answer.kind)]
    if answer.kind == "spans":
        lines.append(("nesting", answer.nesting))
    if answer.kind == "classification" or answer.choose == "many":
        lines.append(("choose", answer.choose))
    if answer.kind == "classification" and answer.choose == "many":
        lines.append(("empty", answer.empty, "may an answer name no class at all?"))
    if answer.classes != "leaves":
        lines.append(("classes", answer.classes, "a class that has others inside may be chosen"))
    if guide.strip():
        lines.append(("guide", quoted(guide.strip())))
    else:
        lines.append(("guide", '""', "what is asked, and what to do when two classes fit"))
    return lines


def _data(
    source_call: str,
    id_: str | None,
    text: Sequence[str],
    image: Sequence[str],
    columns: Sequence[str],
    show: Sequence[str],
) -> list[Line]:
    lines: list[Line] = [("source", source_call)]
    if id_:
        lines.append(("id", column_name(id_)))
    for setting, names in (("text", text), ("image", image), ("columns", columns), ("show", show)):
        if len(names) == 1 and setting in ("text", "image"):
            lines.append((setting, column_name(names[0])))
        elif names:
            lines.append((setting, f"[{', '.join(column_name(n) for n in names)}]"))
    return lines


def _holdout(annotations: int, measured_by: str) -> str:
    spent: Line = ("annotations", grouped(annotations), "measuring; never trained on")
    if not measured_by:
        return _block("holdout", [("size", "20%"), spent])
    return _block("holdout", [spent]).removesuffix("}") + f"  items when {measured_by}\n}}"


def _rules(rules: Sequence[ProposedRule], remarks: Sequence[str], named: Sequence[Named]) -> str:
    lines = _comments(remarks, "  ")
    for rule in rules:
        lines += _comments([rule.remark], "  ")
        lines.append(f"  {rule.name}: vote {class_name(named[rule.of].id)} when {rule.when}")
    return "\n".join(["rules {", *lines, "}"])


def _sizes(items: int | None) -> tuple[int, int]:
    """Annotations for the holdout and in all."""
    if items is None:
        return _USUAL_HOLDOUT, 2 * _USUAL_HOLDOUT
    holdout = max(1, min(_USUAL_HOLDOUT, items // 5))
    return holdout, holdout + max(1, min(_USUAL_HOLDOUT, items - holdout))


def _encoder(text: Sequence[str], image: Sequence[str], columns: Sequence[str]) -> str:
    if image and not text:
        return "pixels"
    return "table" if columns and not text else "tfidf"


def _accept(answer: Answer, holdout: int) -> str:
    # With fewer items the interval is so wide that only a near-perfect model would pass.
    sure = " with 95% confidence" if holdout >= 60 else ""
    metric, value = "accuracy", "80%"
    if answer.kind == "spans" or answer.choose == "many":
        metric, value = "micro_f1", "0.8"
    return f"accept {{\n  {metric} >= {value}{sure}\n}}"


def _comments(remarks: Sequence[str], margin: str = "") -> list[str]:
    """Each remark as a comment of one or more lines."""
    mark = f"{margin}# "
    return [
        line
        for remark in remarks
        for line in textwrap.wrap(
            one_line(remark),
            _WIDTH,
            initial_indent=mark,
            subsequent_indent=mark + "  ",
            break_long_words=False,
        )
    ]


def _block(head: str, lines: Sequence[Line]) -> str:
    width = max(len(line[0]) for line in lines)
    written = []
    for line in lines:
        text = f"  {line[0]:<{width}} = {line[1]}"
        if len(line) == 3 and line[2]:
            text += f"  # {line[2]}"
        written.append(text)
    return "\n".join([f"{head} {{", *written, "}"])
