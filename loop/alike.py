"""Which items are the same to whoever looks at them: repeats, and copies that differ by a trifle.

Content that is equal is the same, whatever it is. Beyond that:

- texts that differ in case and white space alone are the same, and texts whose vectors coincide
  (cosine of `NEAR` or more) where their words do too (Jaccard similarity of shingles of `SHINGLED`
  or more: runs of six bytes of UTF-8);
- pictures are the same where their vectors coincide; with a text beside them, that must be the same too;
- rows of a table are the same only where they are equal.

Vectors alone would merge what merely resembles. Of the Korean utterances of 3i4k, 633 pairs of
different words coincide in TF-IDF (`뺨` and `탑`: both unknown to it), and of the pairs of people in
the census "adult" that coincide, one in four stands in two classes. With the words looked at,
sms_spam loses its versions of one message with another telephone number, and nothing else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labelwright.loop.items import CONTENT, Snapshot
from labelwright.loop.query.blocks import Rows, blocks
from labelwright.loop.query.kernel import unit

NEAR = 0.999
SHINGLED = 0.8
RUN = 6  # bytes of a shingle
_AT_A_TIME = 4_096


def plain(text: str) -> str:
    """In NFC, folded case, with white space squeezed."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def runs(text: str) -> set[bytes]:
    """The shingles of a text that is plain."""
    ended = text.encode() + bytes(RUN)
    return {ended[at : at + RUN] for at in range(len(ended) - RUN)}


def same_words(one: str, other: str) -> bool:
    """Whether two plain texts say the same but for a trifle."""
    if one == other:
        return True
    first, second = runs(one), runs(other)
    both = len(first & second)
    return both > 0 and both >= SHINGLED * (len(first) + len(second) - both)


@dataclass(frozen=True)
class Alike:
    """Compares the items of a snapshot. features: (n_items, dim), may be memory-mapped.

    group: the column of which a batch holds no value twice.
    """

    items: Snapshot
    features: np.ndarray
    group: str | None = None

    @cached_property
    def content(self) -> np.ndarray:
        """(n_items,) equal where the content is."""
        return _codes(self.items, CONTENT)

    @cached_property
    def groups(self) -> np.ndarray | None:
        """(n_items,) equal where the group is; an item without one is a group of its own."""
        return None if self.group is None else _codes(self.items, self.group)

    def near(self, rows: np.ndarray, others: np.ndarray) -> list[tuple[int, int]]:
        """(position in rows, position in others) of each pair that is the same, but not one item."""
        if not len(rows) or not len(others) or self.items.inputs.columns:
            return []
        pairs = set(self._coinciding(rows, others))
        texts = self._texts(np.concatenate([rows, others])) if self.items.inputs.text else None
        if texts is not None:
            mine, theirs = texts[: len(rows)], texts[len(rows) :]
            pairs = {(i, j) for i, j in pairs if same_words(mine[i], theirs[j])}
            if not self.items.inputs.image:  # else equal words may stand beside different pictures
                pairs |= _equal(mine, theirs)
        return sorted((i, j) for i, j in pairs if rows[i] != others[j])

    def _coinciding(self, rows: np.ndarray, others: np.ndarray) -> list[tuple[int, int]]:
        """The pairs whose vectors coincide; `others` may be many: they are read block by block."""
        mine = unit(np.asarray(self.features[rows], dtype=np.float32))
        found: list[tuple[int, int]] = []
        for start, block in blocks(Rows(self.features, others), _AT_A_TIME):
            j, i = np.nonzero(unit(block) @ mine.T >= NEAR)
            found += zip(i.tolist(), (start + j).tolist(), strict=True)
        return found

    def _texts(self, rows: np.ndarray) -> list[str]:
        columns = self.items.columns(self.items.inputs.text).take(rows).to_pydict().values()
        return [plain("\n".join(t or "" for t in parts)) for parts in zip(*columns, strict=True)]

    def copies(self, of: np.ndarray, among: np.ndarray) -> np.ndarray:
        """Positions in `among` of all that is the same as one of these few items."""
        if not len(of) or not len(among) or self.items.inputs.columns:
            return np.empty(0, dtype=np.int64)
        places = np.unique([j for _, j in self._coinciding(of, among)]).astype(np.int64)
        same = [places[j] for _, j in self.near(of, among[places])]
        return np.unique(np.array(same, dtype=np.int64))


def _equal(mine: Sequence[str], theirs: Sequence[str]) -> set[tuple[int, int]]:
    """The pairs of texts that are equal and say something."""
    where: dict[str, list[int]] = {}
    for j, text in enumerate(theirs):
        where.setdefault(text, []).append(j)
    return {(i, j) for i, text in enumerate(mine) if text for j in where.get(text, ())}


def _codes(items: Snapshot, column: str) -> np.ndarray:
    coded = items.table[column].combine_chunks().dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)).astype(np.int64)
    alone = np.flatnonzero(codes < 0)
    codes[alone] = len(coded.dictionary) + np.arange(len(alone))
    return codes
