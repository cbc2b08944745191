"""How simulated people err where they mark parts of texts: they miss, confuse, misplace and make up marks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.connectors.exchange.marks import Mark, MarkError, placed, read_marks
from labelwright.loop.matching import ClassMatcher, is_missing
from labelwright.loop.ports import Span
from labelwright.loop.spans.words import words

if TYPE_CHECKING:
    from labelwright.connectors.annotate.simulate import Habits


@dataclass(frozen=True)
class SpanHabits:
    """Marks by people of these habits; pure functions of the seed.

    A person's error rate is the share of marks that are wrong: in `confusion` of the cases one gets the class
    that the person habitually takes for the right one; of the others half are missed, and half begin or
    end one word off. As many texts get a mark too many, of one word. Marks stay as the task allows.
    """

    habits: Habits

    def marks(self, person: str, item: str, text: str, truth: Sequence[Mark]) -> tuple[Mark, ...]:
        """What this person marks in the text of an item, by place."""
        rate = self.habits.rate(person)
        said: list[Mark] = []
        for number, (span, label) in enumerate(truth):
            slips, habitual, kind, which = self.habits.numbers("mark", person, item, str(number))
            if slips / 2**64 >= rate:
                said.append((span, label))
            elif habitual / 2**64 < self.habits.confusion and len(self.habits.task.labels) > 1:
                said.append((span, self.habits.habit(person, label)))
            elif kind % 2:
                others = [*said, *truth[number + 1 :], *truth[:number]]
                moved = [s for s in _moved(text, span) if not _meets(s, others)]
                said += [(moved[which % len(moved)], label)] if moved else []
        slips, where, which, _ = self.habits.numbers("made up", person, item)
        free = [s for s in _words(text) if not _meets(s, [*said, *truth])]
        if slips / 2**64 < rate and free:
            labels = self.habits.task.labels
            said.append((free[where % len(free)], labels[which % len(labels)].id))
        return placed(said, self.habits.task.nesting)


def read_truth(
    value: Any, text: str, matcher: ClassMatcher, habits: Habits
) -> tuple[Mark, ...] | None:
    """The marks that a cell of true marks names; None where it is missing.

    A list of `{start, end, label}` or `[words, label]`, or the same as JSON. Raises MarkError.
    """
    if is_missing(value):
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise MarkError(f"“{value[:40]}” is no list of marks") from None
    if not isinstance(value, list | tuple):
        raise MarkError(f"{value!r} is no list of marks")
    return placed(read_marks(list(value), text, matcher), habits.task.nesting)


def _words(text: str) -> list[Span]:
    return [Span(a, z, text[a:z]) for a, z in _places(text)]


def _places(text: str) -> list[tuple[int, int]]:
    return [(int(a), int(z)) for a, z in words(text)]


def _moved(text: str, span: Span) -> Iterator[Span]:
    """The span with one end a word further in or out."""
    places = _places(text)
    inside = [(a, z) for a, z in places if a < span.end and z > span.start]
    after = [z for a, z in places if a >= span.end][:1]
    before = [a for a, z in places if z <= span.start][-1:]
    ends = [(span.start, z) for z in after] + [(a, span.end) for a in before]
    if len(inside) > 1:
        ends += [(span.start, inside[-2][1]), (inside[1][0], span.end)]
    for start, end in ends:
        yield Span(start, end, text[start:end])


def _meets(span: Span, marks: Sequence[Mark]) -> bool:
    return any(other.start < span.end and span.start < other.end for other, _ in marks)
