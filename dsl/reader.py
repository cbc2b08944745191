"""Reads a task file: text -> tree, with a diagnostic for everything that is not in form.

A tree always comes back. One broken statement gives one diagnostic, and reading goes on with the
next line; the head of a broken block is kept, so that what stands in it is read too.
"""

from __future__ import annotations

from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.layout import filter_newlines, segments
from labelwright.dsl.machine import Machine
from labelwright.dsl.tokens import scan
from labelwright.dsl.tree import File, Span


def parse(source: SourceText) -> tuple[File, tuple[Diagnostic, ...]]:
    """The tree of a task file and what is wrong with its form, in the order of the text."""
    tokens = scan(source.text)
    comments = {t.line or 0: t[1:] for t in tokens if t.type == "COMMENT"}
    machine = Machine()
    found = []
    for segment in segments(filter_newlines(tokens)):
        failure = machine.feed(segment)
        if failure is not None:
            bad = (*segment.tokens, segment.end)[failure.index]
            found.append(Diagnostic("E101", "error", Span(bad.start_pos or 0, bad.end_pos or 0), "not expected here"))
    return File(Span(0, len(source.text)), machine.finish(), comments), tuple(found)
