"""What may be asked next, and what was spent: annotations, money, hours. Pure functions.

The budget counts every judgement. Training may take what the holdout, gold and audits leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from labelwright.dsl.spending import split_of_budget
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
    gold: int = 0
    audit: int = 0
    adjudicated: int = 0

    @property
    def annotations(self) -> int:
        """All of them."""
        return self.training + self.holdout + self.gold + self.audit + self.adjudicated

    def plus(self, asked: Iterable[tuple[str, int]]) -> Spent:
        """With judgements that are asked for beside these: (purpose, people) an item."""
        told: dict[str, int] = dict.fromkeys(_PURPOSES.values(), 0)
        for purpose, people in asked:
            told[_PURPOSES.get(purpose, "training")] += people
        return replace(self, **{name: getattr(self, name) + n for name, n in told.items()})

    @property
    def hours(self) -> float:
        """Annotators' time."""
        return self.seconds / 3600

    def money(self, task: Task) -> float | None:
        """What they cost, in the price's currency; None where no price is given."""
        price = task.budget.price
        return None if price is None else self.annotations * price.amount


_PURPOSES = {
    "train": "training",
    "holdout": "holdout",
    "gold": "gold",
    "audit": "audit",
    "adjudicate": "adjudicated",
}


def spent(events: Sequence[Event]) -> Spent:
    """What these judgements cost; labels that were there before cost nothing. Skips count: they were paid."""
    paid = [e for e in events if e.source in PAID]
    seconds = sum(e.seconds or 0.0 for e in paid)
    return Spent(seconds=seconds).plus((e.purpose, 1) for e in paid)


def holdout_items(task: Task) -> int:
    """How many holdout items people are asked about."""
    return task.holdout.annotations // task.annotators.overlap


def training_annotations(task: Task, so_far: Spent | None = None) -> int:
    """Judgements that training may use: the budget less what the others are given, or took beyond that.

    The holdout, gold and audits have a part of their own (`dsl.spending`); adjudications take theirs from
    training, one judgement for each.
    """
    used = so_far or Spent()
    given = split_of_budget(task)
    held = holdout_items(task) * task.annotators.overlap
    others = max(held, used.holdout) + max(given.gold, used.gold) + max(given.audit, used.audit)
    return max(0, task.budget.annotations - others - used.adjudicated)


def next_items(task: Task, so_far: Spent, available: int) -> int:
    """How many items the next round may ask about for training; 0 when there is nothing to spend."""
    overlap = task.annotators.overlap
    if task.budget.hours is not None and so_far.hours >= task.budget.hours:
        return 0
    left = min(training_annotations(task, so_far) - so_far.training, _affordable(task, so_far))
    return max(0, min(task.budget.per_round, left // overlap, available))


def _affordable(task: Task, so_far: Spent) -> int:
    """Judgements on training that the money pays, what the others are still to have laid aside."""
    price, money = task.budget.price, task.budget.money
    if price is None or money is None or price.amount <= 0:
        return task.budget.annotations
    given = split_of_budget(task)
    held = max(0, holdout_items(task) * task.annotators.overlap - so_far.holdout)
    others = max(0, given.gold - so_far.gold) + max(0, given.audit - so_far.audit)
    return int((money.amount + 1e-9) / price.amount) - so_far.annotations - held - others


def room(task: Task, so_far: Spent) -> int:
    """Judgements that the whole budget has left: annotations, money and hours."""
    left = task.budget.annotations - so_far.annotations
    price, money = task.budget.price, task.budget.money
    if price is not None and money is not None and price.amount > 0:
        left = min(left, int((money.amount + 1e-9) / price.amount) - so_far.annotations)
    if task.budget.hours is not None and so_far.hours >= task.budget.hours:
        return 0
    return max(0, left)


def holdout_room(task: Task, so_far: Spent, items: int) -> int:
    """How many holdout items, of so many, may still be asked about within the whole budget."""
    return max(0, min(items, room(task, so_far) // task.annotators.overlap))


def gold_room(task: Task, so_far: Spent) -> int:
    """Judgements on gold that may still be asked for: of its own part of the budget."""
    return max(0, min(split_of_budget(task).gold - so_far.gold, room(task, so_far)))


def audit_room(task: Task, so_far: Spent) -> int:
    """Judgements on audits that may still be asked for: of their own part of the budget."""
    return max(0, min(split_of_budget(task).audit - so_far.audit, room(task, so_far)))


def adjudication_room(task: Task, so_far: Spent) -> int:
    """Adjudications that may still be asked for: of what training has left."""
    left = min(training_annotations(task, so_far) - so_far.training, _affordable(task, so_far))
    return max(0, min(left, room(task, so_far)))
