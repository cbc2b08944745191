"""What an answer may not say: constraints, and how many and which classes one answer names.

An answer that breaks one is kept, and paid for; it counts for no label until it is mended. Whether
it does is worked out from the answer each time and stored nowhere. A class counts as all classes that
contain it: with `Healthy excludes Fungal`, an answer of Healthy and Rust breaks it where Rust is a kind
of Fungal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelwright.dsl.task import Constraint, Task
    from labelwright.loop.store import Event


def lineage(task: Task) -> dict[str, frozenset[str]]:
    """Every class with itself and all classes that contain it: what an answer that names it says."""
    above: dict[str, frozenset[str]] = {}
    for each in task.classes:  # parents come before their children
        inherited: Collection[str] = above[each.parent] if each.parent is not None else ()
        above[each.id] = frozenset((each.id, *inherited))
    return above


def violations(task: Task, labels: Collection[str]) -> tuple[str, ...]:
    """Why an answer of these classes (ids) does not count, a sentence each; empty where it does.

    Whoever skipped an item gave no answer: do not ask about those.
    """
    return Judge(task).violations(labels)


class Judge:
    """Says which answers a task allows; answers that are alike are looked at once."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._above = lineage(task)
        self._titles = {c.id: c.title for c in task.classes}
        self._choices = {c.id for c in task.choices}
        self._known: dict[frozenset[str], tuple[str, ...]] = {}

    def violations(self, labels: Collection[str]) -> tuple[str, ...]:
        """See `violations`."""
        named = frozenset(labels)
        if named not in self._known:
            self._known[named] = tuple(dict.fromkeys(self._why(named)))
        return self._known[named]

    def allows(self, event: Event) -> bool:
        """Whether a judgement counts, as far as its answer goes; to skip an item is allowed."""
        return event.skipped or not self.violations(event.labels)

    def _why(self, labels: frozenset[str]) -> Iterator[str]:
        named = [c.id for c in self._task.classes if c.id in labels]
        if unknown := sorted(labels - set(named)):
            yield f"names {_list(unknown)}, which is no class of the task"
        if self._task.kind == "classification":
            yield from self._how_many(named, bool(labels))
        for label in named:
            if label not in self._choices:
                title = self._titles[label]
                yield f"names {title}, which is divided further: one of the classes in it is meant"
        said = frozenset[str]().union(*(self._above[label] for label in named))
        for constraint in self._task.constraints:
            if constraint.subject in said:
                yield from self._broken(constraint, named, said)

    def _how_many(self, named: Sequence[str], answered: bool) -> Iterator[str]:
        if self._task.choose == "one" and len(named) > 1:
            yield f"names {self._listed(named)}; an answer names one class"
        elif not answered and (self._task.choose == "one" or self._task.empty == "forbidden"):
            yield "names no class; an answer names at least one"

    def _broken(
        self, constraint: Constraint, named: Sequence[str], said: frozenset[str]
    ) -> Iterator[str]:
        subject = self._as_said(constraint.subject, named)
        if constraint.relation == "requires":
            missing = [o for o in constraint.objects if o not in said]
            if missing:
                yield f"names {subject} without {self._listed(missing)}, which it requires"
            return
        for other in constraint.objects:
            if other in said:
                ids = sorted((constraint.subject, other), key=list(self._titles).index)
                both = " and ".join(self._as_said(each, named) for each in ids)
                yield f"names {both}, which exclude each other"

    def _as_said(self, class_id: str, named: Sequence[str]) -> str:
        """The class's title; where only a class inside it was named, that one with it in brackets."""
        title = self._titles[class_id]
        if class_id in named:
            return title
        inside = next(label for label in named if class_id in self._above[label])
        return f"{self._titles[inside]} ({title})"

    def _listed(self, ids: Sequence[str]) -> str:
        return _list([self._titles[each] for each in ids])


def _list(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
