"""Offsets and positions: UTF-16 columns, every kind of line end, texts beyond the BMP."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from labelwright.dsl.lsp.positions import Positions, changed
from labelwright.dsl.tree import Span

PIECES = [
    "a",
    " ",
    "경",
    "제",
    "👩‍🔬",
    "😀",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\u2028",
    "\x0c",
    "\x85",
    "é",
    "\ufeff",
]
texts = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=40).map("".join)


def lines_of(text: str) -> list[tuple[str, str]]:
    """Each line with its end, by the protocol's rule: the slow and plain way."""
    parts = re.split(r"(\r\n|\n|\r)", text)
    return list(zip(parts[::2], [*parts[1::2], ""], strict=True))


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(texts)
def test_every_character_has_the_position_that_utf_16_gives_it(text: str) -> None:
    positions = Positions(text)
    offset = 0
    for number, (line, end) in enumerate(lines_of(text)):
        for column in range(len(line) + 1):
            place = types.Position(number, units(line[:column]))
            assert positions.position(offset + column) == place
            assert positions.offset(place) == offset + column
        offset += len(line) + len(end)


@given(texts, st.integers(0, 50), st.integers(0, 90))
def test_any_position_lies_in_the_text(text: str, line: int, column: int) -> None:
    positions = Positions(text)
    offset = positions.offset(types.Position(line, column))
    assert 0 <= offset <= len(text)
    at = positions.position(offset)
    if line < len(lines_of(text)):
        assert at.line == line
        assert at.character <= column
    else:
        assert offset == len(text)


@given(texts, st.data(), texts)
def test_an_edit_changes_what_its_range_covers(text: str, data: st.DataObject, new: str) -> None:
    positions = Positions(text)
    inside = [o for o in range(len(text) + 1) if text[max(0, o - 1) : o + 1] != "\r\n"]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(inside), st.sampled_from(inside))))
    change = types.TextDocumentContentChangePartial(positions.range(Span(start, end)), new)
    assert changed(text, [change]) == text[:start] + new + text[end:]


def test_changes_are_made_one_after_the_other() -> None:
    def at(line: int, column: int, text: str) -> types.TextDocumentContentChangePartial:
        place = types.Position(line, column)
        return types.TextDocumentContentChangePartial(types.Range(place, place), text)

    assert changed("a😀b\n", [at(0, 3, "x\n"), at(1, 0, "y")]) == "a😀x\nyb\n"
    assert changed("a", [types.TextDocumentContentChangeWholeDocument("b"), at(0, 1, "c")]) == "bc"


@pytest.mark.parametrize(("offset", "expected"), [(0, 0), (1, 1), (2, 3)])
def test_the_middle_of_a_wide_character_is_the_character(offset: int, expected: int) -> None:
    positions = Positions("a😀b")
    assert positions.position(offset).character == expected
    assert positions.offset(types.Position(0, 2)) == 1
