"""Tests of one number or one value an item: columns of tables, lengths and scripts of texts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

_EXPECTED = 5.0  # in every cell of a chi-square test: rarer values are one together
_MOST_VALUES = 200
_SCRIPTS = ("HANGUL", "LATIN", "CJK", "HIRAGANA", "KATAKANA", "CYRILLIC", "ARABIC", "GREEK", "HEBREW",
            "DEVANAGARI", "THAI")  # fmt: skip

Kind = Literal["KS", "V"]


class Tested(NamedTuple):
    """effect: the greatest distance of two distribution functions (KS), or Cramér's V of a table (V)."""

    kind: Kind
    effect: float
    p: float


def differ(one: Sequence[Any], other: Sequence[Any]) -> Tested | None:
    """Whether two lists of values differ: numbers by Kolmogorov & Smirnov, else by chi-square.

    Missing (None, NaN) is a value among words and left out of numbers: see `missing`. None where nothing can
    be told: too few values, all the same, or as good as every value another.
    """
    if all(_number(v) for v in (*one, *other) if not _missing(v)):
        return numbers(
            *(np.array([float(v) for v in part if not _missing(v)]) for part in (one, other))
        )
    return values(
        *([("missing" if _missing(v) else f"={v}") for v in part] for part in (one, other))
    )


def missing(one: Sequence[Any], other: Sequence[Any]) -> Tested | None:
    """Whether as much is missing in one as in the other; None where nothing is."""
    return values(*([str(_missing(v)) for v in part] for part in (one, other)))


def numbers(one: np.ndarray, other: np.ndarray) -> Tested | None:
    """The two-sample test of Kolmogorov & Smirnov; ties make it cautious."""
    from scipy.stats import ks_2samp

    if min(len(one), len(other)) < _EXPECTED or np.ptp(np.concatenate([one, other])) == 0:
        return None
    found = ks_2samp(one, other, method="asymp")
    return Tested("KS", float(found.statistic), float(found.pvalue))


def values(one: Sequence[str], other: Sequence[str]) -> Tested | None:
    """The chi-square test of a table of two rows, rare values counted together."""
    first, second = Counter(one), Counter(other)
    n, m = len(one), len(other)
    both = first + second
    if not n or not m or len(both) > max(_MOST_VALUES, (n + m) // 4):
        return None
    least = min(n, m) / (n + m)
    kept = [v for v in sorted(both) if both[v] * least >= _EXPECTED]
    rest = [v for v in both if v not in set(kept)]
    table = [[part[v] for v in kept] for part in (first, second)]
    if rest and sum(both[v] for v in rest) * least >= _EXPECTED:
        table = [
            [*row, sum(part[v] for v in rest)]
            for row, part in zip(table, (first, second), strict=True)
        ]
    return counts(np.array(table, dtype=np.float64).reshape(2, -1))


def counts(table: np.ndarray) -> Tested | None:
    """The chi-square test that two rows of counts (2, k) have the same shares; empty columns left out."""
    from scipy.stats import chi2

    table = table[:, table.sum(axis=0) > 0]
    n = table.sum()
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    statistic = float(((table - expected) ** 2 / expected).sum())
    p = float(chi2.sf(statistic, table.shape[1] - 1))
    return Tested("V", float(np.sqrt(statistic / n)), p)


def script(text: str) -> str:
    """The script that most of its letters are of: a hint at its language. `none` where it has none."""
    found: Counter[str] = Counter()
    for character in text[:400]:
        if character.isalpha():
            name = unicodedata.name(character, "")
            found[next((s for s in _SCRIPTS if name.startswith(s)), "other")] += 1
    if not found:
        return "none"
    return max(sorted(found), key=found.__getitem__)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
