"""A batch in the making: picks, and who claims them.

A *claimant* is a function from the draft so far to a `Claim`: what it wants to ask, in its own order, and
what the round is to remember of it. It reads the draft and changes nothing. `asking.CLAIMANTS` lists them
in the order in which they are served: what comes first has the budget first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from labelwright.loop.budget import Spent, next_items
from labelwright.loop.gold import gold_set
from labelwright.loop.pausing import lost
from labelwright.loop.split import HOLDOUT, POOL, mix

if TYPE_CHECKING:
    from labelwright.dsl.task import Phase, Task
    from labelwright.loop.labels import Labels
    from labelwright.loop.workbench import Workbench

Purpose = Literal["train", "holdout", "gold", "audit", "adjudicate"]


@dataclass(frozen=True)
class Pick:
    """One item of the batch: what for, how many people, and why."""

    row: int
    purpose: Purpose
    people: int
    probability: float  # the chance that it had of being picked
    reason: str  # a short sentence
    utility: float | None = None
    not_by: tuple[str, ...] = ()  # who answered it before, where a further opinion is asked
    not_to: tuple[str, ...] = ()  # who is not to get it, and is not told so
    only_by: tuple[str, ...] = ()  # who alone is asked: the adjudicator
    again: bool = False  # asked again because a change of the definition set its answers aside


@dataclass(frozen=True)
class Claim:
    """What a claimant asks for.

    told: goes into the outcome of the round's step `choose` under these names. instead: rows of earlier
    picks that give way.
    """

    picks: tuple[Pick, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    instead: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Draft:
    """The batch of a round as far as it stands, and what claimants go by."""

    bench: Workbench
    round_: int
    training: Labels
    asked: np.ndarray  # rows of earlier rounds' choices, as they are now
    again: Mapping[int, str]  # rows whose answers a change of the definition set aside, and why
    phase: Phase
    spent: Spent  # before this batch
    claims: tuple[tuple[str, Claim], ...] = ()  # by the claimant's name

    @property
    def task(self) -> Task:
        """The task as it reads now."""
        return self.bench.task

    def with_(self, name: str, claim: Claim) -> Draft:
        """The draft with one more claim."""
        kept = tuple(
            (who, replace(c, picks=tuple(p for p in c.picks if p.row not in claim.instead)))
            if claim.instead
            else (who, c)
            for who, c in self.claims
        )
        return replace(self, claims=(*kept, (name, claim)))

    @property
    def picks(self) -> tuple[Pick, ...]:
        """What is claimed so far: what trains, in the order of the claims, and then what does not."""
        found = [pick for _, claim in self.claims for pick in claim.picks]
        return tuple(sorted(found, key=lambda pick: pick.purpose != "train"))

    def picked_by(self, name: str) -> tuple[Pick, ...]:
        """What one claimant asks."""
        return tuple(pick for who, claim in self.claims if who == name for pick in claim.picks)

    def told(self) -> dict[str, Any]:
        """What the round remembers of all claims; a later claim's word stands."""
        return {key: value for _, claim in self.claims for key, value in claim.told.items()}

    @property
    def rows(self) -> np.ndarray:
        """Rows that are in the batch."""
        return np.array([pick.row for pick in self.picks], dtype=np.int64)

    def used(self, *, train: bool = True) -> Spent:
        """What is spent once this draft is answered; train: with what trains in it."""
        counted = [pick for pick in self.picks if train or pick.purpose != "train"]
        return self.spent.plus([(pick.purpose, pick.people) for pick in counted])

    def room(self, besides: str = "") -> int:
        """How many more items for training the batch holds; besides: a claimant who does not count."""
        mine = {pick.row for pick in self.picked_by(besides)}
        training = [p for p in self.picks if p.purpose == "train" and p.row not in mine]
        most = next_items(self.task, self.used(train=False), self.available)
        return max(0, most - len(training))

    @property
    def available(self) -> int:
        """Items that training may ask about: new ones, and those that are asked again."""
        split = self.bench.split(self.round_)
        lost = sum(bool(split[row] == POOL) for row in self.lost if row not in self.again)
        return len(self.open_rows()) + len(self.to_ask_again(POOL)) + lost

    @property
    def lost(self) -> Mapping[int, tuple[str, tuple[str, ...], int]]:
        """Rows that lack answers because somebody is paused (`pausing.lost`)."""
        watermark = self.bench.watermark(self.round_)
        key = ("lost", self.round_, watermark)
        return self.bench.once(key, lambda: lost(self.bench, self.round_, watermark))  # type: ignore[no-any-return]

    def open_rows(self) -> np.ndarray:
        """Pool rows never asked, not labelled and no gold, in the order in which ties are broken."""
        return self.bench.once(("open rows", self.round_, len(self.asked)), self._open_rows)  # type: ignore[no-any-return]

    def _open_rows(self) -> np.ndarray:
        free = self.bench.split(self.round_) == POOL
        free[self.asked] = False
        free[self.training.rows] = False
        gold = gold_set(self.bench, self.bench.watermark(self.round_))
        rows = self.bench.items(self.round_).rows_of(list(gold))
        free[rows[rows >= 0]] = False
        return self.in_order(np.flatnonzero(free))

    def free_rows(self) -> np.ndarray:
        """Of the open rows, those that are not in the batch yet."""
        rows = self.open_rows()
        free: np.ndarray = rows[~np.isin(rows, self.rows)]
        return free

    def to_ask_again(self, part: int) -> list[int]:
        """Rows of the pool or the holdout to ask again, in the order in which ties are broken."""
        split = self.bench.split(self.round_)
        rows = np.array([row for row in self.again if split[row] == part], dtype=np.int64)
        return [int(row) for row in self.in_order(rows)]

    def in_order(self, rows: np.ndarray, seed: int | None = None) -> np.ndarray:
        """These rows in an order that hangs on the seed and the items' contents alone."""
        by = self.bench.context.seed if seed is None else seed
        order = mix(self.bench.items(self.round_).order[rows], by)
        found: np.ndarray = rows[np.argsort(order, kind="stable")]
        return found

    def held_rows(self) -> np.ndarray:
        """Rows of the holdout."""
        rows: np.ndarray = np.flatnonzero(self.bench.split(self.round_) == HOLDOUT)
        return rows


Claimant = Callable[[Draft], Claim]
