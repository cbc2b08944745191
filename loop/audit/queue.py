"""Suspected labels as one list, the likeliest to be wrong first, with a reason each.

What is wrong for certain leads: a label that a constraint forbids, and copies with different labels, of which
one at least is wrong. Then by the probability that the label is wrong, whatever tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from labelwright.loop.audit.cleaning import quality
from labelwright.loop.audit.contradictions import Against, updated

Kind = Literal["constraint", "copy", "near copy", "rule", "model"]

_CERTAIN = ("constraint", "copy")


@dataclass(frozen=True)
class Suspect:
    """A label to look at again. given, suggested: class indices; -1 where an answer is no single class.

    probability: of the suggested class, 0 to 1. wrong: that the label is wrong. flagged: confident learning,
    or a contradiction, calls it wrong; the others are doubted only.
    """

    row: int
    given: int
    suggested: int
    probability: float
    wrong: float
    kind: Kind
    reason: str
    flagged: bool


@dataclass(frozen=True)
class Evidence:
    """All that speaks against n labels.

    probs: (n, n_classes) without an item's own label. issues: (n,) bool, by confident learning. broken: by
    row, why a constraint forbids it. copies: rows of each group of the same items with different labels.
    near: pairs of items that are nearly the same with different labels. rules: the strongest for each row.
    """

    given: np.ndarray
    probs: np.ndarray
    issues: np.ndarray
    broken: Mapping[int, str]
    copies: Sequence[np.ndarray]
    near: Sequence[tuple[int, int]]
    rules: Sequence[Against]


def wrongness(found: Evidence) -> tuple[np.ndarray, np.ndarray, list[Kind], dict[int, int]]:
    """P(wrong) (n,); probabilities (n, n_classes) with all evidence; what tells it; for copies, of which row.

    Of items that are the same, the true label is taken to be one of those that they have.
    """
    given, n = found.given, len(found.given)
    probs = updated(found.probs, found.rules)
    kinds: list[Kind] = ["model"] * n
    beside: dict[int, int] = {}
    for each in found.rules:
        kinds[each.row] = "rule"
    for i, j in found.near:
        for row, other in ((i, j), (j, i)):
            if kinds[row] in ("model", "rule"):
                kinds[row] = "near copy"
                beside[row] = other
                probs[row] = among(probs[row], given[[row, other]])
    for rows in found.copies:
        together = among(np.exp(np.log(probs[rows]).mean(axis=0)), given[rows])
        for row in rows:
            kinds[row] = "copy"
            beside[int(row)] = int(rows[given[rows] != given[row]][0])
            probs[row] = together
    wrong = 1 - quality(given, probs)
    for row in found.broken:
        kinds[row] = "constraint"
        wrong[row] = 1.0
    return wrong, probs, kinds, beside


def among(probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The probabilities (n_classes,), nine tenths of them given to these labels, in their own proportions."""
    may = np.zeros(len(probs), dtype=bool)
    may[labels] = True
    inside, outside = probs[may].sum(), probs[~may].sum()
    if outside <= 0:
        return probs
    return np.asarray(np.where(may, 0.9 * probs / max(inside, 1e-12), 0.1 * probs / outside))


def ranked(
    found: Evidence,
    names: Sequence[str],
    order: np.ndarray,
    id_of: Callable[[int], str],
    *,
    least: float = 0.5,
) -> list[Suspect]:
    """Every label that is contradicted, flagged, or wrong with a probability of `least` or more.

    order: (n,) hashes that break ties. names: of the classes.
    """
    wrong, probs, kinds, beside = wrongness(found)
    certain = np.array([kind in _CERTAIN for kind in kinds])
    place = np.lexsort((order, -wrong, ~certain))
    rules = {each.row: each for each in found.rules}
    suspects = []
    for row in map(int, place):
        kind, given = kinds[row], int(found.given[row])
        flagged = bool(found.issues[row]) or kind != "model"
        if not flagged and wrong[row] < least:
            continue
        others = probs[row].copy()
        if kind != "copy":
            others[given] = -1
        suggested = int(others.argmax())
        suspects.append(
            Suspect(
                row=row,
                given=given,
                suggested=suggested,
                probability=float(probs[row, suggested]),
                wrong=float(wrong[row]),
                kind=kind,
                reason=_reason(row, kind, found, names, rules, beside, id_of, wrong, probs),
                flagged=flagged,
            )
        )
    return suspects


def scores(found: Evidence) -> np.ndarray:
    """(n,) one number an item by which the queue is ordered: higher is sooner. Certain ones are above 1."""
    wrong, _, kinds, _ = wrongness(found)
    return np.asarray(wrong + np.array([kind in _CERTAIN for kind in kinds]))


def _reason(
    row: int,
    kind: Kind,
    found: Evidence,
    names: Sequence[str],
    rules: Mapping[int, Against],
    beside: Mapping[int, int],
    id_of: Callable[[int], str],
    wrong: np.ndarray,
    probs: np.ndarray,
) -> str:
    if kind == "constraint":
        return f"it {found.broken[row]}"
    if kind in ("copy", "near copy"):
        other = beside[row]
        alike = "the same as" if kind == "copy" else "nearly the same as"
        return f"{alike} {id_of(other)}, which is labelled {names[int(found.given[other])]}"
    if kind == "rule":
        rule = rules[row]
        may = [name for name, there in zip(names, rule.within, strict=True) if there]
        says = may[0] if len(may) == 1 else f"not {names[int(found.given[row])]}"
        return f"rule {rule.rule}, right {rule.accuracy:.0%} of the time, says {says}"
    best = int(found.probs[row].argmax())
    if best == int(found.given[row]):
        return f"models give this label {1 - wrong[row]:.0%}"
    says = f"{names[best]} {probs[row, best]:.0%}"
    return f"models that did not see this label say {says}, it {1 - wrong[row]:.0%}"
