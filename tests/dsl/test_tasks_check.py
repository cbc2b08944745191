"""The task files that are shipped, and the examples of the design, read and compiled."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from labelwright.dsl.compile import compile_task
from labelwright.dsl.diagnostics import Reading, SourceText
from labelwright.dsl.plugins import Parameter, Signature
from labelwright.dsl.read import read
from labelwright.loop.plugins import Installed

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LABELWRIGHT_DATA") or ROOT.parent / "shared" / "data")
TASKS = sorted((ROOT / "tasks").glob("*.task"))
EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.task"))


class Everything:
    """A catalogue in which every plug-in exists and takes any arguments."""

    def find(self, kind, name):
        rest = Parameter("rest", "any", required=False, variadic=True)
        return Signature(kind, name, (rest, Parameter("named", "any", required=False, open=True)))

    def names(self, kind):
        return ()


def reading(path: Path, catalogue) -> Reading:
    return read(SourceText(path.name, path.read_text(encoding="utf-8")), catalogue)


def test_they_are_all_there() -> None:
    assert [p.stem for p in TASKS] == [
        *("adult", "ag_news", "digits", "digits_by_hand", "digits_gold", "fashion_mnist"),
        *("goemotions", "korean_3i4k", "news_rules", "news_team", "sms_spam", "trashnet", "wnut17"),
    ]
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize("path", TASKS, ids=lambda p: p.stem)
def test_shipped_tasks_check_without_a_word(path: Path) -> None:
    found = reading(path, Installed())
    assert [(d.code, d.message) for d in found.diagnostics] == []
    assert found.task is not None
    assert found.task.name == path.stem


@pytest.mark.parametrize("path", TASKS, ids=lambda p: p.stem)
def test_shipped_tasks_can_be_run(path: Path) -> None:
    from labelwright.loop.supported import unsupported

    task = reading(path, Installed()).task
    assert task is not None
    assert unsupported(task) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_lack_nothing_but_plug_ins(path: Path) -> None:
    assert {d.code for d in reading(path, Installed()).errors} <= {"E206"}
    assert reading(path, Everything()).errors == []


@pytest.mark.parametrize("path", [*TASKS, *EXAMPLES], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_task_compiles(path: Path) -> None:
    task = reading(path, Everything()).task
    assert task is not None
    files = compile_task(task, "0" * 64)
    assert files == compile_task(task, "0" * 64)
    page = ET.fromstring(files["labeling_config.xml"])
    tag = "Label" if task.kind == "spans" else "Choice"
    assert [e.attrib["alias"] for e in page.iter(tag)] == [c.id for c in task.choices]
    for each in task.classes:
        assert each.title in "".join(ET.fromstring(_xml(files["instructions.html"])).itertext())
    assert json.loads(files["training.json"])["labels"] == [c.id for c in task.labels]


def _xml(html: str) -> str:
    """Our own guide as XML: it holds no other void element than meta."""
    head, _, body = html.partition("<body>")
    assert head
    return "<body>" + body.removesuffix("</html>\n")


@pytest.mark.parametrize("path", TASKS, ids=lambda p: p.stem)
def test_shipped_tasks_say_what_each_class_is(path: Path) -> None:
    task = reading(path, Installed()).task
    assert task is not None
    if path.stem == "digits":
        return
    assert task.guide
    assert all(c.describe for c in task.classes)


@pytest.mark.parametrize("path", TASKS, ids=lambda p: p.stem)
def test_shipped_tasks_name_columns_that_are_there(path: Path, tmp_path: Path) -> None:
    from labelwright.loop.ports import Context

    task = reading(path, Installed()).task
    assert task is not None
    if task.data.source.name != "bundled" and not DATA.is_dir():
        pytest.skip("the data sets are not here; set LABELWRIGHT_DATA to their folder")
    context = Context(task=task, data_root=DATA, cache=tmp_path)
    source = Installed().invoke("read", task.data.source, context=context)
    names = set(source.schema().names)
    data = task.data
    wanted = {*data.text, *data.image, *data.columns, *data.show, data.id, data.group}
    assert {column for column in wanted if column is not None} <= names
