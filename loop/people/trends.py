"""Whether people tire: how agreement and time per answer change as somebody goes on.

Later items may be harder: a strategy asks for those that the model doubts. So a person's slope is held
against that of the others over the same rounds, each within strata (round and purpose). What all do alike is
looked for on items drawn at random alone, the holdout's and gold. Slopes by least squares, with standard
errors that allow for unequal variances (White 1980, as HC1). A trend is clear where both the person's own
slope and the difference stay beyond chance at 5%, with Holm's correction (1979) over all trends of all
people: the difference alone would call somebody better because another grew worse.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from typing import Literal

import numpy as np

from labelwright.loop.people.records import Trend

LEAST = 40  # answers, below which nothing is said
_OF_EACH = 5  # agreeing and disagreeing ones, too
_OVER = 100  # answers that a slope is told over at most
_Z = 1.959963984540054
_LEVEL = 0.05
_AT_RANDOM = ("holdout", "gold")

Measure = Literal["agreement", "seconds"]
Along = Literal["batch", "campaign"]
_MEASURES: tuple[Measure, ...] = ("agreement", "seconds")
_COURSES: tuple[Along, ...] = ("batch", "campaign")


@dataclass(frozen=True)
class Answered:
    """One answer of a person. agrees: with gold, or else with the others; None where not known."""

    annotator: str
    round: int
    purpose: str
    agrees: bool | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Points:
    """What a slope is of: y (n,) on x (n,), each within its stratum."""

    strata: tuple[Hashable, ...]
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Slope:
    """Change of y while x grows by one, and the variance of that."""

    value: float
    variance: float
    n: int


_NONE = Slope(0.0, 0.0, 0)


def trends(answers: Sequence[Answered]) -> Mapping[str, tuple[Trend, ...]]:
    """By annotator, the trends that there is enough to tell of: up to four, by measure and course.

    answers: of everybody, each person's in the order given.
    """
    told: list[tuple[str, Trend, float]] = []
    for measure in _MEASURES:
        for along in _COURSES:
            points = _points(answers, measure, along)
            for person, own in points.items():
                if not _enough(own, measure):
                    continue
                mine = slope([own])
                others = slope([p for other, p in points.items() if other != person])
                if mine is not None and others is not None:
                    over = min(_OVER, int(own.x.max()) + 1)
                    told.append((person, *_trend(mine, others, measure, along, over)))
    found: dict[str, tuple[Trend, ...]] = {}
    for (person, trend, _), clear in zip(told, holm([p for *_, p in told]), strict=True):
        now = trend.model_copy(update={"clear": clear})
        found[person] = (*found.get(person, ()), now)
    return found


def trends_of_all(answers: Sequence[Answered]) -> tuple[Trend, ...]:
    """The trends of everybody together, on the items that were drawn at random."""
    told = []
    for measure in _MEASURES:
        for along in _COURSES:
            points = list(_points(answers, measure, along, _AT_RANDOM).values())
            whole = slope(points)
            y = np.concatenate([p.y for p in points]) if points else np.empty(0)
            if whole is not None and _varied(y, measure):
                over = min(_OVER, int(max(p.x.max() for p in points)) + 1)
                told.append(_trend(whole, _NONE, measure, along, over))
    clear = holm([p for _, p in told])
    return tuple(
        trend.model_copy(update={"clear": sure})
        for (trend, _), sure in zip(told, clear, strict=True)
    )


def slope(people: Sequence[Points]) -> Slope | None:
    """One slope for all of them, each person and stratum with a level of its own.

    None where there are too few answers to tell, or x does not vary within the strata.
    """
    if not people:
        return None
    x, y = (np.concatenate([getattr(p, name) for p in people]) for name in ("x", "y"))
    index: dict[Hashable, int] = {}
    codes = np.array(
        [index.setdefault((n, s), len(index)) for n, p in enumerate(people) for s in p.strata],
        dtype=np.int64,
    )
    free = len(x) - len(index) - 1
    if len(x) < LEAST or free < LEAST // 2:
        return None
    size = np.bincount(codes)
    x = x - (np.bincount(codes, x) / size)[codes]
    y = y - (np.bincount(codes, y) / size)[codes]
    spread = float(x @ x)
    if spread <= 0:
        return None
    value = float(x @ y) / spread
    left = y - value * x
    return Slope(value, float(x**2 @ left**2) / spread**2 * len(x) / free, len(x))


def holm(values: Sequence[float]) -> list[bool]:
    """Which of these p-values are significant at 5% all together, in the order given (Holm 1979)."""
    found = [False] * len(values)
    for step, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        if values[at] * (len(values) - step) > _LEVEL:
            break
        found[at] = True
    return found


def _points(
    answers: Sequence[Answered], measure: Measure, along: Along, purposes: Sequence[str] = ()
) -> dict[str, Points]:
    """By annotator, what is known of the measure; positions count every answer, known or not."""
    position: dict[Hashable, int] = {}
    rows: dict[str, list[tuple[Hashable, float, float]]] = {}
    for answer in answers:
        course = (answer.annotator, answer.round) if along == "batch" else answer.annotator
        at = position[course] = position.get(course, -1) + 1
        y = _value(answer, measure)
        if y is None or (purposes and answer.purpose not in purposes):
            continue
        stratum = (answer.round, answer.purpose) if along == "batch" else answer.purpose
        rows.setdefault(answer.annotator, []).append((stratum, float(at), y))
    return {
        person: Points(
            tuple(s for s, _, _ in given),
            np.array([x for _, x, _ in given]),
            np.array([y for _, _, y in given]),
        )
        for person, given in rows.items()
    }


def _value(answer: Answered, measure: Measure) -> float | None:
    if measure == "agreement":
        return None if answer.agrees is None else float(answer.agrees)
    return log(answer.seconds) if answer.seconds else None


def _enough(points: Points, measure: Measure) -> bool:
    return len(points.y) >= LEAST and _varied(points.y, measure)


def _varied(y: np.ndarray, measure: Measure) -> bool:
    if measure == "seconds":
        return bool(len(y)) and bool(np.ptp(y) > 0)
    return min(int(y.sum()), int(len(y) - y.sum())) >= _OF_EACH


def _trend(
    own: Slope, others: Slope, measure: Measure, along: Along, over: int
) -> tuple[Trend, float]:
    """The difference over that many answers; the greater p-value of the own slope and the difference."""
    value = (own.value - others.value) * over
    error = sqrt(own.variance + others.variance) * over
    ends = (value, value - _Z * error, value + _Z * error)
    change, low, high = map(exp, ends) if measure == "seconds" else ends
    trend = Trend(
        measure=measure, along=along, change=change, over=over, low=low, high=high, answers=own.n, clear=False
    )  # fmt: skip
    alike = own.value * value > 0
    p = max(_chance(value, error), _chance(own.value, sqrt(own.variance)))
    return trend, p if alike else 1.0


def _chance(value: float, error: float) -> float:
    """Two-sided p-value of a value that is normal about 0."""
    return erfc(abs(value) / error / sqrt(2)) if error > 0 else 1.0
