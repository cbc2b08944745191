"""What the columns of a data file are likely to be, from its first rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Row = dict[str, Any]

_ID_NAMES = ("id", "uid", "uuid", "guid", "key", "index")
_TEXT_NAMES = ("text", "body", "content", "message", "sentence", "document", "title")
_NO_INPUTS = ("split", "fold", "part")  # how somebody parted the rows, not what they are
_MEASURING = ("test", "testing", "holdout", "eval", "evaluation")  # what such a part is called
_USUAL_HOLDOUT = 300
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
_WORDY = 30  # characters, on average: longer strings are texts, not names of something
_SENTENCE = 3  # words, on average


def guess_inputs(
    head: Sequence[Row], names: Sequence[str], used: set[str | None]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Text, image and columns: one column of pictures, else the wordiest text, else the table."""
    free = [n for n in names if n not in used and n.casefold() not in _NO_INPUTS]
    strings = {n: v for n in free if (v := _strings(head, n))}
    for name, values in strings.items():
        if all(v.casefold().endswith(_PICTURES) for v in values):
            return (), (name,), ()
    lengths = {n: sum(map(len, v)) / len(v) for n, v in strings.items()}
    wordy = [
        n
        for n, values in strings.items()
        if n.casefold() in _TEXT_NAMES or lengths[n] >= _WORDY or _sentences(values)
    ]
    if wordy:
        return (max(wordy, key=lengths.__getitem__),), (), ()
    id_ = guess_id(head, names, used)
    return (), (), tuple(n for n in free if n != id_ and _values(head, n))


def _sentences(values: Sequence[str]) -> bool:
    """Whether these are short texts: three words and more, and seldom the same."""
    words = sum(len(value.split()) for value in values) / len(values)
    return words >= _SENTENCE and len(set(values)) >= 0.3 * len(values)


def guess_id(head: Sequence[Row], names: Sequence[str], used: set[str | None]) -> str | None:
    """A column named like an id whose values are there in every row and never repeat."""
    for name in names:
        low = name.casefold()
        if name not in used and (low in _ID_NAMES or low.endswith(("_id", "-id"))):
            values = [str(v) for v in _values(head, name)]
            if len(set(values)) == len(values) == len(head):
                return name
    return None


def guess_split(names: Sequence[str], used: set[str | None]) -> str | None:
    """A column that says how somebody parted the rows."""
    return next((n for n in names if n not in used and n.casefold() == _NO_INPUTS[0]), None)


def measuring_value(parts: Mapping[Any, int], rows: int) -> str | None:
    """The part that was made to measure, where it is large enough and most rows are not in it."""
    for word in _MEASURING:
        for value, count in parts.items():
            if isinstance(value, str) and value.strip().casefold() == word:
                enough = count >= min(_USUAL_HOLDOUT, max(1, rows // 5))
                return value if enough and count <= 0.5 * rows else None
    return None


def twins(head: Sequence[Row], names: Sequence[str], label: str | None) -> tuple[str, ...]:
    """Columns that say the same as `label` in other words: each value of one is one of the other's.

    A model that sees such a column learns nothing but to read it.
    """
    if label is None:
        return ()
    found = []
    for name in names:
        pairs = {
            (str(row[name]), str(row[label]))
            for row in head
            if not is_missing(row[name]) and not is_missing(row[label])
        }
        here, there = {a for a, _ in pairs}, {b for _, b in pairs}
        repeats = len(head) >= 4 * len(pairs)  # else it may be by chance, or an id
        if name != label and repeats and 2 <= len(pairs) == len(here) == len(there):
            found.append(name)
    return tuple(found)


def _values(head: Sequence[Row], name: str) -> list[Any]:
    return [v for row in head if not is_missing(v := row[name])]


def _strings(head: Sequence[Row], name: str) -> list[str]:
    return [v for v in _values(head, name) if isinstance(v, str)]


def is_missing(value: Any) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return True
    return value is None or (isinstance(value, str) and not value.strip())
