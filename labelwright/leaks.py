"""Items of the holdout that have a near duplicate in the pool.

Texts are compared by their shingles: all runs of six bytes (UTF-8) of the text after NFC, lower
case and white space squeezed to one space; two Hangul syllables are six bytes. Two texts are near
duplicates from a Jaccard similarity of `NEAR` on. Candidates come from MinHash signatures in bands
(Broder 1997; Leskovec, Rajaraman and Ullman, "Mining of massive datasets", 3.4) and each is checked
exactly, so that none is counted wrongly; of pairs just at the limit one in seventy is missed, of
closer ones fewer. Items without text are compared by their content as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelwright.loop.alike import RUN, runs

NEAR = 0.8
_BANDS, _ROWS = 8, 4
_CHUNK = 4_000_000  # bytes of text at a time
_MOST_CHECKED = 64  # candidates that an item is compared with exactly
_PRIME = np.uint64(0x100000001B3)


def leaking_texts(texts: pa.ChunkedArray, held: np.ndarray, pool: np.ndarray) -> int:
    """How many of the `held` texts have a near duplicate in the pool.

    texts: one an item; held, pool: positions. Empty texts are like no other.
    """
    clean = _clean(texts)
    filled = np.asarray(pc.greater(pc.binary_length(clean), 0).to_numpy(zero_copy_only=False))
    row = np.cumsum(filled) - 1
    held, pool = row[held[filled[held]]], row[pool[filled[pool]]]
    if not len(held) or not len(pool):
        return 0
    clean = clean.filter(pa.array(filled))
    marks = np.concatenate(list(_signatures(clean)))
    candidates: list[list[np.ndarray]] = [[] for _ in held]
    for band in range(_BANDS):
        keys = _keys(marks[:, band * _ROWS : (band + 1) * _ROWS])
        order = np.argsort(keys[pool], kind="stable")
        ordered = keys[pool][order]
        first = np.searchsorted(ordered, keys[held], side="left")
        last = np.searchsorted(ordered, keys[held], side="right")
        for item in np.flatnonzero(last > first):
            candidates[item].append(pool[order[first[item] : last[item]][:_MOST_CHECKED]])
    return sum(
        _has_near(clean, int(item), np.unique(np.concatenate(found)))
        for item, found in zip(held, candidates, strict=True)
        if found
    )


def leaking_contents(contents: np.ndarray, held: np.ndarray, pool: np.ndarray) -> int:
    """How many of the `held` items are in the pool too; contents: (n_items, 16) uint8 hashes."""
    whole = np.ascontiguousarray(contents).view("V16").ravel()
    return int(np.isin(whole[held], whole[pool]).sum())


def _clean(texts: pa.ChunkedArray) -> pa.LargeStringArray:
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    lower = pc.utf8_lower(pc.utf8_normalize(whole.cast(pa.large_string()), "NFC"))
    squeezed = pc.replace_substring_regex(lower, r"[\s\x00]+", " ")
    return pc.fill_null(pc.utf8_trim_whitespace(squeezed), "")


def _signatures(clean: pa.LargeStringArray) -> Iterator[np.ndarray]:
    """(n, _BANDS * _ROWS) uint32, some texts at a time: of each hash the least over the shingles."""
    rng = np.random.default_rng(20_091_997)
    mixes = rng.integers(0, 2**64, size=(_BANDS * _ROWS, 2), dtype=np.uint64) | np.uint64(1)
    sizes = np.asarray(pc.binary_length(clean).to_numpy(zero_copy_only=False)) + RUN
    breaks = np.flatnonzero(np.diff(np.cumsum(sizes) // _CHUNK, prepend=0))
    for start, stop in zip([0, *breaks], [*breaks, len(clean)], strict=True):
        if stop == start:
            continue
        shingles, starts = _shingles(clean.slice(start, stop - start))
        found = np.empty((stop - start, len(mixes)), dtype=np.uint32)
        for row, (factor, shift) in enumerate(mixes):
            mixed = ((shingles * factor + shift) >> np.uint64(32)).astype(np.uint32)
            found[:, row] = np.minimum.reduceat(mixed, starts)
        yield found


def _shingles(clean: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """The hash of every shingle of these texts, none empty, and where each text's begin.

    Zeros follow each text while it is hashed, so that each of its bytes begins a shingle of its own.
    """
    text = pa.large_string()
    ended = pc.binary_join_element_wise(clean, pa.scalar("\0" * RUN, text), pa.scalar("", text))
    offsets = np.frombuffer(ended.buffers()[1], np.int64)[ended.offset :][: len(ended) + 1]
    raw = np.frombuffer(ended.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].astype(np.uint64)
    begin = np.flatnonzero(raw)
    hashes: np.ndarray = np.zeros(len(begin), dtype=np.uint64)
    for step in range(RUN):
        hashes = hashes * _PRIME + raw[begin + step] + np.uint64(1)
    starts = offsets[:-1] - offsets[0] - np.arange(len(ended)) * RUN
    return hashes ^ (hashes >> np.uint64(29)), starts


def _keys(rows: np.ndarray) -> np.ndarray:
    key = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        key = (key ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    return key


def _has_near(clean: pa.LargeStringArray, item: int, others: np.ndarray) -> bool:
    own = runs(clean[item].as_py())
    for other in others[:_MOST_CHECKED]:
        its = runs(clean[int(other)].as_py())
        both = len(own & its)
        if both >= NEAR * (len(own) + len(its) - both):
            return True
    return False
