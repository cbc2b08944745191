"""Diagnostics as an editor takes them."""

from __future__ import annotations

from lsprotocol import types

from labelwright.dsl.diagnostics import Diagnostic
from labelwright.dsl.lsp.positions import Positions
from labelwright.dsl.lsp.view import View

SOURCE = "labelwright"
UNNECESSARY = frozenset({"L207", "L302", "L305", "L401"})
"""Codes of findings on what has no effect, or none any more: editors show it faded."""

_SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


def findings(view: View, *, related: bool = True) -> list[types.Diagnostic]:
    """All that was found. related: the editor shows places that a finding also speaks of."""
    document = view.document
    return [
        finding(d, document.positions, document.uri, related=related)
        for d in view.reading.diagnostics
    ]


def finding(
    found: Diagnostic, positions: Positions, uri: str, *, related: bool = True
) -> types.Diagnostic:
    """One diagnostic."""
    return types.Diagnostic(
        range=positions.range(found.span),
        message=_message(found, positions, related=related),
        severity=_SEVERITY[found.severity],
        code=found.code,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if found.code in UNNECESSARY else None,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(uri, positions.range(label.span)), label.text
            )
            for label in found.labels
        ]
        if related and found.labels
        else None,
    )


def _message(found: Diagnostic, positions: Positions, *, related: bool) -> str:
    """What is wrong, what to write instead, why it matters, what to do: editors show nothing else."""
    lines = [found.message + (f": {found.hint}" if found.hint else "")]
    if not related:
        places = ((positions.line_of(label.span.start) + 1, label.text) for label in found.labels)
        lines += [f"line {line}: {text}" for line, text in places]
    lines += found.notes
    if found.help:
        lines.append(f"help: {found.help}")
    return "\n".join(lines)
