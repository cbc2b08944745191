"""Semantic tokens: every word with its type, at its place in UTF-16."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from labelwright.dsl.lsp.colours import LEGEND, semantic_tokens
from tests.dsl.lsp.marked import EXAMPLES, NEWS, view


def decoded(text: str) -> list[tuple[str, str, bool]]:
    """Each token's text, type, and whether it declares a name."""
    found = view(text)
    positions = found.document.positions
    line = column = 0
    tokens = []
    data = semantic_tokens(found).data
    assert len(data) % 5 == 0
    for k in range(0, len(data), 5):
        lines, columns, length, kind, modifiers = data[k : k + 5]
        assert length > 0
        line, column = line + lines, columns if lines else column + columns
        start = positions.offset(types.Position(line, column))
        end = positions.offset(types.Position(line, column + length))
        assert positions.position(start) == types.Position(line, column)
        tokens.append((text[start:end], LEGEND.token_types[kind], modifiers == 1))
    return tokens


def test_what_each_word_is() -> None:
    found = decoded(NEWS)
    for token in [
        ("class", "keyword", False),
        ("경제", "class", True),
        ("경제", "class", False),
        ("Business", "class", False),
        ("describe", "property", False),
        ("kospi", "event", True),
        ("korean", "namespace", True),
        ("badge", "function", False),
        ("subsample", "parameter", False),
        ("recall", "function", False),
        ("words", "method", False),
        ("section", "variable", False),
        ("leaves", "enumMember", False),
        ("when", "keyword", False),
        ("/코스피|KOSPI|환율/", "regexp", False),
        ('"#4E79A7"', "string", False),
        ("4_000", "number", False),
        (">=", "operator", False),
        ("# renamed; labels already given follow it", "comment", False),
    ]:
        assert token in found


def test_a_long_text_comes_line_by_line() -> None:
    text = 'task t {\r\n  guide = """\r\n  😀 a\r\n\r\n  b\r\n  """ # c\r\n}\r\n'
    strings = [t for t, kind, _ in decoded(text) if kind == "string"]
    assert strings == ['"""', "  😀 a", "  b", '  """']


def test_a_broken_line_is_coloured_by_its_signs() -> None:
    found = decoded('rules {\n  a: vote ] when x == "y" # why\n}\n')
    assert ("when", "keyword", False) in found
    assert ('"y"', "string", False) in found
    assert ("# why", "comment", False) in found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_tokens_are_those_of_the_text_in_its_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    at = 0
    for part, _, _ in decoded(text):
        at = text.index(part, at) + len(part)
