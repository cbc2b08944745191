"""Marks as tags of tokens, and tags as marks: B begins a span, I goes on with it, O is outside.

Ramshaw & Marcus 1995, "Text Chunking using Transformation-Based Learning" (in the form called IOB2). Of K
classes tag 0 is O, 1 + 2c is B of class c, 2 + 2c its I. One row of tags holds spans that do not overlap;
where a task's spans may, every class has a row of its own (K = 1), and only spans of one class must not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Mark = tuple[int, int, int]
"""start, end (code points), class index."""

OUTSIDE = 0


@dataclass(frozen=True)
class Encoded:
    """Tags of a text's tokens (n_tokens,), and the marks that these do not say exactly.

    widened: marks that cut a token, or reach into white space: they are learned as far as the tokens go
    that they touch. lost: marks that touch no token, or one that another mark has already.
    """

    tags: np.ndarray
    widened: tuple[Mark, ...] = ()
    lost: tuple[Mark, ...] = ()


def n_tags(n_classes: int) -> int:
    """How many tags there are."""
    return 1 + 2 * n_classes


def encode(marks: Sequence[Mark], words: np.ndarray) -> Encoded:
    """The marks (start, end, class index) as tags of the tokens `words` (n_tokens, 2).

    Of two that overlap the one that begins first is kept, of these the longer.
    """
    import numpy as np

    tags = np.zeros(len(words), dtype=np.int64)
    widened: list[Mark] = []
    lost: list[Mark] = []
    for start, end, label in sorted(marks, key=lambda m: (m[0], -m[1], m[2])):
        first, last = touched(words, start, end)
        if first >= last or tags[first:last].any():
            lost.append((start, end, label))
            continue
        tags[first:last] = 2 + 2 * label
        tags[first] = 1 + 2 * label
        if (words[first, 0], words[last - 1, 1]) != (start, end):
            widened.append((start, end, label))
    return Encoded(tags, tuple(widened), tuple(lost))


def decode(tags: np.ndarray, words: np.ndarray) -> list[Mark]:
    """The spans that tags (n_tokens,) say, in order. An I that goes on with nothing begins a span."""
    marks: list[Mark] = []
    inside = -1
    for tag, (start, end) in zip(tags.tolist(), words.tolist(), strict=True):
        label = (tag - 1) // 2 if tag else -1
        if tag and tag % 2 == 0 and label == inside:
            marks[-1] = (marks[-1][0], end, label)
        elif tag:
            marks.append((start, end, label))
        inside = label
    return marks


def touched(words: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """The tokens that have a character in start..end: from the first up to, not with, the second number."""
    import numpy as np

    first = int(np.searchsorted(words[:, 1], start, side="right"))
    last = int(np.searchsorted(words[:, 0], end, side="left"))
    return first, max(first, last)


def forbidden(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """What no tagging may have: (n_tags,) tags of a first token, (n_tags, n_tags) tag after tag; bool.

    An I stands only behind the B or the I of its own class.
    """
    import numpy as np

    size = n_tags(n_classes)
    tag = np.arange(size)
    is_inside = (tag > 0) & (tag % 2 == 0)
    label = np.where(tag > 0, (tag - 1) // 2, -1)
    return is_inside, is_inside[None, :] & (label[:, None] != label[None, :])
