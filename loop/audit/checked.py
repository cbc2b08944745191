"""What people found when they looked again: the share of wrong labels, and how good the queue is.

Only the random sample tells the share: whoever looks at suspects finds more wrong ones than there are.
Suspects tell how often the queue is right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from labelwright.loop.measure.intervals import lower_bound, upper_bound

_SIDE = 0.975  # of a two-sided 95% interval


@dataclass(frozen=True)
class Counted:
    """So many wrong of so many, and the exact 95% interval of the share (Clopper & Pearson 1934)."""

    wrong: int
    of: int
    low: float
    high: float

    @classmethod
    def count(cls, wrong: int, of: int) -> Counted:
        """`wrong` of `of`; nothing known, 0 to 1, of none."""
        return cls(wrong, of, lower_bound(wrong, of, _SIDE), upper_bound(wrong, of, _SIDE))

    @property
    def share(self) -> float | None:
        """None of none."""
        return self.wrong / self.of if self.of else None


@dataclass(frozen=True)
class Checked:
    """random: the beginning of the random order as far as all of it was looked at; suspects: of the queue."""

    random: Counted
    suspects: Counted
    others: int  # answers that are in neither


def check(right: Mapping[int, bool], drawn: np.ndarray, suspects: Collection[int]) -> Checked:
    """right: by row, whether people gave the label that stands there. drawn: (n,) places in a random order.

    Of the random order the unbroken beginning counts: whoever leaves out what is hard to tell would
    measure something else.
    """
    order = np.argsort(drawn, kind="stable")
    beginning: list[int] = []
    for row in map(int, order):
        if row not in right:
            break
        beginning.append(row)
    queued = [row for row in right if row in set(suspects)]
    others = set(right) - set(beginning) - set(queued)
    return Checked(
        Counted.count(sum(not right[row] for row in beginning), len(beginning)),
        Counted.count(sum(not right[row] for row in queued), len(queued)),
        len(others),
    )
