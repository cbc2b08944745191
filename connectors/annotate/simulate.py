"""Simulated people, who read the truth from a column of the data and get some of it wrong.

Every answer is a pure function of seed, person and item (a keyed hash, no state): collecting
again, in another process or in another order, gives the same answers. The column of true labels
reaches the loop by no other way than these answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, log
from statistics import NormalDist
from typing import Any

from labelwright.connectors.annotate.simulated_moods import Moods, moods
from labelwright.connectors.annotate.simulated_sets import SetHabits, read_set
from labelwright.connectors.annotate.simulated_spans import SpanHabits, read_truth
from labelwright.connectors.exchange.handing import parts
from labelwright.connectors.exchange.marks import Mark, MarkError
from labelwright.dsl.task import Task
from labelwright.loop.errors import ConnectorError, DataError
from labelwright.loop.matching import ClassMatcher, is_missing
from labelwright.loop.outbox import Outbox
from labelwright.loop.ports import (
    AnnotatorSource,
    Answer,
    Context,
    Items,
    Request,
    Span,
)
from labelwright.loop.supported import several

_SPREAD = 0.5
"""How far people's error rates lie from their mean: from half of it to one and a half times it."""

_SIGMA = 0.5
"""Spread of the logarithm of the time an answer takes."""

Truths = Callable[[Context, str], Mapping[str, Any]]


def simulate(
    column: str,
    people: int = 3,
    error: float = 0.05,
    confusion: float = 0.5,
    seconds: float = 8.0,
    delimiter: str = "",
    careless: int = 0,
    adjudicator_error: float = 0.01,
    mix_up: str = "",
    mixed: float = 0.3,
    tired_after: int = 0,
    tired: float = 0.3,
    tired_people: int = 1,
    anchored: float = 0.0,
    *,
    context: Context,
    outbox: Outbox | None = None,
) -> AnnotatorSource:
    """Simulated people who answer from a column of true labels, for rehearsing a campaign.

    people: how many there are. error: their mean share of wrong answers; each has a rate of their
    own. confusion: share of the wrong answers that go to the class which this person habitually
    takes for the right one; the others go to any wrong class. seconds: mean time of an answer. careless:
    how many of the people answer without looking, any class. adjudicator_error: share of wrong answers of
    the adjudicator, who is none of these people.

    mix_up: two classes, as "Sport, Games", that everybody takes for each other in the share `mixed` of the
    answers that name one. tired_after: answers of a batch after which the first `tired_people` of the people
    are quicker, and give a class at random in the further share `tired`; 0 for never. anchored: share
    of the suggestions that people follow whatever they think; a fifth of all are kept back then.

    With `choose = many` the column holds lists, or texts of several classes with `delimiter` between
    them. A wrong answer is wrong in one class: confused as above, or left out, or one too many.

    With `kind = spans` it holds lists of {start, end, label}, in code points. Marks are wrong, not answers:
    confused as above, or missed, or misplaced by a word; as many texts get a mark too many.
    """
    _check(people=people, error=error, confusion=confusion, seconds=seconds)
    _check_others(people, careless, adjudicator_error)
    habits = Habits(
        context.task, context.seed, people, error, confusion, seconds, careless, adjudicator_error
    )
    return Simulated(
        context,
        column,
        habits,
        _read_truths,
        delimiter,
        moods(habits, mix_up, mixed, tired_after, tired, tired_people, anchored),
        outbox,
    )


@dataclass(frozen=True)
class Habits:
    """How each of the people errs; pure functions of the seed."""

    task: Task
    seed: int
    people: int
    error: float
    confusion: float
    seconds: float
    careless: int = 0
    adjudicator_error: float = 0.01

    @property
    def names(self) -> tuple[str, ...]:
        """`person_1` and so on."""
        return tuple(f"person_{i + 1}" for i in range(self.people))

    @cached_property
    def rates(self) -> dict[str, float]:
        """Share of wrong answers by person; the mean is `error` exactly, but for careless ones."""
        careful = self._careful
        order = sorted(self.names, key=lambda name: self.numbers("careless", name))
        careless = dict.fromkeys(order[: self.careless], 1 - 1 / max(1, len(self._labels)))
        return careful | careless

    def rate(self, person: str) -> float:
        """Share of wrong answers of one of the people, or of the adjudicator."""
        return self.rates.get(person, self.adjudicator_error)

    @property
    def _careful(self) -> dict[str, float]:
        if not 0 < self.error < 1:
            return dict.fromkeys(self.names, self.error)
        spread = min(_SPREAD, (1 - self.error) / self.error)
        order = sorted(self.names, key=lambda name: self.numbers("rate", name))
        middle = (self.people - 1) / 2
        return {
            name: self.error * (1 + (spread * (i - middle) / middle if middle else 0.0))
            for i, name in enumerate(order)
        }

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        return tuple(c.id for c in self.task.labels)

    def who(self, item: str, count: int, not_by: Collection[str] = ()) -> tuple[str, ...]:
        """The `count` people who answer the item; asking for more keeps those that there were."""
        free = [name for name in self.names if name not in not_by]
        ranked = sorted(free, key=lambda name: self.numbers("who", name, item))
        return tuple(ranked[:count])

    def habit(self, person: str, truth: str) -> str:
        """The class that this person habitually takes `truth` for."""
        wrong = [c for c in self._labels if c != truth]
        return wrong[self.numbers("habit", person, truth)[0] % len(wrong)]

    def label(self, person: str, item: str, truth: str) -> str:
        """What this person answers."""
        wrong = [c for c in self._labels if c != truth]
        slips, habitual, which, _ = self.numbers("answer", person, item)
        if not wrong or slips / 2**64 >= self.rate(person):
            return truth
        habit = self.habit(person, truth)
        if len(wrong) == 1 or habitual / 2**64 < self.confusion:
            return habit
        others = [c for c in wrong if c != habit]
        return others[which % len(others)]

    def time(self, person: str, item: str) -> float:
        """Seconds that the answer took: lognormal with mean `seconds`."""
        if self.seconds == 0:
            return 0.0
        draw = (self.numbers("time", person, item)[0] + 0.5) / 2**64
        spread = _SIGMA * NormalDist().inv_cdf(min(max(draw, 1e-12), 1 - 1e-12))
        return round(exp(log(self.seconds) - _SIGMA**2 / 2 + spread), 1)

    def numbers(self, *what: str) -> tuple[int, int, int, int]:
        """Four 64-bit numbers that depend on the seed and `what` alone."""
        key = "\0".join((str(self.seed), *what)).encode()
        raw = hashlib.blake2b(key, digest_size=32, person=b"labelwright sim").digest()
        first, second, third, fourth = (
            int.from_bytes(raw[i : i + 8], "big") for i in (0, 8, 16, 24)
        )
        return first, second, third, fourth


@dataclass(eq=False)
class Simulated:
    """An annotator source of simulated people (`loop.ports.AnnotatorSource` and `Rehearsal`)."""

    context: Context
    column: str
    habits: Habits
    read: Truths
    delimiter: str = ""
    moods: Moods | None = None
    outbox: Outbox | None = None
    rehearsal: bool = field(default=True, init=False)
    assigns: bool = field(default=True, init=False)

    def send(self, batch: str, requests: Sequence[Request], items: Items) -> None:
        """Nothing to send, but for suggestions that people may follow: these are written down.

        Raises ConnectorError where more people are asked than there are.
        """
        self._refuse_too_many(requests)
        if self.moods is not None:
            self.moods.hand_out(self.outbox, batch, requests, items)

    def collect(self, batch: str, requests: Sequence[Request]) -> Sequence[Answer]:
        """Every answer to these requests, the same each time. Raises DataError, ConnectorError."""
        self._refuse_too_many(requests)
        given = [
            self._answer(batch, request.item, person)
            for request in requests
            for person in request.only_by
            or self.habits.who(request.item, request.people, (*request.not_by, *request.not_to))
        ]
        return given if self.moods is None else self.moods.answers(given, self.outbox, batch)

    def people(self) -> tuple[str, ...]:
        """All of them, but for the adjudicator."""
        return self.habits.names

    def check(self) -> None:
        """Raise DataError where the column holds values that are no class to choose."""
        _ = self._marks if self._spans else self._sets if self._several else self._truths

    def truth(self, ids: Sequence[str]) -> dict[str, str]:
        """True class id by item id, where the data hold one that the task's model can learn."""
        return {i: label for i in ids if (label := self._truths.get(i)) is not None}

    def truths(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """True class ids by item id, with `choose = many`."""
        return {i: labels for i in ids if (labels := self._sets.get(i)) is not None}

    def true_marks(self, ids: Sequence[str]) -> dict[str, tuple[Mark, ...]]:
        """True marks by item id, with `kind = spans`."""
        found = {i: self._marks[i][1] for i in ids if i in self._marks}
        return {i: marks for i, marks in found.items() if marks is not None}

    def _refuse_too_many(self, requests: Sequence[Request]) -> None:
        names = set(self.habits.names)
        asked = [r for r in requests if not r.only_by and r.purpose != "gold"]
        left = {r.item: len(names - {*r.not_by, *r.not_to}) for r in asked}
        short = next((r for r in asked if r.not_to and r.people > left[r.item]), None)
        if short is not None:
            raise ConnectorError(
                f"{short.item} needs {short.people} more, and of the {self.habits.people} people who are "
                f"simulated only {left[short.item]} can still be asked: others answered it, or are paused",
                "simulate more people, or lower the threshold of `pause when gold < …`",
            )
        most = max((r.people + len(r.not_by) for r in asked), default=0)
        if most > self.habits.people:
            raise ConnectorError(
                f"{most} different people are to answer an item, and only "
                f"{self.habits.people} are simulated",
                f"write simulate(…, people = {most}) or a smaller overlap",
            )

    def _answer(self, batch: str, item: str, person: str) -> Answer:
        labels, spans = self._said_of_spans(person, item) if self._spans else (None, ())
        if not self._spans:
            labels = self._said(person, item)
        return Answer(
            item=item,
            annotator=person,
            labels=labels or (),
            seconds=self.habits.time(person, item),
            skipped=labels is None,
            reference=f"simulate/{batch}/{item}/{person}",
            spans=spans,
        )

    def _said_of_spans(
        self, person: str, item: str
    ) -> tuple[tuple[str, ...] | None, tuple[Span, ...]]:
        """The classes and places of what a person marks; None where nobody can say."""
        text, truth = self._marks.get(item, ("", None))
        if truth is None:
            return None, ()
        said = SpanHabits(self.habits).marks(person, item, text, truth)
        return tuple(label for _, label in said), tuple(span for span, _ in said)

    def _said(self, person: str, item: str) -> tuple[str, ...] | None:
        """The classes that a person names; None where nobody can say."""
        if self._several:
            several = self._sets.get(item)
            return None if several is None else SetHabits(self.habits).label(person, item, several)
        truth = self._truths.get(item)
        return None if truth is None else (self.habits.label(person, item, truth),)

    @property
    def _several(self) -> bool:
        return several(self.context.task)

    @property
    def _spans(self) -> bool:
        return self.context.task.kind == "spans"

    @cached_property
    def _marks(self) -> dict[str, tuple[str, tuple[Mark, ...] | None]]:
        """Text and true marks by item id; None where nobody can say."""
        matcher = ClassMatcher(self.context.task)
        column = next(part.columns[0] for part in parts(self.context) if part.kind == "text")
        texts = self.read(self.context, column)
        found: dict[str, tuple[str, tuple[Mark, ...] | None]] = {}
        for item, value in self.read(self.context, self.column).items():
            text = str(texts.get(item) or "")
            try:
                found[item] = text, read_truth(value, text, matcher, self.habits)
            except MarkError as error:
                raise DataError(
                    f"column {self.column} of item {item}: {error}",
                    "it holds lists of {start, end, label} in the text, places in code points; a class "
                    "may be one of the `aliases`",
                ) from error
        return found

    @cached_property
    def _sets(self) -> dict[str, tuple[str, ...] | None]:
        """Class ids by item id; None where nobody can say."""
        task = self.context.task
        matcher = ClassMatcher(task)
        unknown: dict[str, int] = {}
        found: dict[str, tuple[str, ...] | None] = {}
        for item, value in self.read(self.context, self.column).items():
            found[item], wrong = read_set(task, matcher, value, self.delimiter)
            for each in wrong:
                unknown[each] = unknown.get(each, 0) + 1
        self._refuse_unknown(unknown)
        return found

    @cached_property
    def _truths(self) -> dict[str, str | None]:
        """Class id by item id; None where there is no true label, or an unusable one."""
        matcher = ClassMatcher(self.context.task)
        choices = {c.id: c.role for c in self.context.task.choices}
        known: dict[Any, str | None] = {}
        unknown: dict[str, int] = {}
        found: dict[str, str | None] = {}
        for item, value in self.read(self.context, self.column).items():
            if is_missing(value):
                found[item] = None
                continue
            key = value if isinstance(value, str | int | float) else str(value)
            if key not in known:
                known[key] = matcher.match(key)
            if (label := known[key]) is None or label not in choices:
                unknown[str(value)] = unknown.get(str(value), 0) + 1
                continue
            found[item] = label if choices[label] == "label" else None
        self._refuse_unknown(unknown)
        return found

    def _refuse_unknown(self, unknown: Mapping[str, int]) -> None:
        if not unknown:
            return
        listed = ", ".join(f"{value} ({n:,})" for value, n in sorted(unknown.items())[:20])
        more = f" and {len(unknown) - 20:,} more" if len(unknown) > 20 else ""
        raise DataError(
            f"column {self.column} holds values that are no class to choose: {listed}{more}",
            "add each to the `aliases` of the class it means; the classes are: "
            + ", ".join([c.id for c in self.context.task.choices][:50]),
        )


def _read_truths(context: Context, column: str) -> Mapping[str, Any]:
    from labelwright.loop.items import read_column

    return read_column(context, column)


def _check_others(people: int, careless: int, adjudicator_error: float) -> None:
    if not 0 <= careless <= people:
        raise ConnectorError(
            f"simulate: careless = {careless} is not a part of {people} people",
            "change it in the task file",
        )
    if not 0 <= adjudicator_error <= 1:
        raise ConnectorError(
            f"simulate: adjudicator_error = {adjudicator_error} is not a share from 0% to 100%",
            "change it in the task file",
        )


def _check(*, people: int, error: float, confusion: float, seconds: float) -> None:
    wrong = [
        (people < 1, f"people = {people} is not a number of people"),
        (not 0 <= error <= 1, f"error = {error} is not a share from 0% to 100%"),
        (not 0 <= confusion <= 1, f"confusion = {confusion} is not a share from 0% to 100%"),
        (not 0 <= seconds < 1e6, f"seconds = {seconds} is not a time"),
    ]
    for is_wrong, what in wrong:
        if is_wrong:
            raise ConnectorError(f"simulate: {what}", "change it in the task file")
