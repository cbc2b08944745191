"""What stands below one another: `=` and operators, what rules say, comments.

Widths are in cells of a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from labelwright.dsl.format.gaps import joined
from labelwright.dsl.format.rows import Row
from labelwright.dsl.lines import width

_MOST_WITHOUT = 1  # lines without a comment between two whose comments are aligned


class Pad(NamedTuple):
    """In one row, the token that is moved, and the spaces before it."""

    place: int
    spaces: int


class _Head(NamedTuple):
    kind: Literal["value", "rule"]
    place: int  # of the token that is aligned
    cells: int  # of what stands before it


def pads(rows: Sequence[Row]) -> dict[int, Pad]:
    """Row -> what is aligned in it.

    A run is what follows one another without an empty line: settings and criteria, or rules. Values
    that take several lines and comments on lines of their own do not end it.
    """
    found: dict[int, Pad] = {}
    run: dict[int, _Head] = {}

    def close() -> None:
        column = max((head.cells for head in run.values()), default=0)
        for at, head in run.items():
            found[at] = Pad(head.place, column - head.cells + 1)
        run.clear()

    for at, row in enumerate(rows):
        if not row.starts:
            continue
        if row.blank:
            close()
        if not row.tokens:
            continue
        head = _head(row)
        if head is None or any(other.kind != head.kind for other in run.values()):
            close()
        if head is not None:
            run[at] = head
        if any(token.type in ("LBRACE", "RBRACE") for token in row.tokens):
            close()
    close()
    return found


def _head(row: Row) -> _Head | None:
    """What of a setting, a criterion or a rule stands before the aligned part; None for others."""
    tokens = row.tokens
    depth = 0
    for place, token in enumerate(tokens):
        if token.type in ("LPAR", "LSQB"):
            depth += 1
        elif token.type in ("RPAR", "RSQB"):
            depth -= 1
        elif depth == 0:
            if token.type in ("EQUAL", "OP"):
                return _Head("value", place, width(joined(tokens[:place])))
            if token.type == "COLON":
                return _Head("rule", place + 1, width(joined(tokens[: place + 1])))
            if token.type == "LBRACE" or (place and token.value in ("when", "until")):
                return None
    return None


@dataclass(slots=True)
class Line:
    """A line to be written: `text` without margin; the comment is still apart.

    `alone`: its comment is aligned with no other, for it opens or closes a block, say.
    """

    indent: int
    text: str
    comment: str
    blank: bool
    alone: bool


def place_comments(lines: Sequence[Line]) -> list[str]:
    """Lines as they are written, comments aligned where they stand near one another."""
    wide = [line.indent + width(line.text.rpartition("\n")[2]) for line in lines]
    column = [0] * len(lines)
    run: list[int] = []

    def close() -> None:
        furthest = max((wide[at] for at in run), default=0)
        for at in run:
            column[at] = furthest
        run.clear()

    for at, line in enumerate(lines):
        if run and (
            line.blank
            or line.alone
            or at - run[-1] > _MOST_WITHOUT + 1
            or line.indent != lines[run[-1]].indent
        ):
            close()
        if line.text and line.comment:
            run.append(at)
        if line.alone:
            close()
    close()
    return [_line(line, column[at] - wide[at]) for at, line in enumerate(lines)]


def _line(line: Line, spaces: int) -> str:
    comment = line.comment
    if line.text and comment:
        comment = " " * (spaces + 2) + comment
    return " " * line.indent + line.text + comment
