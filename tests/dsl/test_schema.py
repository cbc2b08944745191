"""docs/task.schema.json is what `show --json` prints: whole files validate, broken ones do not."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.tasks import tasks

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "task.schema.json"
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
EXAMPLES = sorted((ROOT / "tests/dsl/examples").glob("*.task")) + sorted(ROOT.glob("tasks/*.task"))


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("schema_tool", ROOT / "tools" / "schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(path: Path) -> Any:
    """What `show --json` prints."""
    reading = read(SourceText(path.name, path.read_text(encoding="utf-8")), EVERYTHING)
    assert reading.task is not None, [d.message for d in reading.errors]
    return json.loads(json.dumps(reading.task.model_dump(mode="json")))


def test_the_file_is_what_the_tool_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == tool().text(), "run python tools/schema.py"


def test_it_is_a_schema_and_says_what_it_describes() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "labelwright task"
    for name in ("budget", "classes", "choose", "choosable"):
        assert SCHEMA["properties"][name]["description"]
    budget = SCHEMA["$defs"]["Budget"]["properties"]
    assert all(field.get("description") for field in budget.values())
    assert "not yet" not in json.dumps(SCHEMA)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_validates(path: Path) -> None:
    errors = [f"{list(e.path)}: {e.message}" for e in VALIDATOR.iter_errors(shown(path))]
    assert errors == []


@settings(max_examples=40)
@given(tasks())
def test_every_task_validates(task: Task) -> None:
    value = json.loads(json.dumps(task.model_dump(mode="json")))
    assert list(VALIDATOR.iter_errors(value)) == []
    assert Task.model_validate(value) == task


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where objects stand in a JSON value."""
    if isinstance(value, dict):
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        if isinstance(each, (dict, list)):
            yield from places(each, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


FREE = {"thresholds", "of"}  # objects whose keys are classes or kinds of input
LARGE = [p for p in EXAMPLES if p.stem in ("news", "deals", "leaf")]


@settings(max_examples=150)
@given(st.data())
def test_what_is_broken_does_not_validate(data: st.DataObject) -> None:
    value = shown(data.draw(st.sampled_from(LARGE)))
    able = [p for p in places(value) if not (p and p[-1] in FREE) and at(value, p)]
    broken = copy.deepcopy(value)
    where = at(broken, data.draw(st.sampled_from(able)))
    key = data.draw(st.sampled_from(sorted(where)))
    match data.draw(st.sampled_from(["left out", "unknown", "another type"])):
        case "left out":
            del where[key]
        case "unknown":
            where["unheard_of"] = 1
        case "another type":
            if key == "value":  # which may be nearly anything
                return
            where[key] = {"unheard_of": [1]}
    assert not VALIDATOR.is_valid(broken), (where, key)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("kind",), "boxes"),
        (("choose",), 1),
        (("classes", 0, "title"), None),
        (("budget", "annotations"), "many"),
        (("holdout", "measure"), "best"),
        (("accept", "criteria", 0, "op"), "=>"),
        (("classes",), {}),
        (("train", "seeds"), [0.5]),
    ],
)
def test_wrong_values_do_not_validate(path: tuple[Any, ...], wrong: Any) -> None:
    value = shown(ROOT / "tests/dsl/examples/news.task")
    at(value, path[:-1])[path[-1]] = wrong
    assert list(VALIDATOR.iter_errors(value))
