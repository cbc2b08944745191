"""Colours for task files wherever Pygments is used: documentation, notebooks, terminals.

Tokens come from `tokens.scan`, words from the vocabulary and the grammar, so nothing here has to be
kept up with the language but what a word is coloured as. Any text is lexed; joined, the parts are
the text again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lark import Token
from pygments.lexer import Lexer  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Error,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

from labelwright.dsl.grammar import MISTAKES
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.tokens import scan, scanner
from labelwright.dsl.vocabulary import BLOCKS

CONSTANT_WORDS = frozenset(("true", "false", "missing"))
OPERATOR_WORDS = frozenset(("and", "or", "not", "in", "is", "matches", "contains", "any", "all"))
"""Of the grammar's words, those that stand for a value, and those that stand in conditions."""

CLAUSES = frozenset(clause.name for block in BLOCKS.values() for clause in block.clauses)
"""What begins a sentence in a block: `keep when …`."""

_BEFORE_CLASS = frozenset(("vote", "against", "of", "requires", "excludes"))
_CONSTRAINS = frozenset(("requires", "excludes"))
_ESCAPE = re.compile(r"\\.")
_ALLOW = re.compile(r"#\s*allow\b")
_TYPES: dict[str, Any] = {
    "LONG_STRING": String.Doc,
    "REGEX": String.Regex,
    "NUMBER": Number,
    "INT": Number.Integer,
    "PERCENT": Number,
    "DATE": Literal.Date,
    "OP": Operator,
    "EQUAL": Operator,
    "COLON": Punctuation,
    "COMMA": Punctuation,
    "DOT": Punctuation,
    "LPAR": Punctuation,
    "RPAR": Punctuation,
    "LSQB": Punctuation,
    "RSQB": Punctuation,
    "LBRACE": Punctuation,
    "RBRACE": Punctuation,
    "_NL": Whitespace,
    **dict.fromkeys(MISTAKES, Error),
}


class TaskLexer(Lexer):  # type: ignore[misc]
    """Task files of labelwright."""

    name = "labelwright task"
    aliases = ("labelwright", "taskfile")
    filenames = ("*.task",)
    mimetypes = ("text/x-labelwright-task",)

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """(offset, token type, part) of the text from its first character to its last."""
        position = 0
        for token, kind in _coloured(scan(text)):
            start = token.start_pos or 0
            if start > position:
                yield position, Whitespace, text[position:start]
            yield from _parts(start, kind, token.value)
            position = start + len(token.value)
        if position < len(text):
            yield position, Whitespace, text[position:]


def _parts(start: int, kind: Any, text: str) -> Iterator[tuple[int, Any, str]]:
    if kind is not String or "\\" not in text:
        yield start, kind, text
        return
    done = 0
    for escape in _ESCAPE.finditer(text):
        if escape.start() > done:
            yield start + done, kind, text[done : escape.start()]
        yield start + escape.start(), String.Escape, escape[0]
        done = escape.end()
    yield start + done, kind, text[done:]


def _coloured(tokens: list[Token]) -> Iterator[tuple[Token, Any]]:
    """Every token with its type; a name's depends on what stands around it."""
    code = [token for token in tokens if token.type not in ("COMMENT", "_NL")]
    following = dict(zip(map(id, code), code[1:], strict=False))
    statement: list[Token] = []
    brackets = 0
    for token in tokens:
        match token.type:
            case "NAME":
                yield token, _name(token, statement, following.get(id(token)), brackets)
            case "COMMENT":
                yield token, Comment.Special if _ALLOW.match(token.value) else Comment.Single
                continue
            case "STRING":
                yield token, String
            case "INT" if _labels_head(statement):
                yield token, Name.Class
            case other:
                yield token, _TYPES.get(other, Text)
        brackets += token.type in ("LPAR", "LSQB")
        brackets = max(0, brackets - (token.type in ("RPAR", "RSQB")))
        ended = token.type in ("LBRACE", "RBRACE") or (token.type == "_NL" and not brackets)
        if ended and not (statement and statement[-1].value in ("and", "or", ",")):
            statement, brackets = [], 0
        elif token.type != "_NL":
            statement.append(token)


def _name(token: Token, statement: list[Token], following: Token | None, brackets: int) -> Any:
    """The type of a name: `statement` is what stands before it in its statement."""
    word, then = token.value, following.type if following is not None else ""
    if not statement:
        constrained = following is not None and following.value in _CONSTRAINS
        return Name.Class if constrained else _first(word, then)
    before = statement[-1]
    if brackets and then == "EQUAL":
        return Name.Variable
    if then == "LPAR" and word not in OPERATOR_WORDS and word not in ("when", "until"):
        return Name.Function
    if before.type == "DOT" or (before.value in _BEFORE_CLASS and word not in ("each", "against")):
        return Name.Class if _class_path(statement) else Name
    if word in scanner().keywords and before.type not in ("EQUAL", "COMMA", "LSQB"):
        return _keyword(word)
    if word in CONSTANT_WORDS:
        return Keyword.Constant
    if _labels_head(statement):
        return Name.Class
    return Name.Builtin if word in METRICS and not brackets else Name


def _first(word: str, then: str) -> Any:
    """The type of the name that begins a statement."""
    if then in ("EQUAL", "OP", "LPAR"):
        return Name.Builtin if word in METRICS and then != "EQUAL" else Name.Attribute
    if then == "COLON":
        return Name.Label
    if word in BLOCKS:
        return Keyword.Declaration
    if word in CLAUSES:
        return Keyword
    return Name.Builtin if word in METRICS else Name.Attribute


def _keyword(word: str) -> Any:
    if word in CONSTANT_WORDS:
        return Keyword.Constant
    return Operator.Word if word in OPERATOR_WORDS else Keyword


def _labels_head(statement: list[Token]) -> bool:
    """Whether a name that comes now is the name of what a block defines: `class A`."""
    return len(statement) == 1 and statement[0].value in BLOCKS


def _class_path(statement: list[Token]) -> bool:
    """Whether a name that comes now is a class, or a part of its path, `of Billing.Other`."""
    place = len(statement) - 1
    while place > 0 and statement[place].type == "DOT":
        place -= 2
    return place >= 0 and statement[place].value in _BEFORE_CLASS
