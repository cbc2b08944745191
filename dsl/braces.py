"""Mends braces before parsing, so that a lost `{` or `}` costs one diagnostic and not a file.

Braces alone carry meaning; only where they do not match, the indentation says where one was meant
to stand. A file whose braces match passes through untouched, but for lines that can be no statement
at all: a head without braces (`holdout`, `task x:`) and lists in dashes, as YAML and Python have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lark import Token

from labelwright.dsl.diagnostics import Diagnostic, Fix, Label
from labelwright.dsl.layout import unclosed_brackets, virtual
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tree import Span

_MOST_REPAIRS = 12
_CUT = "the file ends before its `}`"
_NO_HEAD = ("EQUAL", "COLON", "LBRACE", "RBRACE", "COMMA", "STRAY", "LSQB", "RSQB")
_BEFORE_NO_BLOCK = ("EQUAL", "OP", "COMMA", "LSQB", "LPAR", "DOT", "LBRACE")


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


class Mended(NamedTuple):
    """Tokens whose braces match, what had to be done to them, and whether the file was cut short."""

    tokens: list[Token]
    found: list[Diagnostic]
    cut: bool


def mend(text: str, tokens: list[Token]) -> Mended:
    """Match the braces of a text's tokens."""
    lines = _lines(tokens)
    found = _mend_heads(text, lines)
    for _ in range(_MOST_REPAIRS):
        repair = _balance(text, lines)
        if repair is None:
            break
        found += repair
    mended = [token for line in lines for token in (*line.tokens, line.newline)]
    cut = any(fault.hint == _CUT for fault in found)
    return Mended(_force_balance(mended), found, cut)


def _lines(tokens: list[Token]) -> list[Line]:
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
        lines.append(Line(current, _newline_after(current[-1]), inner))
    return lines


def _newline_after(token: Token) -> Token:
    return virtual("_NL", token_span(token).end, token.line)


def _body_end(lines: list[Line], head: int) -> int:
    """The first line after `head` that is not indented deeper."""
    for i in range(head + 1, len(lines)):
        if not lines[i].inner and lines[i].indent <= lines[head].indent:
            return i
    return len(lines)


def _is_head(line: Line) -> bool:
    """True for `holdout`, `class A "a"`, `phase low until labels >= 5`, with nothing after it."""
    return line.first.type == "NAME" and not any(t.type in _NO_HEAD for t in line.tokens)


def _closes(lines: list[Line], body_end: int, head: int) -> bool:
    """True if the line after a body is the `}` that its head waits for."""
    if body_end == len(lines):
        return False
    return lines[body_end].first.type == "RBRACE" and lines[body_end].indent == lines[head].indent


# --- lines that can be no statement --------------------------------------------------------------


def _mend_heads(text: str, lines: list[Line]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    depth = 0
    i = 0
    while i < len(lines) - 1:
        line, following = lines[i], lines[i + 1]
        depth += sum((t.type == "LBRACE") - (t.type == "RBRACE") for t in line.tokens)
        if not line.inner and line.first.type == "NAME":
            if line.last.type in ("COLON", "EQUAL") and _is_dash(following.first):
                found.append(_list_of_dashes(text, lines, i))
            elif following.indent > line.indent and not following.inner:
                mended = _indented_block(text, lines, i, depth)
                if mended is not None:
                    found.append(mended)
                    depth += 1
        i += 1
    return found


def _is_dash(token: Token) -> bool:
    return token.type == "STRAY" and token == "-"


def _list_of_dashes(text: str, lines: list[Line], head: int) -> Diagnostic:
    line = lines[head]
    end = head + 1
    while end < len(lines) and _is_dash(lines[end].first) and lines[end].indent >= line.indent:
        end += 1
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
        is_head = len(line.tokens) > 1 and following.first not in ("vote", "veto")
        is_head = is_head and not any(t.type in _NO_HEAD for t in line.tokens[:-1])
    else:
        setting = [t.type for t in following.tokens[:2]] == ["NAME", "EQUAL"]
        is_head = _is_head(line) and (len(line.tokens) == 1 or (depth == 0 and setting))
    if not is_head or following.first.type == "LBRACE":
        return None
    end = _body_end(lines, head)
    if colon:
        line.tokens.pop()
    if _closes(lines, end, head):
        return _insert_opening(lines[head], len(line.tokens))
    header = line.span
    start = header.end
    after = lines[end - 1].newline
    span = Span(start, token_span(after).start)
    body = text[token_span(line.newline).start if colon else start : span.end]
    _append(line, "LBRACE", "{")
    brace = virtual("RBRACE", span.end, after.line, "}")
    lines.insert(end, Line([brace], _newline_after(brace), inner=False))
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


# --- braces that do not match --------------------------------------------------------------------


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
                return [_insert_opening(line, split)]
            if i == at and not _heads(lines, i, spoilt=True):
                line.tokens[place].type = "STRAY"  # the statement it stands in says the rest
                return []
            inside = next((k for k, t in enumerate(types[:-1]) if t == "RBRACE"), None)
            if inside is not None and "LBRACE" not in types:
                line.tokens[inside].type = "STRAY"
                return []
        if _heads(lines, i, spoilt=False):
            return [_insert_opening(line, len(types))]
        if _heads(lines, i, spoilt=True):
            spoilt = token_span(line.tokens.pop())
            return [_insert_opening(line, len(types) - 1, instead_of=spoilt)]
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
    return _is_head(head) and _closes(lines, _body_end(lines, place), place)


def _inline_head(types: list[str]) -> int | None:
    """Where `{` was lost in `phase mid strategy = entropy }`."""
    for k in range(1, len(types) - 1):
        if types[k] == "LBRACE":
            return None
        if types[k : k + 2] == ["NAME", "EQUAL"]:
            return k
    return None


def _insert_opening(line: Line, place: int, *, instead_of: Span | None = None) -> Diagnostic:
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


def _missing(lines: list[Line], stack: list[tuple[int, int]]) -> list[Diagnostic]:
    """A `{` too many: one that opens nothing, or a `}` lost where the indentation says so."""
    for line in lines:
        for k, token in enumerate(line.tokens):
            if token.type == "LBRACE" and _opens_nothing(line.tokens, k):
                token.type = "STRAY"  # the statement it stands in says the rest
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


def _opens_nothing(tokens: list[Token], k: int) -> bool:
    if k == 0:
        return False
    if tokens[k - 1].type in _BEFORE_NO_BLOCK:
        return True
    rest = tokens[k + 1 :]
    return bool(rest) and rest[0].type != "NAME" and all(t.type != "RBRACE" for t in rest)


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
    lines.insert(before, Line([brace], _newline_after(brace), inner=False))
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
        lines.append(Line([brace], _newline_after(brace), inner=False))
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


