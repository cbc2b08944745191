"""What rules are worth: how much they cover, how they agree, how often they are right.

The figures of Snorkel's LFAnalysis (Ratner et al. 2017, "Snorkel: rapid training data creation with weak
supervision"), for rules that may also vote against a class or veto. On all items, after vetoes (a vetoed
item counts for no rule but the vetoes themselves):

- coverage of a rule: share of the items on which it fires;
- overlap: share on which it fires and at least one other voting rule does; the rest it covers alone;
- conflict: share on which it fires and so does a rule that contradicts it (`firing.clashing`);
- precision: of the items that it fires on and whose label is known, the share on which it is right, with
  the exact interval of Clopper & Pearson (1934). `vote C` is right where the label is C or a class inside
  C, `vote against C` where it is neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nsmallest
from typing import TYPE_CHECKING, Literal

import numpy as np

from labelwright.dsl.frozen import Frozen
from labelwright.loop.constraints import lineage
from labelwright.loop.measure.intervals import lower_bound, upper_bound
from labelwright.loop.rules.firing import clashing

if TYPE_CHECKING:
    from labelwright.dsl.task import Task

CONFIDENCE = 0.95

ShowItem = Callable[[str, int], tuple[str, str]]
"""`show(rule, row)`: the item's id, and what of it to look at for that rule."""


class Shown(Frozen):
    """An item as an example. `order` decides which items are shown: a fixed, even choice of all."""

    order: int
    item: str
    excerpt: str
    labels: tuple[str, ...] = ()  # class ids, where the label is known


class RuleFigures(Frozen):
    """One rule on all items; counts are of items, after vetoes (for a veto: before)."""

    name: str
    action: Literal["vote", "against", "veto"]
    label: str | None
    fires: int
    alone: int
    conflicts: int
    labelled: int  # of those it fires on, how many have a known label
    right: int
    examples: tuple[Shown, ...] = ()
    wrong: tuple[Shown, ...] = ()

    @property
    def overlaps(self) -> int:
        """Items on which another voting rule fires too."""
        return self.fires - self.alone

    @property
    def precision(self) -> float | None:
        """Share of the labelled items on which it is right; None without any."""
        return self.right / self.labelled if self.labelled else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the precision, two-sided, at 95%."""
        if not self.labelled:
            return None
        side = 1 - (1 - CONFIDENCE) / 2
        return (
            lower_bound(self.right, self.labelled, side),
            upper_bound(self.right, self.labelled, side),
        )


class Analysis(Frozen):
    """All rules of a task on all its items."""

    items: int
    rules: tuple[RuleFigures, ...]
    vetoed: int  # items on which no rule speaks
    voted: int  # items with at least one vote for a class
    only_against: int  # items with votes against classes alone
    conflicts: int  # items on which two rules contradict
    labelled: int  # items whose label is known

    @property
    def spoken(self) -> int:
        """Items that at least one rule says something about."""
        return self.voted + self.only_against


class Tally:
    """Counts batch by batch; `examples`: how many items of each kind are kept for every rule."""

    def __init__(self, task: Task, *, examples: int = 0) -> None:
        self._task = task
        self._examples = examples
        self._voting = [rule for rule in task.rules if rule.action != "veto"]
        self._vetoes = [rule for rule in task.rules if rule.action == "veto"]
        names = {rule.name: i for i, rule in enumerate(self._voting)}
        self._against = np.zeros((len(names), len(names)), dtype=np.float32)
        for one, other in clashing(task):
            self._against[names[one], names[other]] = self._against[names[other], names[one]] = 1
        self._above = lineage(task)
        self._counts = {rule.name: np.zeros(5, dtype=np.int64) for rule in task.rules}
        self._shown: dict[str, list[Shown]] = {rule.name: [] for rule in task.rules}
        self._wrong: dict[str, list[Shown]] = {rule.name: [] for rule in task.rules}
        self._items = self._vetoed = self._voted = self._only_against = 0
        self._conflicts = self._labelled = 0

    def add(
        self,
        fired: dict[str, np.ndarray],
        answers: Sequence[frozenset[str]],
        order: np.ndarray,
        show: ShowItem,
    ) -> None:
        """Count some items.

        fired: (n,) bool by rule, vetoes not applied. answers: n sets of class ids, empty where not
        known. order: (n,) uint64.
        """
        n = len(answers)
        known = np.array([bool(answer) for answer in answers], dtype=bool)
        silent = np.zeros(n, dtype=bool)
        for rule in self._vetoes:
            silent |= fired[rule.name]
            self._counts[rule.name][0] += int(fired[rule.name].sum())
            self._keep(self._shown, rule.name, fired[rule.name], answers, order, show)
        speaks = np.zeros((n, len(self._voting)), dtype=bool)
        for i, rule in enumerate(self._voting):
            speaks[:, i] = fired[rule.name] & ~silent
        alone = speaks.sum(axis=1) == 1
        conflicts = speaks & (speaks.astype(np.float32) @ self._against > 0)
        right = self._right(answers, known)
        for i, rule in enumerate(self._voting):
            mine = speaks[:, i]
            wrong = mine & known & ~right[:, i]
            parts = (mine, mine & alone, conflicts[:, i], mine & known, mine & known & right[:, i])
            self._counts[rule.name] += [int(part.sum()) for part in parts]
            self._keep(self._shown, rule.name, mine, answers, order, show)
            self._keep(self._wrong, rule.name, wrong, answers, order, show)
        positive = [rule.action == "vote" for rule in self._voting]
        voted = speaks[:, positive].any(axis=1)
        self._items += n
        self._vetoed += int(silent.sum())
        self._voted += int(voted.sum())
        self._only_against += int((speaks.any(axis=1) & ~voted).sum())
        self._conflicts += int(conflicts.any(axis=1).sum())
        self._labelled += int(known.sum())

    def _right(self, answers: Sequence[frozenset[str]], known: np.ndarray) -> np.ndarray:
        """(n, n_voting) bool: what the rules say is so; meaningless where the label is not known."""
        right = np.zeros((len(answers), len(self._voting)), dtype=bool)
        made: dict[frozenset[str], list[bool]] = {}
        for row in np.flatnonzero(known):
            answer = answers[int(row)]
            if answer not in made:
                said = frozenset[str]().union(*(self._above[label] for label in answer))
                made[answer] = [(r.label in said) == (r.action == "vote") for r in self._voting]
            right[row] = made[answer]
        return right

    def _keep(
        self,
        kept: dict[str, list[Shown]],
        name: str,
        where: np.ndarray,
        answers: Sequence[frozenset[str]],
        order: np.ndarray,
        show: ShowItem,
    ) -> None:
        if not self._examples:
            return
        rows = np.flatnonzero(where)
        first = rows[np.argsort(order[rows], kind="stable")[: self._examples]]
        some = [
            Shown(int(order[row]), *show(name, int(row)), labels=tuple(sorted(answers[int(row)])))
            for row in first
        ]
        kept[name] = nsmallest(self._examples, kept[name] + some, key=lambda shown: shown.order)

    def result(self) -> Analysis:
        """The figures of all that was added."""
        rules = []
        for rule in self._task.rules:
            fires, alone, conflicts, labelled, right = map(int, self._counts[rule.name])
            rules.append(
                RuleFigures(
                    name=rule.name, action=rule.action, label=rule.label, fires=fires,
                    alone=alone, conflicts=conflicts, labelled=labelled, right=right,
                    examples=tuple(self._shown[rule.name]), wrong=tuple(self._wrong[rule.name]),
                )
            )  # fmt: skip
        return Analysis(
            items=self._items, rules=tuple(rules), vetoed=self._vetoed, voted=self._voted,
            only_against=self._only_against, conflicts=self._conflicts, labelled=self._labelled,
        )  # fmt: skip
