"""What may be asked next, and what was spent: annotations, money, hours. Pure functions.

The budget counts every judgement. Training may take what the holdout, gold and audits leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from labelwright.dsl.task import Task
from labelwright.loop.store import Event

PAID = ("person", "simulated")
"""Sources of judgements that cost something."""


@dataclass(frozen=True)
class Spent:
    """Judgements given so far, and what they cost."""

    training: int = 0
    holdout: int = 0
    seconds: float = 0.0

    @property
    def annotations(self) -> int:
        """All of them."""
        return self.training + self.holdout

    def plus(self, asked: Iterable[tuple[str, int]]) -> Spent:
        """With judgements that are asked for beside these: (purpose, people) an item."""
        told = list(asked)
        holdout = sum(people for purpose, people in told if purpose == "holdout")
        others = sum(people for _, people in told) - holdout
        return replace(self, training=self.training + others, holdout=self.holdout + holdout)

    @property
    def hours(self) -> float:
        """Annotators' time."""
        return self.seconds / 3600

    def money(self, task: Task) -> float | None:
        """What they cost, in the price's currency; None where no price is given."""
        price = task.budget.price
        return None if price is None else self.annotations * price.amount


def spent(events: Sequence[Event]) -> Spent:
    """What these judgements cost; labels that were there before cost nothing. Skips count: they were paid."""
    paid = [e for e in events if e.source in PAID]
    holdout = sum(e.purpose == "holdout" for e in paid)
    seconds = sum(e.seconds or 0.0 for e in paid)
    return Spent(len(paid) - holdout, holdout, seconds)


def holdout_items(task: Task) -> int:
    """How many holdout items people are asked about."""
    return task.holdout.annotations // task.annotators.overlap


def training_annotations(task: Task, so_far: Spent | None = None) -> int:
    """Judgements that training may use: the budget less what the holdout is given, or took beyond that."""
    held = holdout_items(task) * task.annotators.overlap
    return max(0, task.budget.annotations - max(held, so_far.holdout if so_far else 0))


def next_items(task: Task, so_far: Spent, available: int) -> int:
    """How many items the next round may ask about for training; 0 when there is nothing to spend."""
    overlap = task.annotators.overlap
    left = training_annotations(task, so_far) - so_far.training
    price, money = task.budget.price, task.budget.money
    if price is not None and money is not None and price.amount > 0:
        held = max(0, holdout_items(task) * overlap - so_far.holdout)
        affordable = int((money.amount + 1e-9) / price.amount) - so_far.annotations - held
        left = min(left, affordable)
    if task.budget.hours is not None and so_far.hours >= task.budget.hours:
        return 0
    return max(0, min(task.budget.per_round, left // overlap, available))


def holdout_room(task: Task, so_far: Spent, items: int) -> int:
    """How many holdout items, of so many, may still be asked about within the whole budget."""
    left = task.budget.annotations - so_far.annotations
    price, money = task.budget.price, task.budget.money
    if price is not None and money is not None and price.amount > 0:
        left = min(left, int((money.amount + 1e-9) / price.amount) - so_far.annotations)
    if task.budget.hours is not None and so_far.hours >= task.budget.hours:
        return 0
    return max(0, min(items, left // task.annotators.overlap))
