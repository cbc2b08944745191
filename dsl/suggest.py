"""Did you mean: the candidate that a misspelt word is nearest to.

Words are compared case-folded; Hangul is measured on its letters (jamo), so that 겅제 is one letter
from 경제, not one syllable of two. The distance is the optimal string alignment distance (Damerau
1964 without repeated edits of one place): insert, delete, replace, or swap two neighbours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The nearest candidate, the first of several; None if all are too far to be meant."""
    letters = _letters(word)
    best: tuple[int, str] | None = None
    for candidate in candidates:
        other = _letters(candidate)
        limit = _tolerance(min(len(letters), len(other)))
        if best is not None:
            limit = min(limit, best[0] - 1)
        apart = distance(letters, other, limit)
        if apart <= limit:
            best = apart, candidate
            if apart == 0:
                break
    return best[1] if best else None


def _letters(word: str) -> str:
    folded = word if word.isascii() else unicodedata.normalize("NFC", word)
    folded = folded.casefold().replace("-", "_").replace(" ", "_")
    return folded if folded.isascii() else unicodedata.normalize("NFD", folded)


def _tolerance(length: int) -> int:
    """How many letters may differ: one in short words, a third of longer ones, four at most."""
    return 0 if length < 2 else min(max(1, length // 3), 4)


def distance(a: str, b: str, limit: int) -> int:
    """Edits that turn `a` into `b`; any number above `limit` if there are more than `limit`."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
