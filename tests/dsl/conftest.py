"""Hand-made Tasks for the tests of what is made from a Task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labelwright.dsl.task import (
    Annotators,
    Argument,
    Budget,
    Call,
    Class,
    Data,
    Encoders,
    Holdout,
    Phase,
    Query,
    Task,
    Train,
    Word,
)

MakeTask = Callable[..., Task]


def _make_task(*titles: str, **changes: Any) -> Task:
    """A small text task with one class a title (ids C1, C2, …); `changes` replace its fields."""
    source = Call(name="csv", args=(Argument(value="items.csv"),))
    base: dict[str, Any] = {
        "name": "news",
        "title": "News topics",
        "classes": tuple(
            Class(id=f"C{n}", title=title) for n, title in enumerate(titles or ("A", "B"), start=1)
        ),
        "data": Data(source=source, id="id", text=("body",)),
        "holdout": Holdout(size=0.2, annotations=100),
        "annotators": Annotators(
            source=Call(name="simulate", args=(Argument(name="column", value=Word(name="label")),))
        ),
        "budget": Budget(annotations=300),
        "query": Query(phases=(Phase(name="main", strategy=Call(name="margin")),)),
        "train": Train(encoder=Encoders(default=Call(name="tfidf")), finetune=Call(name="head")),
    }
    return Task(**{**base, **changes})


@pytest.fixture(scope="session")
def make_task() -> MakeTask:
    """Builds a Task by hand: `make_task("정치", "Economy", choose="many")`."""
    return _make_task
