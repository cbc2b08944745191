"""How simulated people err where an answer may name several classes: they drop, add or confuse one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labelwright.loop.constraints import Judge
from labelwright.loop.matching import ClassMatcher, each_of

if TYPE_CHECKING:
    from labelwright.connectors.annotate.simulate import Habits
    from labelwright.dsl.task import Task

Answer = tuple[str, ...]
"""Class ids, in the order of the task file."""


@dataclass(frozen=True)
class SetHabits:
    """Answers of several classes by people of these habits; pure functions of the seed.

    A wrong answer is the right one but for one class: in `confusion` of the cases one is taken for what
    the person habitually takes it for, in the others one is left out or one more is named, as often. It is
    an answer that the task allows: where a slip would break that, another is made in its place.
    """

    habits: Habits

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.habits.task)

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        return tuple(c.id for c in self.habits.task.labels)

    def label(self, person: str, item: str, truth: Answer) -> Answer:
        """What this person answers; the truth where no slip of one class is allowed."""
        slips, habitual, which, kind = self.habits.numbers("answer", person, item)
        if slips / 2**64 >= self.habits.rate(person):
            return truth
        confused = self._allowed(self._confused(person, truth), truth)
        fewer = self._allowed((set(truth) - {c} for c in truth), truth)
        more = self._allowed(({*truth, c} for c in self._labels if c not in truth), truth)
        kinds = [fewer, more] if kind % 2 else [more, fewer]
        kinds = (
            [confused, *kinds] if habitual / 2**64 < self.habits.confusion else [*kinds, confused]
        )
        options = next((options for options in kinds if options), [truth])
        return options[which % len(options)]

    def _confused(self, person: str, truth: Answer) -> Iterable[set[str]]:
        if len(self._labels) < 2:
            return
        for c in truth:
            yield (set(truth) - {c}) | {self.habits.habit(person, c)}

    def _allowed(self, answers: Iterable[Iterable[str]], truth: Answer) -> list[Answer]:
        found = [ordered(self.habits.task, answer) for answer in answers]
        return [a for a in found if a != truth and not self._judge.violations(a)]


def ordered(task: Task, labels: Iterable[str]) -> Answer:
    """Each once, in the order of the task file."""
    named = set(labels)
    return tuple(c.id for c in task.classes if c.id in named)


def read_set(
    task: Task, matcher: ClassMatcher, value: Any, delimiter: str
) -> tuple[Answer | None, Sequence[str]]:
    """The classes that a cell of true labels names, and what in it is no class to choose.

    None where the item has no answer: the cell is missing, or names an unusable class, or names none in a
    task that wants at least one.
    """
    named = each_of(value, delimiter)
    if named is None:
        return None, ()
    choices = {c.id: c.role for c in task.choices}
    found = [(str(each), matcher.match(each)) for each in named]
    unknown = [text for text, label in found if label not in choices]
    labels = [label for _, label in found if label in choices]
    if any(choices[label] != "label" for label in labels):
        return None, unknown
    if not labels and task.empty == "forbidden":
        return None, unknown
    return ordered(task, labels), unknown
