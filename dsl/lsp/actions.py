"""What an editor offers to do about a finding, or after a rename."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lsprotocol import types

from labelwright.dsl.diagnostics import Diagnostic, Fix
from labelwright.dsl.lsp.findings import finding
from labelwright.dsl.lsp.rename import follow
from labelwright.dsl.lsp.view import View
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tree import Span

_ALLOW = re.compile(r"#\s*allow\b(?:[\s,]+[A-Z]\d+)+")


def actions(view: View, span: Span, renamed: Mapping[str, str]) -> Iterator[types.CodeAction]:
    """Actions for a stretch of the text. renamed: see `rename.follow`."""
    for found in view.diagnostic_at(span.start, span.end):
        if found.fix is not None:
            yield _action(view, [found.fix], types.CodeActionKind.QuickFix, found, preferred=True)
        if (allowing := allow(view, found)) is not None:
            yield _action(view, [allowing], types.CodeActionKind.QuickFix, found)
    if edits := follow(view, span.start, renamed):
        yield _action(view, edits, types.CodeActionKind.Refactor)


def allow(view: View, found: Diagnostic) -> Fix | None:
    """The comment above a line that allows a lint there; None for an error, which cannot be allowed."""
    if found.severity == "error" or not found.code.startswith("L"):
        return None
    document = view.document
    positions = document.positions
    line = positions.line_of(found.span.start)
    title = f"allow {found.code} here"
    start = positions.starts[line]
    for token in document.tokens:
        inside = token_span(token)
        if inside.start >= start:
            break
        if token.type == "LONG_STRING" and inside.end > start:
            return None  # the line above is text
        above = token.type == "COMMENT" and positions.line_of(inside.start) == line - 1
        if above and (said := _ALLOW.match(token)) is not None:
            end = inside.start + said.end()
            return Fix(Span(end, end), f", {found.code}", title)
    if start == 0 and document.text.startswith("\ufeff"):
        start = 1
    newline = "\r\n" if "\r\n" in document.text else "\n"
    margin = positions.margin(found.span.start)
    return Fix(Span(start, start), f"{margin}# allow {found.code}{newline}", title)


def _action(
    view: View,
    edits: list[Fix],
    kind: types.CodeActionKind,
    found: Diagnostic | None = None,
    *,
    preferred: bool = False,
) -> types.CodeAction:
    document = view.document
    return types.CodeAction(
        title=_title(edits[0].title),
        kind=kind,
        diagnostics=[finding(found, document.positions, document.uri)] if found else None,
        is_preferred=preferred or None,
        edit=workspace_edit(view, edits),
    )


def workspace_edit(view: View, edits: list[Fix]) -> types.WorkspaceEdit:
    """Edits of one document as the protocol has them."""
    document = view.document
    changes = [types.TextEdit(document.positions.range(e.span), e.text) for e in edits]
    return types.WorkspaceEdit(changes={document.uri: changes})


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]
