"""Symbols, folding and selection: from the text alone, in broken text too."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from lsprotocol import types

from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.structure import foldings, selection, symbols
from tests.dsl.lsp.marked import EXAMPLES, NEWS, URI, split


def named(found: list[types.DocumentSymbol]) -> list[object]:
    return [(s.name, named(s.children)) if s.children else s.name for s in found]


def test_symbols_of_a_file() -> None:
    found = named(symbols(Document(URI, NEWS)))
    assert found[:3] == ["news", ("Politics", ["Election", "Other"]), "경제"]
    assert ("rules", ["kospi", "scoreline", "phishing", "politics", "stub"]) in found
    assert ("query", ["cold", "low", "mid"]) in found
    accept = next(item for item in found if isinstance(item, tuple) and item[0] == "accept")
    assert accept[1][:2] == ["accuracy >= 92%", "accuracy >= 88% on each slice"]
    assert "korean" in found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_symbol_lies_in_its_parent_and_its_name_in_it(path: Path) -> None:
    document = Document(URI, path.read_text(encoding="utf-8"))

    def check(inner: list[types.DocumentSymbol], start: int, end: int) -> None:
        for symbol in inner:
            whole = document.positions.span(symbol.range)
            name = document.positions.span(symbol.selection_range)
            assert start <= whole.start <= name.start <= name.end <= whole.end <= end
            assert symbol.name
            check(list(symbol.children or ()), whole.start, whole.end)

    check(symbols(document), 0, len(document.text))


def test_symbols_of_a_text_that_breaks_off() -> None:
    found = named(
        symbols(Document(URI, "class A {\n  class B\nrules {\n  one: vote A when\n  two: veto wh"))
    )
    assert found == [("A", ["B"]), ("rules", ["one", "two"])]


def test_folding() -> None:
    text = (
        "# first\n# second\n\n# alone\n"
        'class A {\n  examples = [\n    "a",\n    "b",\n  ]\n  describe = "x"  # not alone\n}\n'
        'task t {\n  guide = """\n  long\n  """\n}\nclass B { hotkey = "b" }\n'
    )
    found = [(f.start_line, f.end_line, f.kind) for f in foldings(Document(URI, text))]
    comment = types.FoldingRangeKind.Comment
    assert found == [(0, 1, comment), (4, 9, None), (5, 8, None), (11, 14, None), (12, 14, None)]


def spans(text: str) -> list[str]:
    plain, at = split(text)
    document = Document(URI, plain)
    found: types.SelectionRange | None = selection(document, at)
    parts = []
    while found is not None:
        span = document.positions.span(found.range)
        parts.append(plain[span.start : span.end])
        found = found.parent
    return parts


def test_selection_grows() -> None:
    text = "query {\n  phase a { strategy = mix(mar‸gin, random(10%)) }\n}\n"
    plain, _ = split(text)
    assert spans(text) == [
        "margin",
        "(margin, random(10%))",
        "strategy = mix(margin, random(10%))",
        " strategy = mix(margin, random(10%)) ",
        "phase a { strategy = mix(margin, random(10%)) }",
        "\n  phase a { strategy = mix(margin, random(10%)) }\n",
        plain.rstrip("\n"),
        plain,
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_each_selection_holds_the_one_before(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for at in range(0, len(text), 97):
        parts = spans(f"{text[:at]}‸{text[at:]}")
        assert parts[-1] == text
        assert all(a in b and len(a) < len(b) for a, b in pairwise(parts))
