"""Offsets of characters and the editor's positions: lines from 0, columns in UTF-16 units.

Lines end with `\\n`, `\\r\\n` or `\\r` and with nothing else, as the protocol has it; Python's own
`splitlines` also breaks at form feeds and other characters that are no line ends for an editor.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from lsprotocol import types

from labelwright.dsl.lines import Lines
from labelwright.dsl.tree import Span


class Positions:
    """The positions of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = Lines(text).starts
        self._ascii = text.isascii()

    def position(self, offset: int) -> types.Position:
        """The position of a character; of an offset beyond the text, its end."""
        return types.Position(*self.line_and_column(offset))

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """The same as two numbers, for where many are needed."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        return line, self.units(start, min(offset, self.line_end(line)))

    def range(self, span: Span) -> types.Range:
        """A span as a range."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """The offset of a position; beyond the end of a line it is that end, as the protocol has it.

        In the middle of a character of two units it is that character.
        """
        line = position.line
        if line >= len(self.starts):
            return len(self.text)
        start, end = self.starts[line], self.line_end(line)
        if self._ascii:
            return min(start + position.character, end)
        units = position.character
        for offset in range(start, end):
            units -= 2 if self.text[offset] > "\uffff" else 1
            if units < 0:
                return offset
        return end

    def span(self, range_: types.Range) -> Span:
        """A range as a span."""
        start, end = self.offset(range_.start), self.offset(range_.end)
        return Span(min(start, end), max(start, end))

    def line_end(self, line: int) -> int:
        """Where the characters of a line end, and its line end begins."""
        if line + 1 >= len(self.starts):
            return len(self.text)
        end = self.starts[line + 1] - 1
        pair = self.text[end] == "\n" and end > self.starts[line] and self.text[end - 1] == "\r"
        return end - pair

    def line_of(self, offset: int) -> int:
        """The line, from 0, of a character."""
        return bisect_right(self.starts, min(max(offset, 0), len(self.text))) - 1

    def margin(self, offset: int) -> str:
        """The white space that the line of a character begins with."""
        line = self.line_of(offset)
        written = self.text[self.starts[line] : self.line_end(line)].removeprefix("\ufeff")
        return written[: len(written) - len(written.lstrip(" \t"))]

    def units(self, start: int, end: int) -> int:
        """How many UTF-16 units the characters from `start` to `end` take."""
        if self._ascii:
            return end - start
        part = self.text[start:end]
        return len(part) if part.isascii() else len(part) + sum(c > "\uffff" for c in part)


def changed(text: str, changes: Iterable[types.TextDocumentContentChangeEvent]) -> str:
    """A text after an editor's changes, made one after the other."""
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            span = Positions(text).span(change.range)
            text = text[: span.start] + change.text + text[span.end :]
        else:
            text = change.text
    return text
