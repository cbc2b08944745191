"""Tasks for the tests of rules, written as people write them."""

from __future__ import annotations

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from labelwright.loop.plugins import Installed

CLASSES = """
class A { class B
 class C }
class D
class U { role = unusable }
"""


def task_of(
    head: str = "task t",
    rules: str = "",
    *,
    classes: str = CLASSES,
    data: str = 'source = csv("items.csv")\n id = id\n text = body',
    more: str = "",
) -> Task:
    """The Task of a file made of these parts; errors in it fail the test."""
    block = f"rules {{\n{rules}\n}}\n" if rules else ""
    text = f"{head}\n{classes}\ndata {{\n {data}\n}}\n{block}{more}\n"
    reading = read(SourceText("t.task", text), Installed())
    assert reading.task is not None, [d.message for d in reading.diagnostics]
    assert not reading.errors, [d.message for d in reading.errors]
    return reading.task
