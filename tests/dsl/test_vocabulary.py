"""The table is whole: every entry has help and is alive, and its defaults are the real ones."""

from __future__ import annotations

import re

import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from labelwright.dsl.vocabulary import (
    BLOCKS,
    CLASS,
    FILE,
    RESERVED,
    Block,
    Setting,
    plain_word,
    reserved,
)
from tests.dsl.catalogues import EVERYTHING

SETTINGS = [(block, setting) for block in BLOCKS.values() for setting in block.settings]
NAMES = [f"{block.name}.{setting.name}" for block, setting in SETTINGS]
CLAUSES = [(block, clause) for block in BLOCKS.values() for clause in block.clauses]

HEADS = {
    "task": "task t",
    "class": "class A",
    "phase": "phase main",
}
NEEDS = {  # what must stand beside a setting in its block
    "data": 'source = csv("x.csv")',
    "existing_labels": "label = topic",
    "phase": "strategy = margin",
}
AROUND = {  # what must stand elsewhere in the file for a setting to be seen
    "task": {"nesting": "kind = spans", "empty": "choose = many"},
}


def file_with(block: Block, inside: str) -> str:
    """A small file in which `inside` stands in the block."""
    parts = {
        "task": "task t",
        "class": "class A\nclass B",
        "data": f"data {{ {NEEDS['data']} }}",
    }
    head = HEADS.get(block.name, block.name)
    need = NEEDS.get(block.name, "")
    if need and inside.startswith(need.split(" = ")[0] + " = "):
        need = ""
    if block.name == "existing_labels" and inside.startswith("source"):
        need = ""
    body = f"{head} {{\n  {need}\n  {inside}\n}}"
    if block.name == "class":
        body += "\nclass B\nclass C"
    if block.name == "phase":
        body = f"query {{\n{body}\n}}"
    return "\n".join([*(text for name, text in parts.items() if name != block.name), body]) + "\n"


def task_of(text: str) -> Task:
    reading = read(SourceText("t.task", text), EVERYTHING)
    assert [d.message for d in reading.errors] == []
    assert reading.task is not None
    return reading.task


@pytest.mark.parametrize(("block", "setting"), SETTINGS, ids=NAMES)
def test_every_setting_is_told_and_alive(block: Block, setting: Setting) -> None:
    """It has one line of help; its example reads, and another value than the default is seen."""
    assert setting.help.endswith((".", "?"))
    assert "\n" not in setting.help
    assert len(setting.help) < 100
    values = {setting.example, *setting.words, *OTHERS.get(f"{block.name}.{setting.name}", ())}
    if setting.type == "file":
        values = {setting.example, setting.example.replace("out/", "there/")}
    beside = AROUND.get(block.name, {}).get(setting.name, "")
    tasks = [
        task_of(file_with(block, f"{setting.name} = {value}\n  {beside}")).model_dump_json()
        for value in sorted(values)
    ]
    tasks.append(task_of(file_with(block, beside)).model_dump_json())
    assert len(set(tasks)) > 1, "the setting changes nothing"


OTHERS = {  # where the example is the default
    "existing_labels.label": ["section"],
    "holdout.size": ["30%"],
    "annotators.from": ["terminal"],
    "annotators.resolve": ["crowdlab"],
    "pseudo_labels.method": ["threshold"],
    "pseudo_labels.threshold": ["0.9"],
    "train.finetune": ["lora(r = 4)"],
}


WITH = {  # where the setting decides what others are
    "pseudo_labels.threshold": "method = threshold",
    "pseudo_labels.distribution_alignment": "method = threshold",
}


@pytest.mark.parametrize(
    ("block", "setting"),
    [(b, s) for b, s in SETTINGS if s.default],
    ids=[f"{b.name}.{s.name}" for b, s in SETTINGS if s.default],
)
def test_a_default_is_what_one_gets(block: Block, setting: Setting) -> None:
    beside = WITH.get(f"{block.name}.{setting.name}", "")
    written = task_of(file_with(block, f"{setting.name} = {setting.default}\n  {beside}"))
    left_out = task_of(file_with(block, beside))
    assert written == left_out


@pytest.mark.parametrize(("block", "clause"), CLAUSES, ids=[c.name for _, c in CLAUSES])
def test_every_clause_is_alive(block: Block, clause) -> None:
    assert clause.help.endswith(".")
    said = task_of(file_with(block, f"{clause.name} when {clause.example}"))
    assert said != task_of(file_with(block, ""))


def test_blocks_are_told() -> None:
    for block in BLOCKS.values():
        assert block.help.endswith("."), block.name
        assert block.settings or block.lines or block.blocks or block.guard, block.name
    assert set(FILE.blocks) | {"phase"} == set(BLOCKS)


def test_one_word_means_one_thing() -> None:
    """No synonym of a setting or block is a name, or another's synonym, in the same place."""
    for block in BLOCKS.values():
        words = [plain_word(w) for s in block.settings for w in (s.name, *s.also)]
        assert len(words) == len(set(words)), block.name
    tops = [plain_word(w) for name in FILE.blocks for w in (name, *BLOCKS[name].also)]
    assert len(tops) == len(set(tops))
    metrics = [plain_word(w) for m in METRICS.values() for w in (m.name, *m.also)]
    assert len(metrics) == len(set(metrics))


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_metrics_are_told_and_read(metric) -> None:
    assert metric.help.endswith(".")
    assert all(other in METRICS for other in metric.instead)
    kind = "spans" if metric.task == "spans" else "classification"
    choose = "many" if metric.choose == "many" else "one"
    of = " of A" if metric.of == "must" else ""
    value = {"count": "60"}.get(metric.kind, "0.5")
    op = "<=" if metric.better == "lower" else ">="
    text = (
        f"task t {{\n kind = {kind}\n choose = {choose}\n scale = ordinal\n}}\nclass A\nclass B\n"
        'data { source = csv("x.csv") }\nannotators { overlap = 2 }\n'
        f"accept {{ {metric.name}{of} {op} {value} }}\n"
    )
    (criterion,) = task_of(text).accept.criteria
    assert criterion.metric == metric.name


@pytest.mark.parametrize("entry", RESERVED, ids=lambda r: f"{r.block}.{r.value_of}.{r.word}")
def test_reserved_words_are_refused(entry) -> None:
    block = BLOCKS.get(entry.block if entry.block not in ("", "*") else "task", CLASS)
    assert reserved(block.name, entry.word, entry.value_of) or entry.block == ""
    if entry.value_of:
        text = file_with(block, f"{entry.value_of} = {entry.word}")
    elif entry.block in ("", "*"):
        text = file_with(block, "") + f"{entry.word} x {{ a = b }}\n"
    else:
        text = file_with(block, f"{entry.word} = other")
    found = read(SourceText("t.task", text), EVERYTHING).errors
    assert [d.code for d in found] == ["E290"]
    assert "not yet" in found[0].message


@pytest.mark.parametrize(
    "line",
    [
        'task t { guide of ko = "x" }',
        'task t { title of ko = "x" }',
        "decide { threshold of A = auto }",
        'team night when shift == "night"',
        "relation owns { from = A\n to = B }",
        'data { source = csv("x.csv")\n time = published }',
        "holdout { split = latest }",
        "accept { drift <= 5% }",
    ],
)
def test_the_reserved_forms_of_the_design_are_refused(line: str) -> None:
    parts = ["task t", "class A", "class B", 'data { source = csv("x.csv") }']
    kept = [p for p in parts if p.split()[0] != line.split()[0]]
    found = read(SourceText("t.task", "\n".join([*kept, line]) + "\n"), EVERYTHING).errors
    assert [d.code for d in found] == ["E290"]


def test_examples_in_help_are_single_lines() -> None:
    assert all(not re.search(r"[\n\t]", s.example + s.default) for _, s in SETTINGS)
