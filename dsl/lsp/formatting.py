"""The formatter's work as edits of the lines that change, so that the cursor stays where it is."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise

from lsprotocol import types

from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.positions import Positions
from labelwright.dsl.tree import Span


def line_edits(document: Document, text: str, within: Span | None = None) -> list[types.TextEdit]:
    """Edits that turn a document into `text`, whole lines each; only those `within` a stretch."""
    before, after = _lines(document.positions), _lines(Positions(text))
    starts = [*document.positions.starts, len(document.text)]
    edits = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        span = Span(starts[i], starts[j])
        touched = within is None or (span.start <= within.end and span.end >= within.start)
        if kind != "equal" and touched:
            edits.append(types.TextEdit(document.positions.range(span), "".join(after[k:m])))
    return edits


def _lines(positions: Positions) -> list[str]:
    """The lines with their ends."""
    starts = [*positions.starts, len(positions.text)]
    return [positions.text[a:b] for a, b in pairwise(starts)]
