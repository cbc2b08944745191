"""Items that are the same and have different labels: one of these labels at least is wrong.

The same: texts that differ in case and white space alone, pictures of the same bytes or the same pixels, rows
of a table that are equal. Nearly the same: texts most of whose shingles coincide (`alike.same_words`;
candidates by MinHash, Broder 1997, in datasketch), pictures whose perceptual hashes differ in few bits. Those
may rightly differ, so that they are reasons to look, and no proof.
"""

from __future__ import annotations

import hashlib
import importlib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from labelwright.loop.alike import plain, runs, same_words
from labelwright.loop.ports import Progress, no_progress

_BANDS, _ROWS = 8, 4  # of MinHash: pairs of similarity 0.8 are missed once in seventy times
_MOST = 64  # items of one bucket that an item is compared with


def codes(keys: Sequence[bytes]) -> np.ndarray:
    """(n,) equal where the keys are, numbered as they first come; an empty key is like no other."""
    known: dict[bytes, int] = {}
    found = np.empty(len(keys), dtype=np.int64)
    for i, key in enumerate(keys):
        found[i] = (
            known.setdefault(key, len(known)) if key else known.setdefault(b"\0%d" % i, len(known))
        )
    return found


def text_keys(texts: Iterable[str]) -> list[bytes]:
    """A key for each text, equal where texts differ in case and white space alone; empty for no text."""
    found = []
    for text in texts:
        said = plain(text)
        found.append(hashlib.blake2b(said.encode(), digest_size=16).digest() if said else b"")
    return found


def conflicts(same: np.ndarray, given: np.ndarray) -> list[np.ndarray]:
    """Rows of each group of equal `same` (n,) that holds different labels `given` (n,)."""
    order = np.argsort(same, kind="stable")
    breaks = np.flatnonzero(np.diff(same[order])) + 1
    return [
        rows
        for rows in np.split(order, breaks)
        if len(rows) > 1 and len(np.unique(given[rows])) > 1
    ]


def near_texts(texts: Sequence[str], progress: Progress = no_progress) -> list[tuple[int, int]]:
    """Pairs of texts that are nearly the same, but not the same (`plain`); the smaller row first."""
    MinHash: Any = importlib.import_module("datasketch").MinHash  # has no types

    plains = [plain(text) for text in texts]
    first: dict[str, int] = {}
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    pairs: set[tuple[int, int]] = set()
    blank = MinHash(num_perm=_BANDS * _ROWS, hashfunc=zlib.crc32)
    for row, text in enumerate(plains):
        progress("seeking copies", row + 1, len(plains))
        if not text or first.setdefault(text, row) != row:
            continue  # a text that is there already is compared once
        marks = blank.copy()
        marks.update_batch(sorted(runs(text)))
        for band in range(_BANDS):
            part = marks.hashvalues[band * _ROWS : (band + 1) * _ROWS]
            bucket = buckets[band, np.asarray(part).tobytes()]
            pairs.update((other, row) for other in bucket[-_MOST:])
            bucket.append(row)
    return [(i, j) for i, j in sorted(pairs) if same_words(plains[i], plains[j])]


def near_hashes(hashes: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Pairs of rows whose bits differ in `most` places at most; hashes (n, n_bytes) uint8.

    With more bands than places that may differ, such a pair has a band in common: none is missed, but where
    more than 64 items share one (blank pictures).
    """
    n, width = hashes.shape
    bands = np.array_split(np.arange(width), min(width, most + 1))
    pairs: set[tuple[int, int]] = set()
    for band in bands:
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for row in range(n):
            bucket = buckets[hashes[row, band].tobytes()]
            pairs.update((other, row) for other in bucket[-_MOST:])
            bucket.append(row)
    if not pairs:
        return []
    both = np.array(sorted(pairs))
    apart = np.bitwise_count(hashes[both[:, 0]] ^ hashes[both[:, 1]]).sum(axis=1)
    return [(int(i), int(j)) for i, j in both[apart <= most]]


def disagreeing(
    pairs: Iterable[tuple[int, int]], given: np.ndarray, same: np.ndarray
) -> list[tuple[int, int]]:
    """Pairs with different labels that are not the same."""
    return [(i, j) for i, j in pairs if given[i] != given[j] and same[i] != same[j]]
