"""The code in CONTRIBUTING and docs, run as it stands; every file they name exists."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from labelwright.dsl.task import (
    Annotators,
    Budget,
    Call,
    Class,
    Data,
    Encoders,
    Holdout,
    Query,
    Task,
    Train,
)
from labelwright.loop.errors import DataError
from labelwright.loop.plugins import signature
from labelwright.loop.ports import SUPPLIED, Context, Request
from labelwright.loop.query.contract import checked
from labelwright.loop.supported import WITHOUT_MODEL

ROOT = Path(__file__).parents[2]
PAGES = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tasks/README.md"),
    *(
        f"docs/{page}.md"
        for page in (
            "augmentation",
            "campaign",
            "choosing",
            "index",
            "learning",
            "models",
            "plugins",
            "several",
            "tables",
        )
    ),
)


def code(page: str, name: str, tmp_path: Path) -> ModuleType:
    """The page's Python block that defines `name`, imported as a module."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (block,) = [b for b in blocks if f"def {name}(" in b]
    path = tmp_path / f"documented_{name}.py"
    path.write_text(block, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


class Learner:
    """A learner whose probabilities are the items themselves."""

    classes = ("a", "b", "c")

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return X


def test_ratio_is_what_it_says(tmp_path: Path) -> None:
    ratio: Any = code("CONTRIBUTING.md", "ratio", tmp_path).ratio
    probs = np.random.default_rng(0).dirichlet(np.ones(3), size=40)
    probs[7] = probs[3]  # a tie
    chosen = checked(ratio(Learner(), probs, 5, power=2.0), len(probs), 5)
    plain = [(sorted(p)[-2] / sorted(p)[-1]) ** 2 for p in probs]
    wanted = sorted(range(40), key=lambda i: -plain[i])[:5]
    assert list(chosen.indices) == wanted
    assert np.allclose(chosen.utilities, [plain[i] for i in wanted])
    assert len(checked(ratio(Learner(), probs[:3], 5), 3, 5).indices) == 3
    assert len(ratio(Learner(), probs[:0], 5).indices) == 0
    assert [p.name for p in signature("query", "ratio", ratio).parameters] == ["power"]


def test_longest_is_what_it_says(tmp_path: Path) -> None:
    longest: Any = code("docs/plugins.md", "longest", tmp_path).longest
    X = np.array([[1.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
    chosen = checked(longest(Learner(), X, 2), 3, 2)
    assert list(chosen.indices) == [1, 2]
    assert list(longest(Learner(), X, 3, at_least=3).indices) == [1]
    assert [p.type for p in signature("query", "longest", longest).parameters] == ["float"]


@pytest.fixture
def task() -> Task:
    call = Call(name="folder")
    return Task(
        name="t",
        title="A task",
        classes=(Class(id="Spam", title="Spam", aliases=("junk",)), Class(id="Ham", title="Ham")),
        data=Data(source=call, text=("text",)),
        holdout=Holdout(size=0.2, annotations=1),
        annotators=Annotators(source=call),
        budget=Budget(annotations=10),
        query=Query(phases=()),
        train=Train(encoder=Encoders(default=call), finetune=call),
    )


def test_folder_keeps_its_promises(tmp_path: Path, task: Task) -> None:
    folder: Any = code("CONTRIBUTING.md", "folder", tmp_path).folder
    answers = tmp_path / "answers"
    answers.mkdir()
    context = Context(task=task, data_root=tmp_path, cache=tmp_path)
    source = folder("answers", context=context)
    requests = [Request("i1", 2), Request("i2", 2)]
    source.send("b1", requests, None)
    source.send("b1", requests, None)
    assert (answers / "ask" / "b1.txt").read_text() == "i1\ni2\n"
    (answers / "anna.csv").write_text("item,label\ni1,junk\ni9,Ham\n", encoding="utf-8")
    first = source.collect("b1", requests)
    assert [(a.item, a.annotator, a.labels) for a in first] == [("i1", "anna", ("Spam",))]
    assert source.collect("b1", requests) == first
    (answers / "bob.csv").write_text("item,label\ni2,ham\n", encoding="utf-8")
    assert [a.reference for a in source.collect("b1", requests)] == [
        "folder/anna/i1",
        "folder/bob/i2",
    ]
    (answers / "bob.csv").write_text("item,label\ni2,eggs\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"bob\.csv, row 1"):
        source.collect("b1", requests)
    assert [p.name for p in signature("annotate", "folder", folder).parameters] == ["path"]


def test_supplied_names_are_the_documented_ones() -> None:
    text = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    listed = re.search(r"named in `ports.SUPPLIED` \((.*?)\)", text, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`(\w+)`", listed[1])) == SUPPLIED


def test_every_strategy_and_whether_it_needs_labels_is_in_the_table() -> None:
    text = (ROOT / "docs/choosing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| [^|]+ \| [^|]*\|$", text, re.MULTILINE)
    ours = {e.name for e in entry_points(group="labelwright.query") if "labelwright." in e.value}
    assert sorted(name for name, _ in rows) == sorted(ours)
    assert {name for name, needs in rows if needs == "no"} == set(WITHOUT_MODEL)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    folder = (ROOT / page).parent
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (folder / link).exists(), link
    mine = {"loop/query/ratio.py", "connectors/annotate/folder.py"}
    for path in (
        set(re.findall(r"`((?:dsl|loop|connectors|labelwright)/[\w/]+\.\w+)`", text)) - mine
    ):
        assert (ROOT / path).exists(), path


def test_the_places_of_a_new_setting_are_there() -> None:
    assert "BUDGET = Block(" in (ROOT / "dsl/vocabulary.py").read_text(encoding="utf-8")
    assert "def lower_budget(" in (ROOT / "dsl/blocks.py").read_text(encoding="utf-8")
    assert "def _budget(" in (ROOT / "dsl/show.py").read_text(encoding="utf-8")
    assert "def meaning(" in (ROOT / "dsl/definition.py").read_text(encoding="utf-8")
    assert "def unsupported(" in (ROOT / "loop/supported.py").read_text(encoding="utf-8")
