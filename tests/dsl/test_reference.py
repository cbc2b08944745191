"""docs/reference.md is whole, fresh, and every example in it reads."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.format import format_text
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.read import read
from labelwright.dsl.vocabulary import BLOCKS, FUNCTIONS, RESERVED, TYPES
from labelwright.loop.plugins import Installed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
TEXT = (ROOT / "tools" / "reference_text.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```task ?(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
INSTALLED = Installed()

AROUND = {  # what an example is read in, where it does not say it itself
    "task": "task t",
    "class": "class Sports\nclass Economy\nclass Fraud",
    "data": 'data { source = csv("x.csv") }',
    "annotators": "annotators { overlap = 2 }",
}
MANY = {
    "task": "task t { choose = many }",
    "class": "class Healthy\nclass Fungal { class Rust }",
    "data": AROUND["data"],
}


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def whole(kind: str, example: str) -> str:
    """The example as a whole file."""
    if kind == "file":
        return example
    around = MANY if kind == "many" else AROUND
    missing = [
        text for word, text in around.items() if not re.search(rf"^{word}\b", example, re.MULTILINE)
    ]
    return "\n".join([*missing, example])


def test_the_page_is_what_the_tool_writes() -> None:
    assert tool().page() == PAGE, "run python tools/reference.py"


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_reads_and_is_in_form(kind: str, example: str) -> None:
    reading = read(SourceText("example.task", whole(kind, example)), INSTALLED)
    assert [f"{d.code}: {d.message}" for d in reading.errors] == []
    assert format_text(SourceText("example.task", example)).text == example


def test_every_block_stands_in_it_with_an_example() -> None:
    shown = "\n".join(example for _, example in EXAMPLES)
    for name in BLOCKS:
        assert re.search(rf"^ *{name}\b", shown, re.MULTILINE), name
        assert f"{{{{block {name}}}}}" in TEXT or f"{{{{also {name}}}}}" in TEXT, name


def test_every_word_stands_in_it() -> None:
    for block in BLOCKS.values():
        for each in (*block.settings, *block.clauses):
            assert f"| `{each.name}" in PAGE, f"{block.name}.{each.name}"
            assert each.help in PAGE
            assert all(word in PAGE for word in each.also)
        assert all(word in PAGE for word in block.also)
    for metric in METRICS.values():
        assert f"| `{metric.name}` |" in PAGE
    for kind in ("read", "encode", "learn", "query", "pseudo", "annotate", "resolve"):
        for name in INSTALLED.names(kind):  # type: ignore[arg-type]
            assert re.search(rf"^\| `{name}[`(]", PAGE, re.MULTILINE), (kind, name)
    assert all(f"`{name}(FIELD)`" in PAGE for name in FUNCTIONS)
    assert all(entry.what in PAGE for entry in RESERVED)
    assert set(tool().SHAPES) == set(TYPES)


def test_tables_are_whole_and_links_lead_somewhere() -> None:
    width = 0
    for line in PAGE.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert cells == width or not (cells and width), line
        width = cells
    anchors = {
        "#" + re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        if link.startswith("#"):
            assert link in anchors, link
        else:
            assert (ROOT / "docs" / link).exists(), link
    assert "{{" not in PAGE
