"""Mends braces before parsing, so that a lost `{` or `}` costs one diagnostic and not a file.

Braces alone carry meaning; only where they do not match, the indentation says where one was meant
to stand. A file whose braces match passes through untouched.
"""

from __future__ import annotations

from typing import NamedTuple

from lark import Token

from labelwright.dsl.diagnostics import Diagnostic, Fix, Label
from labelwright.dsl.heads import mend_heads
from labelwright.dsl.layout import virtual
from labelwright.dsl.nodes import token_span
from labelwright.dsl.rows import (
    Line,
    body_end,
    closes_body,
    insert_opening,
    is_head,
    lines_of,
    newline_after,
)
from labelwright.dsl.tree import Span

_MOST_REPAIRS = 12
_CUT = "the file ends before its `}`"
_BEFORE_NO_BLOCK = ("EQUAL", "OP", "COMMA", "LSQB", "LPAR", "DOT", "LBRACE")


class Mended(NamedTuple):
    """Tokens whose braces match, what had to be done to them, and whether the file was cut short."""

    tokens: list[Token]
    found: list[Diagnostic]
    cut: bool


def mend(text: str, tokens: list[Token]) -> Mended:
    """Match the braces of a text's tokens."""
    lines = lines_of(tokens)
    found = mend_heads(text, lines)
    for _ in range(_MOST_REPAIRS):
        repair = _balance(text, lines)
        if repair is None:
            break
        found += repair
    mended = [token for line in lines for token in (*line.tokens, line.newline)]
    cut = any(fault.hint == _CUT for fault in found)
    return Mended(_force_balance(mended), found, cut)


def _balance(text: str, lines: list[Line]) -> list[Diagnostic] | None:
    """One repair; None if the braces match."""
    stack: list[tuple[int, int]] = []
    misplaced: tuple[int, int] | None = None  # a `}` that stands under no head of its own
    for i, line in enumerate(lines):
        for k, token in enumerate(line.tokens):
            if token.type == "LBRACE":
                stack.append((i, k))
            elif token.type == "RBRACE":
                if not stack:
                    return _surplus(text, lines, i, k, misplaced)
                opened, _ = stack.pop()
                if k == 0 and misplaced is None and lines[opened].indent != line.indent:
                    misplaced = i, k
    return _missing(lines, stack) if stack else None


def _surplus(
    text: str, lines: list[Line], at: int, place: int, misplaced: tuple[int, int] | None
) -> list[Diagnostic]:
    """A `}` too many: a lost `{` if one can be found, else a `}` to be taken away."""
    for i in range(at + 1):
        line = lines[i]
        types = [t.type for t in line.tokens]
        if types[0] != "RBRACE" and types.count("RBRACE") > types.count("LBRACE"):
            split = _inline_head(types)
            if split:
                return [insert_opening(line, split)]
            if i == at and not _heads(lines, i, spoilt=True):
                line.tokens[place].type = "STRAY"  # the statement it stands in says the rest
                return []
            inside = next((k for k, t in enumerate(types[:-1]) if t == "RBRACE"), None)
            if inside is not None and "LBRACE" not in types:
                line.tokens[inside].type = "STRAY"
                return []
        if _heads(lines, i, spoilt=False):
            return [insert_opening(line, len(types))]
        if _heads(lines, i, spoilt=True):
            spoilt = token_span(line.tokens.pop())
            return [insert_opening(line, len(types) - 1, instead_of=spoilt)]
    i, k = misplaced or (at, place)
    line = lines[i]
    span = token_span(line.tokens[k])
    start = span.start
    if len(line.tokens) == 1:  # take the whole line away
        while start > 0 and text[start - 1] in " \t":
            start -= 1
        removed = Span(start, span.end)
        if start > 0 and text[start - 1] == "\n":
            removed = Span(start - 1 - (text[start - 2 : start - 1] == "\r"), span.end)
        del lines[i]
    else:
        removed = span
        del line.tokens[k]
    return [
        Diagnostic(
            "E103",
            "error",
            span,
            "this `}` closes nothing",
            hint="every block is closed already",
            fix=Fix(removed, "", "remove the `}`"),
        )
    ]


def _heads(lines: list[Line], place: int, *, spoilt: bool) -> bool:
    """True for a line that heads an indented body and a `}`, but for the `{` that it lacks.

    `spoilt`: something else stands in the place of the `{`.
    """
    line = lines[place]
    if line.inner or place + 1 >= len(lines) or lines[place + 1].indent <= line.indent:
        return False
    if spoilt and (len(line.tokens) < 2 or line.last.type not in ("STRAY", "RBRACE", "LSQB")):
        return False
    head = Line(line.tokens[:-1], line.newline, inner=False) if spoilt else line
    return is_head(head) and closes_body(lines, body_end(lines, place), place)


def _inline_head(types: list[str]) -> int | None:
    """Where `{` was lost in `phase mid strategy = entropy }`."""
    for k in range(1, len(types) - 1):
        if types[k] == "LBRACE":
            return None
        if types[k : k + 2] == ["NAME", "EQUAL"]:
            return k
    return None


def _missing(lines: list[Line], stack: list[tuple[int, int]]) -> list[Diagnostic]:
    """A `{` too many: one that opens nothing, or a `}` lost where the indentation says so."""
    for line in lines:
        spurious = _opens_nothing(line.tokens)
        if spurious is not None:
            spurious.type = "STRAY"  # the statement it stands in says the rest
            return []
    opened: list[int] = []
    for i, line in enumerate(lines):
        if opened and not line.inner and opened[-1] < i:
            head = lines[opened[-1]]
            closing = line.first.type == "RBRACE"
            if line.indent < head.indent or (line.indent == head.indent and not closing):
                return [_insert_closing(lines, opened[-1], i)]
        for token in line.tokens:
            if token.type == "LBRACE":
                opened.append(i)
            elif token.type == "RBRACE" and opened:
                opened.pop()
    return [_close_at_end(lines, [i for i, _ in stack])]


def _opens_nothing(tokens: list[Token]) -> Token | None:
    """The first `{` of a line that stands where no block can begin."""
    closed = max((k for k, t in enumerate(tokens) if t.type == "RBRACE"), default=-1)
    for k, token in enumerate(tokens):
        if token.type != "LBRACE" or k == 0:
            continue
        following = tokens[k + 1].type if k + 1 < len(tokens) else "NAME"
        if tokens[k - 1].type in _BEFORE_NO_BLOCK or (following != "NAME" and closed < k):
            return token
    return None


def _head_span(line: Line) -> Span:
    brace = next((t for t in line.tokens if t.type == "LBRACE"), line.last)
    return token_span(line.first) | token_span(brace)


def _insert_closing(lines: list[Line], opened: int, before: int) -> Diagnostic:
    head, last, following = lines[opened], lines[before - 1], lines[before]
    end = token_span(last.newline).start
    where = Span(end, end)
    written = f"\n{' ' * head.indent}}}"
    brace = virtual("RBRACE", end, last.last.line, "}")
    replaced = _stands_for_brace(lines, before)
    if replaced:
        where, written = following.span, "}"
        del lines[before]
    elif before - 1 == opened:
        end = token_span(last.last).end
        where, written = Span(end, end), " }"
    lines.insert(before, Line([brace], newline_after(brace), inner=False))
    return Diagnostic(
        "E102",
        "error",
        _head_span(head),
        f"the block `{head.first}` is not closed",
        hint="this `{` has no `}`",
        labels=(
            Label(
                token_span(following.first),
                "expected `}` instead" if replaced else "expected `}` before this",
            ),
        ),
        fix=Fix(where, written, "close the block"),
    )


def _stands_for_brace(lines: list[Line], place: int) -> bool:
    """True for a single token on a line where `}` is due: by itself it can be no statement."""
    line = lines[place]
    ends = place + 1 == len(lines) or lines[place + 1].indent <= line.indent
    return len(line.tokens) == 1 and line.first.type not in ("LBRACE", "RBRACE") and ends


def _close_at_end(lines: list[Line], opened: list[int]) -> Diagnostic:
    end = token_span(lines[-1].newline).start
    written = ""
    for i in reversed(opened):
        brace = virtual("RBRACE", end, lines[-1].last.line, "}")
        written += f"\n{' ' * lines[i].indent}}}"
        lines.append(Line([brace], newline_after(brace), inner=False))
    inner = lines[opened[-1]]
    return Diagnostic(
        "E102",
        "error",
        _head_span(inner),
        f"the block `{inner.first}` is not closed",
        hint=_CUT,
        labels=tuple(
            Label(_head_span(lines[i]), "nor is this one")
            for i in dict.fromkeys(opened[:-1])
            if i != opened[-1]
        ),
        fix=Fix(Span(end, end), written, "close the block"),
    )


def _force_balance(tokens: list[Token]) -> list[Token]:
    """What too many faults left unmatched: surplus `}` go, missing ones come at the end."""
    kept: list[Token] = []
    depth = 0
    for token in tokens:
        if token.type == "RBRACE":
            if depth == 0:
                continue
            depth -= 1
        depth += token.type == "LBRACE"
        kept.append(token)
    for _ in range(depth):
        end = token_span(kept[-1]).end
        kept += [virtual("_NL", end, None), virtual("RBRACE", end, None, "}")]
    return kept
