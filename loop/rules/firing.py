"""Which rule fires on which item, and which rules contradict each other when both do.

A rule fires where its condition holds; one without `when` fires everywhere. A rule of a spans task
fires on an item that holds at least one candidate span on which its condition holds
(`rules/spans.py`). Vetoes are rules like the others here: whoever counts votes applies them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.conditions import field_refs, masks
from labelwright.loop.constraints import lineage
from labelwright.loop.rules.spans import fires, of_item

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.dsl.task import Rule, Task


def firing(task: Task, table: pa.Table) -> dict[str, np.ndarray]:
    """(n_rows,) bool for each rule, by name, in file order.

    table: the columns that the rules' conditions name, as `Snapshot.table` holds them (image
    properties included; for spans the columns of text too). Raises DataError for unknown columns and
    values that do not fit a test.
    """
    of_items = [rule for rule in task.rules if not marks_text(task, rule)]
    conditions = [rule.when for rule in of_items if rule.when is not None]
    found = iter(masks(conditions, table))
    fired = {
        rule.name: np.ones(table.num_rows, dtype=bool) if rule.when is None else next(found)
        for rule in of_items
    }
    return {
        rule.name: fired[rule.name] if rule.name in fired else fires(task, rule, table)
        for rule in task.rules
    }


def marks_text(task: Task, rule: Rule) -> bool:
    """Whether a rule speaks of candidate spans: all rules of a spans task but vetoes of whole items."""
    if task.kind != "spans":
        return False
    return rule.action != "veto" or (
        rule.when is not None and len(of_item(rule.when)) < len(list(field_refs(rule.when)))
    )


def clashing(task: Task) -> list[tuple[str, str]]:
    """Pairs of rules, in file order, that contradict wherever both fire on one item.

    With `choose = one`: votes for two classes of which neither contains the other. Always: a vote
    for a class beside one against it or against a class that contains it. None in a spans task:
    there two rules that fire on an item may speak of different spans.
    """
    if task.kind == "spans":
        return []
    above = lineage(task)
    return [
        (first.name, second.name)
        for position, first in enumerate(task.rules)
        for second in task.rules[position + 1 :]
        if _contradict(first, second, above, single=task.choose == "one")
    ]


def _contradict(one: Rule, other: Rule, above: dict[str, frozenset[str]], *, single: bool) -> bool:
    if one.label is None or other.label is None:  # a veto says nothing about classes
        return False
    match one.action, other.action:
        case "vote", "vote":
            related = one.label in above[other.label] or other.label in above[one.label]
            return single and not related
        case "vote", "against":
            return other.label in above[one.label]
        case "against", "vote":
            return one.label in above[other.label]
    return False
