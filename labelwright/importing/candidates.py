"""Conditions that may make a rule, put together on one half of the labelled rows.

Texts: `contains any [words]`, the words chosen greedily, each by how many more rows of the class it
brings and how few others. Words are words, pairs of words, and in scripts without clear word ends
(Hangul, Han, kana, Thai) pieces of them. Tables: the values of a column, or a threshold.
Nothing here is proven: that is for rows that were not looked at (`mining`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from labelwright.dsl.task import Compare, Condition, Contains, FieldRef, Member

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_WORDS = 6  # in one rule
_TRIED = 80  # words of a class that are looked at closely
_LEAST = 3  # rows of the class that a word must stand in
_COST = 12  # a wrong row weighs as much as so many right ones
_PRECISION = 0.9  # of a word or value on the first half
_CHARACTERS = 1_000  # of a text that words are taken from
_STEPS = 24  # thresholds tried in each direction
_JOINED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_PIECES = (2, 3, 4)  # characters
_LONG_WORD = 10  # characters; longer ones were written without spaces
_WORD = re.compile(r"[^\W\d_][^\W_]*")


class TextConditions:
    """`COLUMN contains any […]` over the texts of a table."""

    def __init__(self, table: pa.Table, columns: Sequence[str]) -> None:
        self._columns = [_Column(table, name) for name in columns]

    def of(self, right: np.ndarray, most: int) -> list[Condition]:
        """At most `most` for the class of the rows `right` (n,), those sure of more rows first."""
        found = [pair for column in self._columns for pair in column.conditions(right, most)]
        found.sort(key=lambda pair: -pair[0])
        return [condition for _, condition in found[:most]]


class _Column:
    """A column of texts, with the number of rows that each word stands in."""

    def __init__(self, table: pa.Table, name: str) -> None:
        import pyarrow as pa

        from labelwright.loop.fields import fold

        self._name = name
        texts = [fold(str(t)) if t is not None else "" for t in table[name].to_pylist()]
        self._texts = pa.array(texts, pa.large_string())
        self._words = [_words(t[:_CHARACTERS]) for t in texts]
        self._rows_with = Counter(w for words in self._words for w in words)

    def conditions(self, right: np.ndarray, most: int) -> list[tuple[int, Condition]]:
        """Conditions with how many rows of the class they are sure of."""
        import numpy as np

        kept = list(self._hits(right))
        left = np.ones(len(right), dtype=bool)
        found: list[tuple[int, Condition]] = []
        for _ in range(most):
            chosen, covered = _greedy(kept, right, left)
            if not chosen:
                break
            left &= ~covered
            kept = [(w, h) for w, h in kept if w not in chosen]
            field = FieldRef(path=(self._name,))
            condition = Contains(field=field, quantifier="any", values=chosen)
            found.append((int((covered & right).sum()), condition))
        return found

    def _hits(self, right: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Likely words with the rows (n,) that contain them, as a rule would find them."""
        import pyarrow.compute as pc

        for word in self._likely(right):
            hit = pc.match_substring(self._texts, word).to_numpy(zero_copy_only=False)
            if (hit & right).sum() >= max(_LEAST, _PRECISION * hit.sum()):
                yield word, hit

    def _likely(self, right: np.ndarray) -> list[str]:
        """Words that stand in many rows of the class and in few others, the likeliest first."""
        inside = Counter(w for row in right.nonzero()[0].tolist() for w in self._words[row])
        share = {
            w: n / self._rows_with[w]
            for w, n in inside.items()
            if n >= max(_LEAST, 0.8 * self._rows_with[w])
        }
        return sorted(share, key=lambda w: (-inside[w] * share[w] ** 4, w))[:_TRIED]


def _greedy(
    kept: Sequence[tuple[str, np.ndarray]], right: np.ndarray, left: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Words that bring the most rows of the class for the fewest others, and the rows they bring."""
    import numpy as np

    covered = np.zeros(len(right), dtype=bool)
    chosen: list[str] = []
    while len(chosen) < _WORDS:
        best, best_gain, best_hit = "", 0, covered
        for word, hit in kept:
            if word in chosen:
                continue
            new = hit & left & ~covered
            good = int((new & right).sum())
            gain = good - _COST * (int(new.sum()) - good)
            if good < _LEAST or gain <= 0:
                continue
            if (gain, _length(word)) > (best_gain, _length(best)):
                best, best_gain, best_hit = word, gain, hit
        if not best:
            break
        chosen.append(best)
        covered |= best_hit
    return tuple(chosen), covered


def _length(word: str) -> int:
    """What decides between words that bring the same rows: of pieces the shorter, else the longer."""
    return -len(word) if _JOINED.search(word) else len(word)


def _words(text: str) -> set[str]:
    """Words, pairs of neighbouring words, and pieces of words in scripts that join them."""
    words = [w for w in _WORD.findall(text) if len(w) > 2 or _JOINED.search(w)]
    found = {w for w in words if len(w) > 1}
    found.update(f"{a} {b}" for a, b in pairwise(words))
    for word in words:
        if _HANGUL.search(word) and len(word) <= _LONG_WORD:
            for n in _PIECES:  # stems stand at the beginning, endings at the end
                found.update((word[:n], word[-n:]))
        elif _JOINED.search(word):
            found.update(word[i : i + n] for n in _PIECES for i in range(len(word) - n + 1))
    return {w for w in found if len(w) > 1}


# --- tables -----------------------------------------------------------------------------------


class TableConditions:
    """Values and thresholds of the columns of a table."""

    def __init__(self, table: pa.Table, columns: Sequence[str]) -> None:
        self._columns = {name: table[name] for name in columns}

    def of(self, right: np.ndarray, most: int) -> list[Condition]:
        """At most `most` for the class of the rows `right` (n,), those sure of more rows first."""
        found = [p for name, cells in self._columns.items() for p in _of_column(cells, right, name)]
        found.sort(key=lambda pair: -pair[0])
        return [condition for _, condition in found[:most]]


def _of_column(
    cells: pa.ChunkedArray, right: np.ndarray, column: str
) -> list[tuple[int, Condition]]:
    import pyarrow as pa

    kind = cells.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _thresholds(cells, right, column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind):
        return _values(cells.to_pylist(), right, column)
    return []


def _values(cells: Sequence[Any], right: np.ndarray, column: str) -> list[tuple[int, Condition]]:
    """`column == value`, or `in [values]`, for values that are nearly always of the class."""
    all_, good = Counter[Any](), Counter[Any]()
    for cell, hit in zip(cells, right.tolist(), strict=True):
        if cell is not None and str(cell).strip():
            all_[cell] += 1
            good[cell] += hit
    sure = [v for v in all_ if good[v] >= max(_LEAST, (_PRECISION + 0.04) * all_[v])]
    sure.sort(key=lambda v: (-good[v], str(v)))
    sure = sure[: 2 * _WORDS]
    if not sure or len(all_) < 2:
        return []
    field = FieldRef(path=(column,))
    rows = sum(good[v] for v in sure)
    if len(sure) == 1:
        return [(rows, Compare(field=field, op="==", value=sure[0]))]
    return [(rows, Member(field=field, values=tuple(sure)))]


def _thresholds(
    column: pa.ChunkedArray, right: np.ndarray, name: str
) -> list[tuple[int, Condition]]:
    """`column >= value` or `column <= value`, whichever is sure of more rows."""
    import numpy as np

    values = column.to_numpy().astype(np.float64)
    known = np.isfinite(values)
    if not known.any():
        return []
    steps = np.unique(
        np.quantile(values[known], np.linspace(0, 1, _STEPS + 1), method="lower")
    ).tolist()
    best: tuple[int, Condition] | None = None
    whole = "int" in str(column.type)
    for step in steps[1:-1] if len(steps) > 2 else steps:
        for op in (">=", "<="):
            hit = known & ((values >= step) if op == ">=" else (values <= step))
            good, fired = int((hit & right).sum()), int(hit.sum())
            if fired == int(known.sum()) or good < max(_LEAST, (_PRECISION + 0.04) * fired):
                continue
            if best is None or good > best[0]:
                value = int(step) if whole else float(step)
                best = (good, Compare(field=FieldRef(path=(name,)), op=op, value=value))
    return [best] if best else []
