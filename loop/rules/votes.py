"""What rules say of items, in arrays: who fires where, and which classes that speaks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.conditions import fields
from labelwright.loop.constraints import lineage
from labelwright.loop.rules.firing import firing

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.dsl.task import Rule, Task

ODDS = 5.0  # of a rule of weight 1 to be right, before anything is known of it: five times in six


@dataclass(frozen=True, eq=False)
class Votes:
    """Rules that vote for or against a class, on items.

    fired: (n_items, n_rules) bool. within: (n_rules, n_classes) bool, the classes one of which the rule
    says it is (a vote for a class: those inside it; against one: all others). odds: (n_rules,) that it is
    right, as its weight has them. vetoed: (n_items,) bool.
    """

    names: tuple[str, ...]
    fired: np.ndarray
    within: np.ndarray
    odds: np.ndarray
    vetoed: np.ndarray

    def __len__(self) -> int:
        return len(self.fired)

    def take(self, rows: np.ndarray | slice) -> Votes:
        """The same of these items."""
        return replace(self, fired=self.fired[rows], vetoed=self.vetoed[rows])


def votes(task: Task, table: pa.Table) -> Votes | None:
    """The votes of the task's rules on the table's items; None where no rule speaks of a class.

    Raises DataError where a rule does not fit the data.
    """
    known = set(table.column_names)
    rules = tuple(r for r in task.rules if r.when is None or fields(r.when) <= known)
    if not any(r.label is not None for r in rules) or task.kind == "spans":
        return None
    fired = firing(task.model_copy(update={"rules": rules}), table)
    return of_firing(task, rules, fired, table.num_rows)


def of_firing(task: Task, rules: Sequence[Rule], fired: Mapping[str, np.ndarray], n: int) -> Votes:
    """Votes of these rules, some of which vote; fired: (n,) bool by name."""
    voting = [r for r in rules if r.label is not None]
    above = lineage(task)
    within = np.array([[rule.label in above[each.id] for each in task.labels] for rule in voting])
    against = np.array([rule.action == "against" for rule in voting])
    vetoed = np.zeros(n, dtype=bool)
    for rule in rules:
        if rule.action == "veto":
            vetoed |= fired[rule.name]
    return Votes(
        names=tuple(rule.name for rule in voting),
        fired=np.stack([fired[rule.name] for rule in voting], axis=1),
        within=within ^ against[:, None],
        odds=ODDS ** np.array([rule.weight for rule in voting]),
        vetoed=vetoed,
    )
