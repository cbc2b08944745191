"""A text with its marked parts, cut into pieces that a page can print one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from labelwright.loop.history import Marked

_BEFORE = 80  # characters kept before the first mark of a text that is too long


@dataclass(frozen=True)
class Stretch:
    """Some of a text. labels: ids of the classes marked here; ends: of these, those that end here."""

    text: str
    labels: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


def stretches(text: str, marks: Sequence[Marked], limit: int) -> list[Stretch]:
    """`text` in pieces at whose edges marks begin and end, of at most `limit` characters together.

    A longer text is cut around its first mark, with … where something is left out.
    """
    start = 0
    if len(text) > limit and marks:
        start = max(0, min(min(m.start for m in marks) - _BEFORE, len(text) - limit))
    stop = min(len(text), start + limit)
    edges = {start, stop, *(e for m in marks for e in (m.start, m.end) if start < e < stop)}
    places = sorted(edges)
    found = [Stretch("…")] if start else []
    for a, z in pairwise(places):
        here = [m for m in marks if m.start < z and m.end > a]
        found.append(
            Stretch(
                text[a:z], tuple(m.label for m in here), tuple(m.label for m in here if m.end == z)
            )
        )
    return [*found, Stretch("…")] if stop < len(text) else found
