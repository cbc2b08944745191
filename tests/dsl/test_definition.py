"""Hashes: what changes a label's meaning changes its aspect alone; the rest changes none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from labelwright.dsl.definition import definition_hash, meaning
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from tests.dsl.catalogues import EVERYTHING

NEWS = (Path(__file__).parent / "examples" / "news.task").read_text(encoding="utf-8")
LEAF = (Path(__file__).parent / "examples" / "leaf.task").read_text(encoding="utf-8")


def task_of(text: str) -> Task:
    reading = read(SourceText("t.task", text), EVERYTHING)
    assert reading.task is not None, [d.message for d in reading.errors]
    return reading.task


def changed(text: str, *edits: tuple[str, str]) -> set[str]:
    new_text = text
    for before, after in edits:
        assert before in new_text
        new_text = new_text.replace(before, after)
    old, new = task_of(text), task_of(new_text)
    assert definition_hash(old) != definition_hash(new)
    one, other = meaning(old), meaning(new)
    assert one.keys() == other.keys()
    return {aspect for aspect in one if one[aspect] != other[aspect]}


@pytest.mark.parametrize(
    ("before", "after", "aspects"),
    [
        ("class Sports ", "class Sport ", {"classes"}),
        ('[gov, "국회"]', "[gov]", {"classes"}),
        ("choose  = one", "choose  = many", {"answer"}),
        ("classes = leaves", "classes = any", {"answer"}),
        ("id     = article_id", "id     = id", {"data"}),
        ("text   = [title, body]", "text   = body", {"data"}),
        ("dedupe = near(0.92)", "dedupe = near(0.9)", {"data"}),
        ("body is not missing", "title is not missing", {"data"}),
        ("size        = 20%", "size        = 25%", {"holdout"}),
        ("trust  = noisy", "trust  = people", {"existing_labels"}),
        ("annotations = 2_300", "annotations = 2_200", set()),
        ("accuracy             >= 92%", "accuracy             >= 91%", set()),
        ("strategy = typiclust", "strategy = margin", set()),
        ("epochs   = 8", "epochs   = 9", set()),
        ('"스포츠"', '"Sport"', set()),
        ("mentions.", "names.", set()),
        ("weight 2", "weight 3", set()),
        ("show   = [section, published]", "show   = [section]", set()),
        ("was      = Business", 'color    = "#aaa"', set()),
    ],
)
def test_aspects(before: str, after: str, aspects: set[str]) -> None:
    edits = [(before, after), *TOGETHER.get(before, [])]
    assert changed(NEWS, *edits) == aspects


TOGETHER = {  # what a change needs beside it, for the file to stay sound
    "class Sports ": [("vote Sports", "vote Sport"), ("against Sports", "against Sport")],
    "choose  = one": [("accuracy             >=", "exact_match          >=")],
    "was      = Business": [('  color    = "#F28E2B"\n', "")],
}


def test_constraints_are_an_aspect() -> None:
    assert changed(LEAF, ("Healthy excludes Fungal", "Healthy excludes Rust")) == {"constraints"}


def test_order_of_classes_means_nothing() -> None:
    one = task_of('task t\nclass A\nclass B\ndata { source = csv("x") }\n')
    other = task_of('task t\nclass B\nclass A\ndata { source = csv("x") }\n')
    assert meaning(one) == meaning(other)


def test_hashes_are_the_same_in_another_process() -> None:
    task = task_of(NEWS)
    script = (
        "import sys\nfrom labelwright.dsl.definition import definition_hash\n"
        "from labelwright.dsl.task import Task\n"
        "print(definition_hash(Task.model_validate_json(sys.stdin.read())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=task.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == definition_hash(task)
    assert len(definition_hash(task)) == 64
