"""Heads of blocks without braces, and lists in dashes, as YAML and Python have them.

Such a line can be no statement, so a file that is in form passes through untouched.
"""

from __future__ import annotations

from lark import Token

from labelwright.dsl.diagnostics import Diagnostic, Fix
from labelwright.dsl.layout import virtual
from labelwright.dsl.nodes import token_span
from labelwright.dsl.rows import (
    NO_HEAD,
    Line,
    body_end,
    closes_body,
    insert_opening,
    is_head,
    newline_after,
)
from labelwright.dsl.tree import Span


def mend_heads(text: str, lines: list[Line]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    depth = 0
    i = 0
    while i < len(lines) - 1:
        line, following = lines[i], lines[i + 1]
        depth += sum((t.type == "LBRACE") - (t.type == "RBRACE") for t in line.tokens)
        if not line.inner and line.first.type == "NAME":
            if line.last.type in ("COLON", "EQUAL") and _is_dash(following.first):
                classes = depth == 0 and line.first in ("classes", "class", "labels")
                listing = _classes_in_dashes if classes else _list_of_dashes
                found.append(listing(text, lines, i))
            elif following.indent > line.indent and not following.inner:
                mended = _indented_block(text, lines, i, depth)
                if mended is not None:
                    found.append(mended)
                    depth += 1
        i += 1
    return found


def _is_dash(token: Token) -> bool:
    return token.type == "STRAY" and token.value == "-"


def _dashes_end(lines: list[Line], head: int) -> int:
    """The first line after `head` that is no item of its list."""
    end = head + 1
    while (
        end < len(lines) and _is_dash(lines[end].first) and lines[end].indent >= lines[head].indent
    ):
        end += 1
    return end


def _classes_in_dashes(text: str, lines: list[Line], head: int) -> Diagnostic:
    """`classes:` and a class on a line each: read as classes, where names are all there is."""
    line, end = lines[head], _dashes_end(lines, head)
    items = lines[head + 1 : end]
    fix = None
    span = line.span
    if all([t.type for t in item.tokens[1:]] in (["NAME"], ["NAME", "STRING"]) for item in items):
        for item in items:
            dash = item.first
            start = token_span(dash).start
            item.tokens[0] = virtual("NAME", start, dash.line, "class")
            item.tokens[0].column = line.indent
        names = [item.tokens[1:] for item in items]
        shown = [text[token_span(n[0]).start : token_span(n[-1]).end] for n in names]
        whole = Span(span.start, items[-1].span.end)
        fix = Fix(whole, "\n".join(f"class {name}" for name in shown), "write the classes")
        del lines[head]
    else:
        lines[head:end] = []
    return Diagnostic(
        "E115",
        "error",
        span,
        "each class is a statement of its own, not an item of a list",
        hint="write `class NAME`, or `class NAME { … }`, on a line each",
        fix=fix,
    )


def _list_of_dashes(text: str, lines: list[Line], head: int) -> Diagnostic:
    line = lines[head]
    end = _dashes_end(lines, head)
    items = [rest for rest in (x.tokens[1:] for x in lines[head + 1 : end]) if rest]
    texts = [text[token_span(x[0]).start : token_span(x[-1]).end] for x in items]
    position = token_span(lines[end - 1].last).end
    tokens = line.tokens[:-1]
    before = token_span(tokens[-1]).end
    span = Span(before, position)
    tokens += [virtual("EQUAL", before, line.first.line, "="), virtual("LSQB", before, None, "[")]
    for n, item in enumerate(items):
        if n:
            tokens.append(virtual("COMMA", token_span(item[0]).start, None, ","))
        tokens += item
    tokens.append(virtual("RSQB", position, None, "]"))
    dash = token_span(lines[head + 1].first)
    lines[head:end] = [Line(tokens, lines[end - 1].newline, inner=False)]
    written = f" = [{', '.join(texts)}]"
    return Diagnostic(
        "E115",
        "error",
        dash,
        "a list is written in brackets, not in dashes",
        hint=f"write `{line.first}{written}`" if len(written) < 60 else "write `[…, …]`",
        fix=Fix(span, written, "write the list in brackets"),
    )


def _indented_block(text: str, lines: list[Line], head: int, depth: int) -> Diagnostic | None:
    """Braces for a head whose body is only indented; None if the head needs no braces."""
    line, following = lines[head], lines[head + 1]
    colon = line.last.type == "COLON"
    if colon:
        needs = len(line.tokens) > 1 and following.first not in ("vote", "veto")
        needs = needs and not any(t.type in NO_HEAD for t in line.tokens[:-1])
    else:
        setting = [t.type for t in following.tokens[:2]] == ["NAME", "EQUAL"]
        needs = is_head(line) and (len(line.tokens) == 1 or (depth == 0 and setting))
    if not needs or following.first.type == "LBRACE":
        return None
    end = body_end(lines, head)
    if colon:
        line.tokens.pop()
    if closes_body(lines, end, head):
        return insert_opening(lines[head], len(line.tokens))
    header = line.span
    start = header.end
    after = lines[end - 1].newline
    span = Span(start, token_span(after).start)
    body = text[token_span(line.newline).start if colon else start : span.end]
    _append(line, "LBRACE", "{")
    brace = virtual("RBRACE", span.end, after.line, "}")
    lines.insert(end, Line([brace], newline_after(brace), inner=False))
    margin = text[header.start - line.indent : header.start]
    return Diagnostic(
        "E114" if colon else "E116",
        "error",
        header if not colon else Span(header.start, start + 1),
        "a block stands in braces, not after a colon"
        if colon
        else "a block stands in braces; indentation says nothing",
        hint="write `{` here, and `}` after the block",
        fix=Fix(span, f" {{{body}\n{margin}}}", "put the block in braces"),
    )


def _append(line: Line, type_: str, value: str) -> None:
    line.tokens.append(virtual(type_, token_span(line.last).end, line.last.line, value))
