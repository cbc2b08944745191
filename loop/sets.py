"""From probabilities of single classes to the set of classes that an item is given.

A set is what the task allows: a class comes with the classes that contain it, where these may be chosen too;
it breaks no constraint; it is not empty where that is forbidden. Of the allowed sets it is the one with the
greatest sum of evidence, log-odds over the threshold, of its classes: without constraints, every class from
its threshold on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.constraints import lineage

if TYPE_CHECKING:
    from labelwright.dsl.task import Task

_SURE = 1e-9  # probabilities are kept off 0 and 1 by this


@dataclass(frozen=True)
class Sets:
    """The sets of labels of a task with several classes an item, as rows of 0 and 1 by class index."""

    task: Task

    @cached_property
    def _ids(self) -> tuple[str, ...]:
        return tuple(c.id for c in self.task.labels)

    @cached_property
    def _above(self) -> tuple[frozenset[int], ...]:
        """By class index, the labels that come with it, itself among them."""
        index = {c: i for i, c in enumerate(self._ids)}
        above = lineage(self.task)
        return tuple(frozenset(index[a] for a in above[c] if a in index) for c in self._ids)

    @cached_property
    def _parent(self) -> tuple[int | None, ...]:
        """By class index, the nearest label that contains it; parents come before their children."""
        return tuple(max(up - {i}, default=None) for i, up in enumerate(self._above))

    @cached_property
    def _within(self) -> dict[str, frozenset[int]]:
        """By id of any class, parents included, the labels that say it."""
        above = lineage(self.task)
        return {
            each.id: frozenset(i for i, c in enumerate(self._ids) if each.id in above[c])
            for each in self.task.classes
        }

    @cached_property
    def _apart(self) -> tuple[tuple[frozenset[int], frozenset[int]], ...]:
        """The labels that say a class, and those that say one that it excludes, whoever wrote it down."""
        apart: dict[str, frozenset[int]] = {}
        for constraint in self.task.constraints:
            if constraint.relation == "excludes":
                for other in constraint.objects:
                    for one, two in ((constraint.subject, other), (other, constraint.subject)):
                        apart[one] = apart.get(one, frozenset()) | self._within[two]
        return tuple((self._within[one], others) for one, others in apart.items())

    @cached_property
    def _nested(self) -> bool:
        return any(len(up) > 1 for up in self._above)

    def hot(
        self, answers: Iterable[Iterable[str]], shares: Sequence[Mapping[str, float]] = ()
    ) -> np.ndarray:
        """(n, n_classes) float64, 1 for each class of an answer and for those that contain it.

        shares: by item and class, the share of its people who named it, where that is wanted instead.
        """
        answers = [tuple(answer) for answer in answers]
        index = {c: i for i, c in enumerate(self._ids)}
        found = np.zeros((len(answers), len(self._ids)))
        for row, answer in enumerate(answers):
            for label in answer:
                found[row, list(self._above[index[label]])] = 1
        for row, told in enumerate(shares):
            found[row] = 0
            for label, share in told.items():
                if label in index:
                    up = list(self._above[index[label]])
                    found[row, up] = np.maximum(found[row, up], share)
        return found

    def named(self, row: np.ndarray) -> tuple[str, ...]:
        """The ids of a row of 0 and 1."""
        return tuple(self._ids[i] for i in np.flatnonzero(row))

    def parents(self) -> dict[str, frozenset[int]]:
        """By id of every class, the indices of the labels that say it: a child counts as its parents."""
        return self._within

    def coherent(self, probs: np.ndarray) -> np.ndarray:
        """Probabilities (n, n_classes) by which a class is as likely as any class within it, at least."""
        if not self._nested:
            return probs
        found = probs.copy()
        for i, above in enumerate(self._above):
            for up in above - {i}:
                np.maximum(found[:, up], probs[:, i], out=found[:, up])
        return found

    def decide(self, probs: np.ndarray, thresholds: np.ndarray | None = None) -> np.ndarray:
        """(n, n_classes) bool, the classes given; thresholds (n_classes,) are 50% where there are none."""
        limits = np.full(probs.shape[1], 0.5) if thresholds is None else thresholds
        evidence = _log_odds(self.coherent(probs)) - _log_odds(limits)
        given = self._most(evidence)
        for row in np.flatnonzero(self._wrong(given)):
            given[row] = self._best(evidence[row])
        return given

    def _wrong(self, given: np.ndarray) -> np.ndarray:
        """(n,) bool, whether a set is not allowed."""
        wrong = np.zeros(len(given), dtype=bool)
        if self.task.empty == "forbidden":
            wrong |= ~given.any(axis=1)
        for constraint in self.task.constraints:
            says = self._says(given, constraint.subject)
            for other in constraint.objects:
                broken = constraint.relation == "excludes"
                wrong |= says & (self._says(given, other) == broken)
        return wrong

    def _says(self, given: np.ndarray, class_id: str) -> np.ndarray:
        return np.asarray(given[:, sorted(self._within[class_id])].any(axis=1))

    def _most(
        self,
        evidence: np.ndarray,
        without: frozenset[int] = frozenset(),
        demanded: frozenset[int] = frozenset(),
    ) -> np.ndarray:
        """(n, n_classes) bool, the sets of most evidence (n, n_classes), where a class brings its parents.

        From the leaves up, a class is worth its own evidence and what is worth having within it.
        """
        worth = evidence.copy()
        worth[:, list(without)] = -np.inf
        for i in reversed(range(len(self._parent))):
            if (up := self._parent[i]) is not None:
                worth[:, up] += worth[:, i] if i in demanded else np.maximum(worth[:, i], 0)
        given = worth >= 0
        given[:, list(demanded)] = True
        for i, up in enumerate(self._parent):
            if up is not None and i not in demanded:
                given[:, i] &= given[:, up]
        return given

    # --- the best allowed set of one item -----------------------------------------------------

    def _best(self, evidence: np.ndarray) -> np.ndarray:
        """(n_classes,) bool: best first over what to leave out and what to add.

        Each branch forbids some classes and demands others. The best set under these alone is a bound for
        all sets under them; so the first to be reached that is allowed is the best of all.
        """
        at = 0
        open_: list[tuple[float, int, np.ndarray, frozenset[int], frozenset[int]]] = []

        def reach(without: frozenset[int], with_: frozenset[int]) -> None:
            nonlocal at
            given = self._under(evidence, without, with_)
            if given is not None:
                at += 1
                heappush(open_, (-float(evidence[given].sum()), at, given, without, with_))

        reach(frozenset(), frozenset())
        while open_:
            _, _, given, without, with_ = heappop(open_)
            branches = list(self._branches(given, without, with_))
            if not branches:
                return given
            for branch in branches:
                reach(*branch)
        return np.zeros(len(evidence), dtype=bool)  # nothing is allowed: the task's checks say so

    def _under(
        self, evidence: np.ndarray, without: frozenset[int], with_: frozenset[int]
    ) -> np.ndarray | None:
        """The set of most evidence that holds `with_` and none of `without`; None where there is none."""
        demanded = frozenset[int]().union(*(self._above[i] for i in with_))
        if demanded & without:
            return None
        return np.asarray(self._most(evidence[None], without, demanded)[0])

    def _branches(
        self, given: np.ndarray, without: frozenset[int], with_: frozenset[int]
    ) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
        """The ways to mend the first thing that is wrong with a set; none where nothing is."""
        said = frozenset(map(int, np.flatnonzero(given)))
        for subject, apart in self._apart:
            if subject & said and apart & said:
                yield without | subject, with_
                yield without | apart, with_
                return
        for constraint in self.task.constraints:
            subject = self._within[constraint.subject]
            if constraint.relation == "excludes" or not subject & said:
                continue
            for other in constraint.objects:
                within = self._within[other]
                if not within & said:
                    yield without | subject, with_
                    for i in sorted(within - without):
                        yield without, with_ | {i}
                    return
        if not said and self.task.empty == "forbidden":
            for i in sorted(frozenset(range(len(given))) - without):
                yield without, with_ | {i}


def _log_odds(p: np.ndarray) -> np.ndarray:
    kept = np.clip(p, _SURE, 1 - _SURE)
    return np.asarray(np.log(kept) - np.log1p(-kept))
