"""What tells some items from the others, in a few words: to call a region by.

Words are ranked by the log-odds of standing in an item of the region, in standard errors, with a prior of how
common each is overall (Monroe, Colaresi & Quinn 2008, "Fightin' Words"). Korean needs no tokenizer: of an
eojeol with Hangul the first two and the first three syllables count beside the whole, so that 경제는 and
경제가 are one: `경제…`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

WORDS = 4
_PRIOR = 50.0  # items that what is common overall counts as
_CLEAR = 2.0  # standard errors
_LONGEST = 2_000  # characters of a text that are read
_WORD = re.compile(r"[^\W_]{2,}")
_HANGUL = re.compile(r"[가-힣]")
_STEMS = (2, 3)


def words_of(text: str) -> set[str]:
    """The words and stems of a text; a stem ends in …."""
    found = set(_WORD.findall(unicodedata.normalize("NFC", text[:_LONGEST]).casefold()))
    stems = {
        word[:n] + "…" for word in found if _HANGUL.match(word) for n in _STEMS if len(word) > n
    }
    # What stands alone has the stem too: 경제 beside 경제는.
    stems |= {word + "…" for word in found if _HANGUL.match(word) and len(word) in _STEMS}
    return {w for w in found if not w.isdigit()} | stems


def by_words(texts: Sequence[str], of: np.ndarray, k: int) -> list[tuple[str, ...]]:
    """For each of k regions the words that tell it from the others; of: (n,) the region of each text."""
    inside = [Counter[str]() for _ in range(k)]
    sizes = np.bincount(of, minlength=k)
    for text, region in zip(texts, of, strict=True):
        inside[int(region)].update(words_of(text))
    overall: Counter[str] = sum(inside, Counter())
    return [
        _telling(inside[region], overall, int(sizes[region]), len(texts)) for region in range(k)
    ]


def _telling(inside: Counter[str], overall: Counter[str], n: int, whole: int) -> tuple[str, ...]:
    ranked = []
    for word, here in inside.items():
        if here < 2:
            continue
        elsewhere, prior = overall[word] - here, _PRIOR * overall[word] / whole
        rest = whole - n
        one = np.log((here + prior) / (n + _PRIOR - here - prior + 0.5))
        other = np.log((elsewhere + prior) / (rest + _PRIOR - elsewhere - prior + 0.5))
        score = (one - other) / np.sqrt(1 / (here + prior) + 1 / (elsewhere + prior))
        if score > _CLEAR:
            ranked.append((-float(score), word))
    named: list[str] = []
    for _, word in sorted(ranked):
        stem = word.removesuffix("…")
        if any(stem.startswith(o.removesuffix("…")) or o.startswith(stem) for o in named):
            continue  # 경제는 after 경제…
        named.append(word)
        if len(named) == WORDS:
            break
    return tuple(named)


def by_columns(columns: dict[str, list[Any]], of: np.ndarray, k: int) -> list[tuple[str, ...]]:
    """For each region the columns that tell it: `age high (61)`, `sex = F`. columns: n values by name."""
    scored: list[list[tuple[float, str]]] = [[] for _ in range(k)]
    for name, cells in columns.items():
        if all(isinstance(v, (int, float)) or v is None for v in cells):
            _numbers(name, np.array([np.nan if v is None else float(v) for v in cells]), of, scored)
        else:
            _values(name, [str(v) if v is not None else "missing" for v in cells], of, scored)
    return [tuple(told for _, told in sorted(each)[: WORDS - 1]) for each in scored]


def _numbers(
    name: str, cells: np.ndarray, of: np.ndarray, scored: list[list[tuple[float, str]]]
) -> None:
    known = ~np.isnan(cells)
    spread = float(cells[known].std()) if known.any() else 0.0
    if not spread:
        return
    middle = float(np.median(cells[known]))
    for region, found in enumerate(scored):
        here = cells[known & (of == region)]
        if len(here):
            off = (float(here.mean()) - float(cells[known].mean())) / spread
            if abs(off) > 0.5:
                high = "high" if np.median(here) >= middle else "low"
                found.append((-abs(off), f"{name} {high} ({np.median(here):.4g})"))


def _values(
    name: str, cells: list[str], of: np.ndarray, scored: list[list[tuple[float, str]]]
) -> None:
    overall = Counter(cells)
    for region, found in enumerate(scored):
        here = Counter(v for v, r in zip(cells, of, strict=True) if r == region)
        n = sum(here.values())
        lift = {v: m / n - overall[v] / len(cells) for v, m in here.items()}
        if lift:
            value = max(sorted(lift), key=lift.__getitem__)
            if lift[value] > 0.15:
                found.append((-2 * lift[value], f"{name} = {value}"))
