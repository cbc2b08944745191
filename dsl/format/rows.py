"""Tokens -> rows: the lines of a text as the author broke them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lark import Token

from labelwright.dsl.layout import filter_newlines

_BREAK = re.compile(r"\r\n?|\n")
_OPENING = ("LBRACE", "LPAR", "LSQB")
_CLOSING = ("RBRACE", "RPAR", "RSQB")


@dataclass(slots=True)
class Row:
    """The tokens of a line and the comment after them, or a comment alone.

    `blank`: an empty line stands above. `starts`: what the line begins with does not go on with
    a statement of a line above.
    """

    tokens: list[Token] = field(default_factory=list)
    comment: str = ""
    blank: bool = False
    starts: bool = True

    @property
    def opens(self) -> bool:
        """Whether something that is closed on a later line begins at its end."""
        return bool(self.tokens) and self.tokens[-1].type in _OPENING

    @property
    def closes(self) -> bool:
        """Whether it begins by closing, or opening, what a line above began."""
        return bool(self.tokens) and self.tokens[0].type in (*_CLOSING, "LBRACE")


def rows_of(tokens: list[Token]) -> list[Row]:
    """The rows of a text; its empty lines are told by the row that follows them, one for many."""
    ends = _ends_of_statements(tokens)
    rows: list[Row] = []
    row = Row()
    breaks = 0
    going_on = False
    for token in tokens:
        if token.type != "_NL":
            if breaks:
                row = Row(blank=breaks > 1, starts=not going_on)
                breaks = 0
            if not row.tokens and not row.comment:
                rows.append(row)
            if token.type == "COMMENT":
                row.comment = token.value.rstrip()
            else:
                row.tokens.append(token)
            continue
        if not breaks and row.tokens:
            last = row.tokens[-1].type
            going_on = last not in ("LBRACE", "RBRACE") and token.start_pos not in ends
        breaks += len(_BREAK.findall(token.value))
    return rows


def _ends_of_statements(tokens: Iterable[Token]) -> set[int | None]:
    """Where the newlines stand that end a statement, as the parser sees it."""
    code: list[Token] = []
    for token in tokens:
        repeated = token.type == "_NL" and code and code[-1].type == "_NL"
        if token.type != "COMMENT" and not repeated:
            code.append(token)
    return {token.start_pos for token in filter_newlines(code) if token.type == "_NL"}
