"""How a text is built: symbols for an outline of it, stretches that fold, ranges that grow."""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token
from lsprotocol import types

from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.outline import Piece
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tree import Span
from labelwright.dsl.vocabulary import CLASS, PHASE, SLICE, TASK

_Symbol = types.SymbolKind
_KINDS = {"task": _Symbol.Module, "class": _Symbol.Class, "slice": _Symbol.Namespace}


def symbols(document: Document) -> list[types.DocumentSymbol]:
    """Blocks, classes in their parents, rules, slices, phases and criteria."""
    return [s for child in document.outline.root.children for s in _symbol(document, child)]


def _symbol(document: Document, piece: Piece) -> Iterator[types.DocumentSymbol]:
    named = _named(document, piece)
    if named is None:
        return
    name, detail, kind, at = named
    yield types.DocumentSymbol(
        name=name,
        detail=detail or None,
        kind=kind,
        range=document.positions.range(piece.span),
        selection_range=document.positions.range(at),
        children=[s for child in piece.children for s in _symbol(document, child)],
    )


def _named(document: Document, piece: Piece) -> tuple[str, str, types.SymbolKind, Span] | None:
    """Name, detail and kind of a piece, and where its name stands; None for what is no symbol."""
    if not piece.tokens:
        return None
    first, home = piece.tokens[0], piece.parent.entry if piece.parent else None
    if piece.entry in (TASK, CLASS, SLICE, PHASE) and piece.name is not None:
        kind = _KINDS.get(piece.head, _Symbol.Event)
        return str(piece.name), piece.title or piece.head, kind, token_span(piece.name)
    if piece.body is not None:
        head = token_span(piece.tokens[0]) | token_span(piece.tokens[-1])
        title = " ".join(document.text[head.start : head.end].split())
        return title, "", _Symbol.Package, head
    lines = home.lines if home is not None else ""
    if lines == "rules" and len(piece.tokens) > 1 and piece.tokens[1].type == "COLON":
        after = Span(token_span(piece.tokens[1]).end, piece.span.end)
        return str(first), _line(document, after), _Symbol.Event, token_span(first)
    if (lines == "criteria" and first in METRICS) or lines == "constraints":
        return _line(document, piece.span), "", _Symbol.Constant, piece.span
    return None


def _line(document: Document, span: Span) -> str:
    return " ".join(document.text[span.start : span.end].split())


# --- folding ----------------------------------------------------------------------------------


def foldings(document: Document) -> list[types.FoldingRange]:
    """Blocks, lists and long texts of more than one line, and comments that stand together."""
    ranges = [
        (start, end, kind)
        for span, kind in _stretches(document)
        for start, end in [_lines(document, span)]
        if end > start
    ]
    return [
        types.FoldingRange(start_line=start, end_line=end, kind=kind)
        for start, end, kind in sorted(set(ranges), key=lambda r: (r[0], -r[1]))
    ]


def _lines(document: Document, span: Span) -> tuple[int, int]:
    positions = document.positions
    return positions.line_of(span.start), positions.line_of(span.end)


def _stretches(document: Document) -> Iterator[tuple[Span, types.FoldingRangeKind | None]]:
    for piece in document.outline.root.walk():
        if piece.body is not None and piece.parent is not None:
            # The line of the `}` stays to be seen.
            last = document.positions.line_of(piece.body.end) - 1
            end = document.positions.line_end(max(last, 0))
            yield Span(piece.span.start, max(piece.span.start, end)), None
    opened: list[Token] = []
    comments: Span | None = None
    for token in document.tokens:
        span = token_span(token)
        if token.type in ("LPAR", "LSQB"):
            opened.append(token)
        elif token.type in ("RPAR", "RSQB") and opened:
            yield token_span(opened.pop()) | span, None
        elif token.type == "LONG_STRING":
            yield span, None
        if token.type == "COMMENT" and _alone(document, span):
            if comments and _lines(document, comments)[1] == _lines(document, span)[0] - 1:
                comments |= span
            else:
                if comments:
                    yield comments, types.FoldingRangeKind.Comment
                comments = span
        elif token.type != "_NL" and comments is not None:
            yield comments, types.FoldingRangeKind.Comment
            comments = None
    if comments is not None:
        yield comments, types.FoldingRangeKind.Comment


def _alone(document: Document, span: Span) -> bool:
    positions = document.positions
    start = positions.starts[positions.line_of(span.start)]
    return not document.text[start : span.start].strip(" \t\ufeff")


# --- selecting --------------------------------------------------------------------------------


def selection(document: Document, offset: int) -> types.SelectionRange:
    """The word at an offset, its brackets, its statement, its blocks, the file: each in the next."""
    spans = [Span(0, len(document.text))]
    piece = document.outline.piece_at(offset)
    for block in piece.path()[1:]:
        spans.append(block.span)
        if block.body is not None and block.body.start <= offset <= block.body.end:
            spans.append(block.body)
    opened: list[Span] = []
    inside: list[Span] = []
    for token in document.tokens:
        span = token_span(token)
        if span.start > spans[-1].end:
            break
        if token.type in ("LPAR", "LSQB"):
            opened.append(span)
        elif token.type in ("RPAR", "RSQB") and opened:
            whole = opened.pop() | span
            if whole.start <= offset <= whole.end:
                inside.append(whole)
        elif span.start <= offset <= span.end and token.type != "_NL":
            inside.insert(0, span)
    found: types.SelectionRange | None = None
    last: Span | None = None
    for span in (*spans, *sorted(inside, key=lambda s: s.start - s.end)):
        if last is None or (last.start <= span.start and span.end <= last.end and span != last):
            found = types.SelectionRange(document.positions.range(span), found)
            last = span
    assert found is not None
    return found
