"""Parts of a text, by the numbers of its words or by the words themselves.

Korean particles belong to the word before them: to leave one out, people type what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from labelwright.connectors.exchange.marks import MarkError, occurrences
from labelwright.loop.ports import Span

_TOKEN = re.compile(r"\w+(?:[-'’.]\w+)*")
_NUMBERS = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")


def tokens(text: str) -> list[Span]:
    """The words, in order, without punctuation; people count them from 1."""
    return [Span(m.start(), m.end(), m[0]) for m in _TOKEN.finditer(text)]


def part(text: str, typed: str, marked: Sequence[Span]) -> Span:
    """What `3`, `3-5`, `"a few words"` or `words` name in a text. Raises MarkError.

    Words that stand there several times are meant where they are not marked yet.
    """
    numbers = _NUMBERS.fullmatch(typed)
    if numbers:
        known = tokens(text)
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if not 1 <= first <= last <= len(known):
            raise MarkError(f"{typed}: the words are numbered from 1 to {len(known)}")
        start, end = known[first - 1].start, known[last - 1].end
        return Span(start, end, text[start:end])
    words = typed.strip('"')
    places = list(occurrences(text, words))
    if not places:
        raise MarkError(f"“{words}” does not stand in the text")
    free = [p for p in places if all(p + len(words) <= m.start or p >= m.end for m in marked)]
    start = (free or places)[0]
    return Span(start, start + len(words), words)
