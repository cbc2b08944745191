"""Tokens -> segments: which newlines end a statement, and where braces and brackets lie.

A segment is a statement without its end, or the head of a block. On a sound file this is exactly
the rule written in task.lark; on a broken one it keeps the damage to one segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lark import Token

from labelwright.dsl.tokens import make_token

OPENING = ("LPAR", "LSQB")
CLOSING = ("RPAR", "RSQB")
_BRACKETS_AND_BRACES = frozenset((*OPENING, *CLOSING, "LBRACE", "RBRACE"))
_STATEMENT_SECOND = ("EQUAL", "COLON", "OP", "LBRACE", "STRING", "NAME", "LPAR")
_ASSIGNS = ("EQUAL", "COLON", "LBRACE")
_VALUE_ENDS = ("NAME", "STRING", "NUMBER", "INT", "REGEX", "PERCENT", "DATE", "LONG_STRING")
_JOINING = ("not", "and", "or", "when", "until", "in", "contains", "matches", "of", "is")
_GUARDS = frozenset(("when", "until"))


@dataclass(frozen=True, slots=True)
class Segment:
    """`tokens`, then `end`: a newline, `{`, or `}` (before which nothing stands).

    `glued`: the segment begins on the line on which a block ended.
    """

    tokens: tuple[Token, ...]
    end: Token
    glued: bool = False


def virtual(type_: str, position: int, line: int | None, value: str = "") -> Token:
    """A token that stands for no text."""
    return make_token(type_, value, position, line, 0, position)


def unclosed_brackets(tokens: Iterable[Token]) -> set[int]:
    """Positions of `(` and `[` that nothing closes before the next brace."""
    unclosed: set[int] = set()
    stack: list[int] = []
    for token in tokens:
        kind = token.type
        if kind not in _BRACKETS_AND_BRACES:
            continue
        if kind in OPENING:
            stack.append(token.start_pos or 0)
        elif kind in CLOSING:
            del stack[-1:]
        else:
            unclosed.update(stack)
            stack.clear()
    return unclosed.union(stack)


def filter_newlines(tokens: list[Token]) -> Iterator[Token]:
    """Tokens without comments, and of the newlines only those that end a statement."""
    tokens = [token for token in tokens if token.type != "COMMENT"]
    unclosed = unclosed_brackets(tokens)
    depth = loose = 0
    guarded = False  # a `when` or `until` was seen in this statement
    previous: Token | None = None
    before: Token | None = None
    for i, token in enumerate(tokens):
        kind = token.type
        if kind == "_NL":
            if previous is None or previous.type in ("_NL", "LBRACE") or depth:
                continue
            following = tokens[i + 1 : i + 3]
            if following and following[0].type == "LBRACE":
                continue
            if (
                following
                and (loose or previous.type == "COMMA")
                and following[0].type != "RBRACE"
                and not _starts_statement(following, _STATEMENT_SECOND)
            ):
                continue
            if (
                guarded
                and previous in ("and", "or")
                and _ends_value(before)
                and not _starts_statement(following, _ASSIGNS)
            ):
                continue
        elif kind in OPENING:
            if token.start_pos in unclosed:
                loose += 1
            else:
                depth += 1
        elif kind in CLOSING:
            depth = max(depth - 1, 0)
        elif kind == "RBRACE" and previous is not None and previous.type not in ("_NL", "LBRACE"):
            yield virtual("_NL", previous.end_pos or 0, previous.line)
        if kind in ("_NL", "LBRACE", "RBRACE"):
            loose, guarded = 0, False
        elif token.value in _GUARDS:
            guarded = True
        yield token
        before, previous = previous, token
    if previous is not None and previous.type != "_NL":
        yield virtual("_NL", previous.end_pos or 0, previous.line)


def _starts_statement(following: list[Token], second: tuple[str, ...]) -> bool:
    return len(following) == 2 and following[0].type == "NAME" and following[1].type in second


def _ends_value(token: Token | None) -> bool:
    if token is None:
        return False
    return token.type in CLOSING or (token.type in _VALUE_ENDS and token not in _JOINING)


def segments(tokens: Iterable[Token]) -> Iterator[Segment]:
    """Cuts filtered tokens at newlines and braces; the newline that follows `}` is left out."""
    current: list[Token] = []
    closed = glued = False
    for token in tokens:
        if token.type not in ("_NL", "LBRACE", "RBRACE"):
            glued = closed if not current else glued
            current.append(token)
        elif not (token.type == "_NL" and closed and not current):
            yield Segment(tuple(current), token, glued)
            current, glued = [], False
        closed = token.type == "RBRACE"
    if current:
        end = virtual("_NL", current[-1].end_pos or 0, current[-1].line)
        yield Segment(tuple(current), end, glued)
