"""`second_opinions` in a task file: what may be written, and what is said of anything else."""

from __future__ import annotations

import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import Reading, read
from labelwright.dsl.show import show
from labelwright.loop.supported import unsupported
from tests.dsl.catalogues import EVERYTHING

TASK = """
task t {{ choose = {choose} }}
class A
class B
data {{
  source = csv("x.csv")
  text = body
}}
query {{
  second_opinions = {value}
}}
"""


def reading(value: str, choose: str = "one") -> Reading:
    text = TASK.format(value=value, choose=choose)
    return read(SourceText("t.task", text), EVERYTHING)


@pytest.mark.parametrize(
    ("value", "share", "shown"),
    [
        ("none", 0.0, "none"),
        ("auto", 1.0, "auto"),
        ("AUTO", 1.0, "auto"),
        ("at_most(25%)", 0.25, "at_most(25%)"),
        ("at_most(0.5)", 0.5, "at_most(50%)"),
        ("at_most(0%)", 0.0, "none"),
        ("at_most(100%)", 1.0, "auto"),
    ],
)
def test_what_may_be_written(value: str, share: float, shown: str) -> None:
    task = reading(value).task
    assert task is not None
    assert task.query.second_opinions == share
    assert f"second_opinions = {shown}\n" in show(task)
    assert [p.name for p in task.query.phases] == ["all"], "the usual phase"


@pytest.mark.parametrize(
    "value", ["some", "25%", "true", "at_most", "at_most()", "at_most(many)", "auto(25%)", '"auto"']
)
def test_anything_else_is_refused(value: str) -> None:
    (found,) = reading(value).errors
    assert found.code == "E215"
    assert "`none`, `auto`, or `at_most(…)`" in found.message


def test_more_than_all_is_refused() -> None:
    (found,) = reading("at_most(120%)").errors
    assert "cannot be above 100%" in found.message


def test_answers_of_several_classes_cannot_be_weighed_yet() -> None:
    task = reading("auto", choose="many").task
    assert task is not None
    assert "query second_opinions for choose = many" in unsupported(task)
    task = reading("none", choose="many").task
    assert task is not None
    assert not [u for u in unsupported(task) if "second_opinions" in u]
