"""How parts of the data compare, and what of the pool was asked, as frozen values."""

from __future__ import annotations

from typing import Literal

from labelwright.loop.record import Estimate, Record

About = Literal["pool and holdout", "new and old", "changed and unchanged", "asked and pool"]

BY_DESIGN: tuple[About, ...] = ("asked and pool",)
"""Comparisons of what is chosen to differ: told, and no alarm."""


class ShiftTest(Record):
    """One test of one comparison; `adjusted` for all of them, and for all looks, is what decides.

    effect: of vectors the AUC of a classifier (0.5: cannot tell), of numbers the greatest distance of the
    distribution functions, of values and predicted classes Cramér's V.
    """

    what: str  # "vectors", "predicted classes", "length of text", "column age", …
    kind: Literal["AUC", "KS", "V"]
    effect: float
    p: float
    adjusted: float
    low: float | None = None  # 95%, of an AUC
    high: float | None = None


class ClassShare(Record):
    """How frequent a class is in the two parts: counted where people labelled, else estimated."""

    label: str
    one: Estimate
    other: Estimate


class Comparison(Record):
    """Two parts of the data held against each other, named in the order of `about`."""

    about: About
    one: int  # items
    other: int
    looked: tuple[int, int]  # of them, how many were looked at
    tests: tuple[ShiftTest, ...] = ()
    shares: tuple[ClassShare, ...] = ()
    level: float
    untested: str = ""  # why there is no test; empty where there is one

    @property
    def by_design(self) -> bool:
        return self.about in BY_DESIGN

    @property
    def differs(self) -> bool:
        """Whether a test says so, at the level of all together."""
        return any(test.adjusted <= self.level for test in self.tests)

    @property
    def alarm(self) -> bool:
        return self.differs and not self.by_design


class Region(Record):
    """A part of the pool whose items are near each other.

    accuracy: of the model on the holdout labels that lie there. doubt: the mean of 1 − the greatest
    probability over its pool items; None where there is none.
    """

    number: int
    name: tuple[str, ...]  # words or values that tell it from the others
    items: int
    asked: int
    expected: float  # asked, had as many been drawn at random
    accuracy: Estimate
    doubt: float | None
    examples: tuple[str, ...]  # ids of items nearest to its middle


class Coverage(Record):
    """The pool cut into regions: never asked first, then least asked for their size.

    points: some items on a plane (two principal components): x, y, number of the region, asked or not.
    """

    items: int
    asked: int
    regions: tuple[Region, ...]
    points: tuple[tuple[float, float, int, bool], ...] = ()
    sampled: int | None = None  # items that the regions were fitted on, where not all

    @property
    def never(self) -> tuple[Region, ...]:
        return tuple(region for region in self.regions if not region.asked)


class Distribution(Record):
    """All of it; coverage only where it was asked for."""

    comparisons: tuple[Comparison, ...] = ()
    coverage: Coverage | None = None

    @property
    def alarms(self) -> tuple[Comparison, ...]:
        return tuple(each for each in self.comparisons if each.alarm)
