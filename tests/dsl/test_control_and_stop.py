"""`control` in `query` and `stop` in `budget`: what may be written, shown only where it is."""

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
budget {{
  annotations = 500
  {stop}
}}
query {{
  {control}
}}
"""


def reading(control: str = "", stop: str = "", choose: str = "one") -> Reading:
    text = TASK.format(control=control, stop=stop, choose=choose)
    return read(SourceText("t.task", text), EVERYTHING)


def test_without_them_nothing_is_drawn_and_nothing_stops() -> None:
    task = reading().task
    assert task is not None
    assert (task.query.control, task.budget.stop) == (0.0, None)
    assert "control" not in show(task)
    assert "stop" not in show(task)


@pytest.mark.parametrize("rule", ["stable", "small_gain"])
def test_what_may_be_written(rule: str) -> None:
    task = reading("control = 10%", f"stop = {rule}").task
    assert task is not None
    assert (task.query.control, task.budget.stop) == (0.1, rule)
    assert "control        = 10%" in show(task) or "control = 10%" in " ".join(show(task).split())
    assert f"stop = {rule}" in " ".join(show(task).split())


@pytest.mark.parametrize("written", ["control = 120%", "control = some"])
def test_a_control_that_is_no_share_is_refused(written: str) -> None:
    assert reading(written).errors


def test_an_unknown_rule_is_refused() -> None:
    assert reading("", "stop = soon").errors


def test_both_compare_one_class_an_item() -> None:
    task = reading("control = 10%", "stop = stable", "many").task
    assert task is not None
    said = unsupported(task)
    assert [u for u in said if u.startswith("query control for")]
    assert [u for u in said if u.startswith("budget stop = stable for")]
