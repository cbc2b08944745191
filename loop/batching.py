"""A batch that people can work with: nothing in it twice, and of each group one item.

A strategy chooses by what it knows of vectors and labels. What it chose is looked through best first:
an item that is the same as one before it (`alike`), or of its group, is left for a later batch, and
the strategy is asked again for what is missing, from what is left, until the batch is full or nothing
is left that may stand in it. Items that are the same as one that was asked before go to the back:
they are offered where nothing else is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from labelwright.loop.alike import Alike
from labelwright.loop.ports import Chosen
from labelwright.loop.query.contract import nothing

Ask = Callable[[np.ndarray, int, int], Chosen]
"""`ask(rows, n, time)`: a strategy's choice of n among these rows; time: 0 at first, then 1, 2, …"""


def fill(ask: Ask, n: int, batch: Batch) -> tuple[Chosen, np.ndarray]:
    """Up to n more items of one strategy, best first; and what it was first asked about.

    Both are positions in the rows of the batch.
    """
    parts: list[Chosen] = []
    first = left = batch.left()
    while len(left) and (missing := n - sum(len(part.indices) for part in parts)):
        chosen = ask(batch.rows[left], missing, len(parts))
        parts.append(_of(chosen, batch.take(left[chosen.indices]), left))
        left = batch.left()
    return joined(parts), first


@dataclass
class Batch:
    """A batch while it is being filled, by one strategy after the other.

    rows: what may come into it; taken: rows that were asked before; beside: rows that are in it already.
    repeats, behind, grouped: positions in `rows` that a strategy chose and that were left for later: the
    same as an item of the batch, the same as one that was asked before, of a group that is in the batch.
    """

    rows: np.ndarray
    alike: Alike
    taken: np.ndarray
    beside: np.ndarray
    repeats: set[int] = field(default_factory=set)
    behind: set[int] = field(default_factory=set)
    grouped: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.open = np.ones(len(self.rows), dtype=bool)
        self.back = np.isin(self.alike.content[self.rows], self.alike.content[self.taken])
        self.inside = self.beside.astype(np.int64)
        self._close(self.inside)

    def left(self) -> np.ndarray:
        """Positions that the strategy may choose from: of what is open, the front while there is any."""
        front = np.flatnonzero(self.open & ~self.back)
        return front if len(front) else np.flatnonzero(self.open)

    def take(self, positions: np.ndarray) -> np.ndarray:
        """Which of these, best first, come into the batch; what cannot is closed, or goes to the back."""
        found = self.rows[positions]
        stale = self._stale(positions, found)
        near: dict[int, set[int]] = {}
        inside, content, group = self.inside, self.alike.content, self.alike.groups
        for i, j in self.alike.near(found, np.concatenate([inside, found])):
            near.setdefault(i, set()).add(j - len(inside))  # below 0: in the batch before
        contents = set(content[inside].tolist())
        groups = set() if group is None else set(group[inside].tolist())
        copied: set[int] = set()
        kept: list[int] = []
        for i, (position, row) in enumerate(zip(positions.tolist(), found.tolist(), strict=True)):
            same = {j for j in near.get(i, ()) if j < 0 or j in kept}
            if stale[i]:
                self.behind.add(position)
            elif same or content[row] in contents:
                self.repeats.add(position)
                copied |= {int(found[j]) if j >= 0 else int(inside[j]) for j in same}
                self.open[position] = False
            elif group is not None and group[row] in groups:
                self.grouped.add(position)
            else:
                kept.append(i)
                contents.add(content[row])
                groups |= set() if group is None else {group[row]}
        self.inside = np.concatenate([inside, found[kept]])
        self._close(found[kept])
        self._close_copies(np.array(sorted(copied), dtype=np.int64))
        return np.array(kept, dtype=np.int64)

    def _stale(self, positions: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Which of these are the same as one that was asked before; sends them, and their like, back."""
        stale = np.zeros(len(positions), dtype=bool)
        if self.back[positions].any():  # there is nothing else
            return stale
        pairs = self.alike.near(found, self.taken)
        if pairs:
            stale[[i for i, _ in pairs]] = True
            self.back[positions[stale]] = True
            like = np.unique(self.taken[[j for _, j in pairs]])
            front = np.flatnonzero(self.open & ~self.back)
            self.back[front[self.alike.copies(like, self.rows[front])]] = True
        return stale

    def _close(self, inside: np.ndarray) -> None:
        """What equals an item of the batch, or is of its group, stays out of it."""
        codes = [self.alike.content, self.alike.groups]
        for code in [c for c in codes if c is not None and len(inside)]:
            self.open &= ~np.isin(code[self.rows], code[inside])

    def _close_copies(self, of: np.ndarray) -> None:
        """Close all near copies of items that were copied once: there may be many."""
        left = np.flatnonzero(self.open)
        self.open[left[self.alike.copies(of, self.rows[left])]] = False


def _of(chosen: Chosen, kept: np.ndarray, left: np.ndarray) -> Chosen:
    return Chosen(
        left[chosen.indices[kept]],
        chosen.utilities[kept],
        chosen.probabilities[kept],
        tuple(chosen.reasons[i] for i in kept),
        chosen.notes,
    )


def joined(parts: Sequence[Chosen]) -> Chosen:
    """Choices one behind the other, as one."""
    if not parts:
        return nothing()
    return replace(
        parts[0],
        indices=np.concatenate([p.indices for p in parts]),
        utilities=np.concatenate([p.utilities for p in parts]),
        probabilities=np.concatenate([p.probabilities for p in parts]),
        reasons=tuple(reason for p in parts for reason in p.reasons),
        notes=tuple(dict.fromkeys(note for p in parts for note in p.notes)),
    )
