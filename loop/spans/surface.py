"""What a token looks like, and its neighbours: the features of a conditional random field, hashed.

Words, their shapes, beginnings and ends, pairs of neighbours, and the stretch between spaces in which a token
lies (which carries languages that write particles onto words). They need no data and no download.
McCallum & Li 2003, "Early Results for Named Entity Recognition with Conditional Random Fields"; hashing
after Weinberger et al. 2009.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np

SIZE = 2**11
"""Hashed features are numbered below this: many share a number, with signs that make them cancel out."""

_MIX, _STEP = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
_NEAR = 6  # the first features of a word, which its neighbours tell too
_LONGEST = 40  # characters of a word that are looked at


def surface(texts: Sequence[str], places: Sequence[np.ndarray]) -> Any:
    """(n_tokens, SIZE) sparse float32, rows of about unit length: all tokens, one text behind the other.

    places: where each text's tokens are, (n_tokens of it, 2), from `words`.
    """
    import numpy as np
    from scipy.sparse import csr_array

    known: dict[str, int] = {}
    told: list[np.ndarray] = []

    def number(word: str) -> int:
        if word not in known:
            known[word] = len(told)
            told.append(np.array([_hash(f) for f in _of_word(word)], dtype=np.uint64))
        return known[word]

    columns: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    first = 0
    edge = number("\0")  # stands before and behind every text
    for text, at in zip(texts, places, strict=True):
        n = len(at)
        if not n:
            continue
        own = np.array([number(text[a:b]) for a, b in at.tolist()], dtype=np.int64)
        around = np.concatenate([[edge] * 3, own, [edge] * 3])
        word = np.array([told[w][0] for w in around.tolist()], dtype=np.uint64)
        shape = np.array([told[w][1] for w in around.tolist()], dtype=np.uint64)
        for offset in range(-2, 3):
            those = around[3 + offset : 3 + offset + n].tolist()
            most = None if offset == 0 else _NEAR if abs(offset) == 1 else 2
            parts = [told[w][:most] for w in those]
            owners.append(np.repeat(np.arange(first, first + n), [len(p) for p in parts]))
            columns.append(_mixed(np.concatenate(parts), offset + 10))
        stretches = list(_stretches(text, at))
        beside = [
            *((_mixed(word[i : i + n], 30 + i)) for i in (0, 6)),  # three away
            _pair(word, 2, 3, n), _pair(word, 3, 4, n), _pair(word, 1, 2, n), _pair(word, 4, 5, n),
            _pair(shape, 2, 3, n), _pair(shape, 3, 4, n),
            _mixed(_pair(word, 2, 3, n) + word[4 : 4 + n], 40),
            _mixed(_pair(shape, 2, 3, n) + shape[4 : 4 + n], 41),
            *np.array([[_hash(f) for f in s] for s in stretches], dtype=np.uint64).T,
        ]  # fmt: skip
        columns += beside
        owners += [np.arange(first, first + n)] * len(beside)
        first += n
    if not first:
        return csr_array((0, SIZE), dtype=np.float32)
    mixed = _mixed(np.concatenate(columns), 0)
    row, column = np.concatenate(owners), mixed % np.uint64(SIZE)
    counts = np.bincount(row, minlength=first)
    signs = np.where(mixed >> np.uint64(63), 1, -1)
    values = ((1 / np.sqrt(counts))[row] * signs).astype(np.float32)
    found = csr_array((values, (row, column.astype(np.int64))), (first, SIZE))
    found.sum_duplicates()
    return found


def _of_word(word: str) -> Iterator[str]:
    """What is told of a word by itself: the first `_NEAR` to its neighbours too, two to those beyond."""
    folded = re.sub(r"\d", "0", unicodedata.normalize("NFC", word[:_LONGEST]).casefold())
    shape = _shape(word)
    short = re.sub(r"(.)\1+", r"\1", shape)
    yield f"w{folded}"
    yield f"s{short}"
    yield f"S{shape[:10]}"
    yield f"e{folded[-3:]}"
    yield f"b{folded[:3]}"
    yield f"i{word.istitle()}{word.isupper()}{word.isalpha()}{word.isdigit()}"
    yield f"l{min(len(word), 8)}"
    for size in (1, 2, 4):
        yield f"e{folded[-size:]}"
        yield f"b{folded[:size]}"
    inner = f"^{folded}$"
    for start in range(len(inner) - 2):
        yield f"g{inner[start : start + 3]}"


def _shape(word: str) -> str:
    """Xxxx0 of Kakao3: capital, small, digit; 가 of Hangul; other characters as they are."""
    return "".join(map(_kind, word[:_LONGEST]))


def _kind(char: str) -> str:
    if char.isdigit():
        return "0"
    if char.isupper():
        return "X"
    if char.islower():
        return "x"
    if "\uac00" <= char <= "\ud7a3":
        return "가"
    return "a" if char.isalpha() else char


def _stretches(text: str, at: np.ndarray) -> Iterator[tuple[str, ...]]:
    """Of each token: the stretch between spaces that it lies in, and where in it."""
    bounds: dict[int, tuple[int, int]] = {}
    for start, end in at.tolist():
        if start in bounds:
            left, right = bounds[start]
        else:
            left, right = start, end
            while left and not text[left - 1].isspace() and start - left < _LONGEST:
                left -= 1
            while right < len(text) and not text[right].isspace() and right - end < _LONGEST:
                right += 1
        whole = text[left:right].casefold()
        before, after = min(start - left, 5), min(right - end, 5)
        yield (
            f"z{whole}",
            f"y{text[end:right].casefold()[:4]}",
            f"x{text[left:start].casefold()[-4:]}",
            f"v{before > 0}{after > 0}{_shape(text[left : left + 1])}",
            f"u{before}/{after}",
            f"t{start == 0}{end == len(text)}",
        )


def _pair(values: np.ndarray, first: int, second: int, n: int) -> np.ndarray:
    return _mixed(
        _mixed(values[first : first + n], 50 + first) + values[second : second + n], 60 + second
    )


def _mixed(values: np.ndarray, salt: int) -> np.ndarray:
    """Other numbers for the same values at another place (as splitmix64 scatters them)."""
    import numpy as np

    mixed = (values + np.uint64(salt)) * np.uint64(_MIX)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_STEP)
    return mixed ^ (mixed >> np.uint64(32))


def _hash(feature: str) -> int:
    return crc32(feature.encode("utf-8", "surrogatepass"))
