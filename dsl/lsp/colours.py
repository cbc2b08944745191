"""Semantic tokens: what each word is, for an editor to colour."""

from __future__ import annotations

from lsprotocol import types

from labelwright.dsl.lsp.mentions import Sort
from labelwright.dsl.lsp.view import View
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tokens import scanner

_T = types.SemanticTokenTypes
TYPES = (
    _T.Keyword, _T.Class, _T.Property, _T.Function, _T.Namespace, _T.Event, _T.Variable,
    _T.Parameter, _T.EnumMember, _T.String, _T.Number, _T.Regexp, _T.Comment, _T.Operator,
    _T.Method,
)  # fmt: skip
MODIFIERS = (types.SemanticTokenModifiers.Declaration,)
LEGEND = types.SemanticTokensLegend([t.value for t in TYPES], [m.value for m in MODIFIERS])

_OF_MENTION: dict[Sort, types.SemanticTokenTypes] = {
    "block": _T.Keyword,
    "setting": _T.Property,
    "clause": _T.Keyword,
    "word": _T.EnumMember,
    "input": _T.EnumMember,
    "metric": _T.Function,
    "plugin": _T.Function,
    "argument": _T.Parameter,
    "function": _T.Method,
    "column": _T.Variable,
    "class": _T.Class,
    "former": _T.Class,
    "slice": _T.Namespace,
    "rule": _T.Event,
    "phase": _T.Event,
    "task": _T.Namespace,
}
_OF_TOKEN = {
    "STRING": _T.String,
    "LONG_STRING": _T.String,
    "OPEN_STRING": _T.String,
    "OPEN_LONG_STRING": _T.String,
    "FOREIGN_STRING": _T.String,
    "REGEX": _T.Regexp,
    "OPEN_REGEX": _T.Regexp,
    "COMMENT": _T.Comment,
    "NUMBER": _T.Number,
    "INT": _T.Number,
    "PERCENT": _T.Number,
    "DATE": _T.Number,
    "OP": _T.Operator,
    "EQUAL": _T.Operator,
}


def semantic_tokens(view: View) -> types.SemanticTokens:
    """All tokens with a type; a token of several lines comes line by line."""
    positions = view.document.positions
    named = {m.span.start: m for m in view.mentions.all}
    keywords = scanner().keywords
    data: list[int] = []
    last_line = last_column = 0
    for token in view.document.tokens:
        mention = named.get(token.start_pos or 0)
        declares = False
        if mention is not None and not mention.quoted and token.type in ("NAME", "INT"):
            kind = _OF_MENTION[mention.sort]
            declares = mention.declares
        elif token.type in _OF_TOKEN:
            kind = _OF_TOKEN[token.type]
        elif token.type == "NAME" and token in keywords:
            kind = _T.Keyword
        else:
            continue
        start, end = token_span(token)
        line = positions.line_of(start)
        while start < end:
            stop = min(end, positions.line_end(line))
            if stop > start:
                column = positions.units(positions.starts[line], start)
                same = line == last_line
                data += [
                    line - last_line,
                    column - last_column if same else column,
                    positions.units(start, stop),
                    _PLACE[kind],
                    int(declares),
                ]
                last_line, last_column = line, column
            line += 1
            start = positions.starts[line] if line < len(positions.starts) else end
    return types.SemanticTokens(data)


_PLACE = {kind: k for k, kind in enumerate(TYPES)}
