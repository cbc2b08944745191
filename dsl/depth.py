"""A bound on nesting, so that no file, however made, can exhaust the stack of what reads it."""

from __future__ import annotations

from labelwright.dsl.diagnostics import Diagnostic
from labelwright.dsl.tree import File, Node

MOST = 60
"""Nodes within nodes; the deepest sensible file has about fifteen."""

_NODES_A_LEVEL = 3
"""A block or a bracket adds at most so many, beside the few of any statement."""


def too_deep(file: File) -> Diagnostic | None:
    """The first place that is nested too deeply, as a diagnostic."""
    if file.depth * _NODES_A_LEVEL < MOST:
        return None
    waiting: list[tuple[Node, int]] = [(item, 1) for item in reversed(file.items)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MOST:
            return Diagnostic(
                "E232",
                "error",
                node.span,
                "this is nested too deeply",
                f"at most {MOST} levels",
                notes=("Nothing after this was checked.",),
            )
        for name in node.__match_args__:
            part = getattr(node, name)
            parts = part if isinstance(part, tuple) else (part,)
            waiting += [(p, depth + 1) for p in reversed(parts) if isinstance(p, Node)]
    return None
