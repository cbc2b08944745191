"""Texts with the cursor in them, for the tests of what an editor is told."""

from __future__ import annotations

from pathlib import Path

from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.view import View, view_of
from labelwright.dsl.surroundings import Column, Surroundings
from tests.dsl.catalogues import EVERYTHING

CURSOR = "‸"
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.task"))
NEWS = (Path(__file__).parents[1] / "examples" / "news.task").read_text(encoding="utf-8")
URI = "file:///news.task"

SMALL = """\
task t "T"
class A "에이" { describe = "a" }
class P {
  class B "비"
  class C
}
data { source = csv("x.csv") }
slice korean when lang == "ko"
"""
"""A file to put statements behind."""


def split(text: str) -> tuple[str, int]:
    """The text without its cursor, and where that was."""
    at = text.index(CURSOR)
    return text[:at] + text[at + 1 :], at


def view(text: str, around: Surroundings | None = None) -> View:
    """A text, read with every plug-in that the examples name."""
    return view_of(Document(URI, text, 1), "news.task", EVERYTHING, around)


def columns(*names: str) -> Surroundings:
    """Data with these columns of text."""
    return Surroundings(columns=tuple(Column(name, "text") for name in names))
