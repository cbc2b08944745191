"""What `show` prints reads back as the same Task, and reads as a person would write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.show import show
from labelwright.dsl.task import Task
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.tasks import tasks
from tests.soak import sampled

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.task"))


def back(text: str) -> Task:
    reading = read(SourceText("shown.task", text), EVERYTHING)
    assert [(d.code, d.message) for d in reading.errors] == []
    assert reading.task is not None
    return reading.task


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_come_back(path: Path) -> None:
    task = back(path.read_text(encoding="utf-8"))
    text = show(task)
    assert back(text) == task
    assert show(back(text)) == text


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(tasks())
def test_any_task_comes_back(task: Task) -> None:
    comes_back(task)


@pytest.mark.slow
@pytest.mark.parametrize("number", sampled([1_500, 5_000], 2))
def test_thousands_of_tasks_come_back(number: int) -> None:
    settings(max_examples=number, suppress_health_check=list(HealthCheck))(
        given(tasks())(comes_back)
    )()


def comes_back(task: Task) -> None:
    text = show(task)
    again = back(text)
    assert again.model_dump() == task.model_dump()
    assert show(again) == text


def test_a_small_file_is_filled_in() -> None:
    text = show(
        back(
            'task mail\nclass Spam\nclass Ham "Wanted"\ndata { source = csv("m.csv")\n text = body }\n'
        )
    )
    assert text == (Path(__file__).parent / "snapshots" / "show_small.txt").read_text("utf-8")


def test_the_spending_is_told() -> None:
    path = next(p for p in EXAMPLES if p.stem == "news")
    text = show(back(path.read_text(encoding="utf-8")))
    assert (
        "  # training 1_145, holdout 600, gold 155, audit 400: 572 items to train on, 300 to measure on\n"
        in text
    )


def test_long_conditions_are_broken_after_and() -> None:
    many = " and ".join(f'column_number_{n} == "{n}"' for n in range(6))
    text = show(back(f'task t\nclass A\nclass B\ndata {{ source = csv("x")\nkeep when {many} }}\n'))
    assert max(map(len, text.splitlines())) <= 100
    assert text.count(" and\n") == 5
