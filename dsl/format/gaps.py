"""The space between two tokens of a line: one or none."""

from __future__ import annotations

from collections.abc import Iterable

from lark import Token

_NONE_AFTER = frozenset(("LPAR", "LSQB", "DOT"))
_NONE_BEFORE = frozenset(("RPAR", "RSQB", "COMMA", "COLON"))
_GROUP = frozenset(("when", "until", "and", "or", "not"))
"""Words after which a bracket groups conditions; after any other word it holds arguments."""


def gap(before: Token, after: Token) -> int:
    """How many spaces stand between two neighbours, where nothing is aligned."""
    left, right = before.type, after.type
    if right == "DOT":  # `1.` would begin a number
        return int(left == "INT")
    if left in _NONE_AFTER or right in _NONE_BEFORE or (left, right) == ("LBRACE", "RBRACE"):
        return 0
    if right == "LPAR":
        return int(left != "NAME" or before.value in _GROUP)
    return 1


def joined(tokens: Iterable[Token]) -> str:
    """Tokens on one line."""
    parts: list[str] = []
    before: Token | None = None
    for token in tokens:
        if before is not None:
            parts.append(" " * gap(before, token))
        parts.append(token.value)
        before = token
    return "".join(parts)
