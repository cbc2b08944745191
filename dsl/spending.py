"""How a budget of annotations falls on training, holdout, gold and audit."""

from __future__ import annotations

from dataclasses import dataclass

from labelwright.dsl.task import Task

GOLD_SHARE = 0.1
"""Judgements on hidden gold for each one that trains."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Annotations by purpose; `training` is what is left, below zero where that is too little."""

    training: int
    holdout: int
    gold: int
    audit: int
    training_items: int  # items these can label, at the task's overlap
    holdout_items: int

    @property
    def all(self) -> int:
        """The whole budget."""
        return self.training + self.holdout + self.gold + self.audit


def split_of_budget(task: Task) -> Spending:
    """Who gets how many of `budget.annotations`.

    Gold items are answered once by the adjudicator, where they are no file, and then hidden among the
    others: one judgement in ten that train. An audited item is judged by as many people as any other.
    """
    overlap = task.annotators.overlap
    gold = task.annotators.gold
    gold_items = gold.items or 0 if gold else 0
    audit = (task.existing_labels.audit if task.existing_labels else 0) * overlap
    holdout = task.holdout.annotations
    training = task.budget.annotations - holdout - gold_items - audit
    hidden = round(max(training, 0) * GOLD_SHARE / (1 + GOLD_SHARE)) if gold else 0
    training -= hidden
    return Spending(
        training,
        holdout,
        gold_items + hidden,
        audit,
        max(training, 0) // overlap,
        holdout // overlap,
    )
