"""The lines of a text as lists of tokens, and which of them look like the head of a block."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from labelwright.dsl.diagnostics import Diagnostic, Fix
from labelwright.dsl.layout import unclosed_brackets, virtual
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tree import Span

NO_HEAD = ("EQUAL", "COLON", "LBRACE", "RBRACE", "COMMA", "STRAY", "LSQB", "RSQB")


@dataclass(slots=True)
class Line:
    """The tokens of a line, how far it is indented, and the newline that ends it.

    `inner`: it goes on with what the line before began.
    """

    tokens: list[Token]
    newline: Token
    inner: bool

    @property
    def indent(self) -> int:
        return self.tokens[0].column or 0

    @property
    def first(self) -> Token:
        return self.tokens[0]

    @property
    def last(self) -> Token:
        return self.tokens[-1]

    @property
    def span(self) -> Span:
        return token_span(self.first) | token_span(self.last)


def lines_of(tokens: list[Token]) -> list[Line]:
    tokens = [token for token in tokens if token.type != "COMMENT"]
    unclosed = unclosed_brackets(tokens)
    lines: list[Line] = []
    current: list[Token] = []
    depth = 0
    inner = False
    for token in tokens:
        if token.type == "_NL":
            if current:
                joins = current[-1].type == "COMMA" or current[-1] in ("and", "or")
                lines.append(Line(current, token, inner))
                inner = depth > 0 or joins
                current = []
            continue
        if token.type in ("LPAR", "LSQB"):
            depth += token.start_pos not in unclosed
        elif token.type in ("RPAR", "RSQB"):
            depth = max(0, depth - 1)
        current.append(token)
    if current:
        lines.append(Line(current, newline_after(current[-1]), inner))
    return lines


def newline_after(token: Token) -> Token:
    return virtual("_NL", token_span(token).end, token.line)


def body_end(lines: list[Line], head: int) -> int:
    """The first line after `head` that is not indented deeper."""
    for i in range(head + 1, len(lines)):
        if not lines[i].inner and lines[i].indent <= lines[head].indent:
            return i
    return len(lines)


def is_head(line: Line) -> bool:
    """True for `holdout`, `class A "a"`, `phase low until labels >= 5`, with nothing after it."""
    return line.first.type == "NAME" and not any(t.type in NO_HEAD for t in line.tokens)


def closes_body(lines: list[Line], end: int, head: int) -> bool:
    """True if the line after a body is the `}` that its head waits for."""
    if end == len(lines):
        return False
    return lines[end].first.type == "RBRACE" and lines[end].indent == lines[head].indent


def insert_opening(line: Line, place: int, *, instead_of: Span | None = None) -> Diagnostic:
    before = token_span(line.tokens[place - 1])
    where = instead_of or Span(before.end, before.end)
    head = token_span(line.first) | before
    line.tokens.insert(place, virtual("LBRACE", before.end, line.first.line, "{"))
    return Diagnostic(
        "E104",
        "error",
        head,
        f"the block `{line.first}` is not opened",
        hint="write `{` here",
        fix=Fix(where, "{" if instead_of else " {", "open the block"),
    )
