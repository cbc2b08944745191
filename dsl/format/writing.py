"""Rows -> text: margins, long texts, empty lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lark import Token

from labelwright.dsl.format.columns import Line, Pad, pads, place_comments
from labelwright.dsl.format.gaps import gap
from labelwright.dsl.format.rows import Row, rows_of
from labelwright.dsl.lines import width
from labelwright.dsl.nodes import long_text

_STEP = 2  # spaces a level


def written(tokens: list[Token]) -> str:
    """The text of a file in form, laid out; ends with a newline unless it is empty."""
    rows = rows_of(tokens)
    lines = _Writer().lines(rows, pads(rows))
    return "".join(
        ("\n" if line.blank else "") + text + "\n"
        for line, text in zip(lines, place_comments(lines), strict=True)
    )


class _Bracket(NamedTuple):
    """Where lines stand that begin within an open bracket, and one that begins by closing it."""

    content: int
    closing: int


class _Writer:
    """Goes through the rows from top to bottom and keeps what is open."""

    def __init__(self) -> None:
        self._depth = 0  # blocks
        self._brackets: list[_Bracket] = []
        self._hang = _STEP  # where the statement goes on, on a line below

    def lines(self, rows: Sequence[Row], aligned: dict[int, Pad]) -> list[Line]:
        lines: list[Line] = []
        waiting: list[Line] = []  # comments that stand as deep as what follows
        above: Row | None = None
        for at, row in enumerate(rows):
            blank = row.blank and above is not None and not above.opens and not row.closes
            indent = inner = 0
            text = ""
            if row.tokens:
                indent, inner = self._margins(row)
                text = self._text(row, indent, aligned.get(at))
                for line in waiting:
                    line.indent = inner
                waiting.clear()
            alone = not text or "\n" in text or row.opens or row.closes
            line = Line(indent, text, row.comment, blank, alone)
            if not text:
                waiting.append(line)
            lines.append(line)
            above = row
        return lines

    def _margins(self, row: Row) -> tuple[int, int]:
        """Where a row begins, and where a comment above it does."""
        first = row.tokens[0].type
        if self._brackets:
            bracket = self._brackets[-1]
            closing = first in ("RPAR", "RSQB")
            return (bracket.closing if closing else bracket.content), bracket.content
        level = self._depth * _STEP
        if first == "RBRACE":
            return level - _STEP, level
        if row.starts or first == "LBRACE":
            return level, level
        return self._hang, self._hang

    def _text(self, row: Row, indent: int, pad: Pad | None) -> str:
        if row.starts:
            self._hang = (self._depth + 1) * _STEP
        parts: list[str] = []
        column = indent
        before: Token | None = None
        for place, token in enumerate(row.tokens):
            spaces = 0
            if before is not None:
                spaces = pad.spaces if pad and pad.place == place else gap(before, token)
                if before.type == "COLON" and not self._brackets:
                    self._hang = column + spaces
            column += spaces
            text = token.value
            if token.type == "LONG_STRING" and ("\n" in text or "\r" in text):
                text = _block_text(text, indent + _STEP)
                parts += [" " * spaces, text]
                column = width(text.rpartition("\n")[2])
            else:
                parts += [" " * spaces, text]
                self._follow(token, column, indent, last=place + 1 == len(row.tokens))
                column += width(text)
            before = token
        return "".join(parts)

    def _follow(self, token: Token, column: int, indent: int, *, last: bool) -> None:
        """What a token opens or closes."""
        match token.type:
            case "LBRACE" | "RBRACE":
                self._depth += 1 if token.type == "LBRACE" else -1
                self._hang = (self._depth + 1) * _STEP
            case "LPAR" | "LSQB" if last:
                self._brackets.append(_Bracket(indent + _STEP, indent))
            case "LPAR" | "LSQB":
                self._brackets.append(_Bracket(column + 1, column))
            case "RPAR" | "RSQB":
                self._brackets.pop()


def _block_text(token: str, indent: int) -> str:
    """A long text of the same value, its lines between the marks and at one margin."""
    margin = " " * indent
    value = long_text(token)
    lines = [margin + line if line else "" for line in value.split("\n")] if value else []
    return "\n".join(['"""', *lines, margin + '"""'])
