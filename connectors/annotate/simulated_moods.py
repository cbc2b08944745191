"""What else befalls simulated people: classes that all mix up, tiring within a batch, following suggestions.

Each takes an answer as it would have been and gives one as it comes; all are pure functions of the seed, the
person, the item and the place in the batch, so that collecting again gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from labelwright.loop.constraints import Judge
from labelwright.loop.errors import ConnectorError
from labelwright.loop.handing import handed_out, suggestion_of
from labelwright.loop.matching import ClassMatcher

if TYPE_CHECKING:
    from labelwright.connectors.annotate.simulate import Habits
    from labelwright.loop.outbox import Outbox
    from labelwright.loop.ports import Answer, Items, Request, Suggestion

KEPT_BACK = 0.2
"""Share of the suggestions that nobody sees, where people follow them: what they are held against."""

_QUICKER = 0.6  # of the usual time, when tired


@dataclass(frozen=True)
class Moods:
    """See the arguments of `simulate` of the same names. mix_up: class ids, two or none."""

    habits: Habits
    mix_up: tuple[str, ...] = ()
    mixed: float = 0.3
    tired_after: int = 0
    tired: float = 0.3
    tired_people: int = 1
    anchored: float = 0.0

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.habits.task)

    @property
    def tiring(self) -> tuple[str, ...]:
        """Who tires."""
        return self.habits.names[: self.tired_people] if self.tired_after else ()

    def hand_out(
        self, outbox: Outbox | None, batch: str, requests: Sequence[Request], items: Items
    ) -> None:
        """Write down the suggestions that people may follow, a share of them kept back."""
        if not self.anchored or outbox is None:
            return
        name, seed = self.habits.task.name, self.habits.seed
        rows = handed_out(name, batch, requests, items, seed=seed, hidden=KEPT_BACK, state="sent")
        with outbox.writing():
            outbox.add(rows)

    def answers(
        self, given: Sequence[Answer], outbox: Outbox | None = None, batch: str = ""
    ) -> list[Answer]:
        """A batch's answers as they come."""
        sent = outbox.sent(batch) if self.anchored and outbox is not None else ()
        seen = {s.item: told for s in sent if s.shown and (told := suggestion_of(s)) is not None}
        return self.as_they_come(given, seen)

    def as_they_come(self, given: Sequence[Answer], seen: Mapping[str, Suggestion]) -> list[Answer]:
        """The same. seen: the suggestion that was shown, by item."""
        place: dict[str, int] = {}
        found = []
        for answer in given:
            at = place[answer.annotator] = place.get(answer.annotator, -1) + 1
            found.append(answer if answer.skipped else self._answer(answer, at, seen))
        return found

    def _answer(self, answer: Answer, at: int, seen: Mapping[str, Suggestion]) -> Answer:
        if self.mix_up:
            answer = self._mixed(answer)
        if answer.annotator in self.tiring and at >= self.tired_after:
            answer = self._tired(answer)
        suggestion = seen.get(answer.item)
        if suggestion is not None and self._befalls("anchored", answer, self.anchored):
            answer = self._replace(answer, labels=suggestion.labels, spans=suggestion.spans)
        return answer

    def _mixed(self, answer: Answer) -> Answer:
        """One of the two classes in place of the other; each mark of a text by itself."""
        other = dict(zip(self.mix_up, self.mix_up[::-1], strict=True))
        labels = tuple(
            other[c]
            if c in other
            and (answer.spans or other[c] not in answer.labels)
            and self._befalls(f"mix up {n if answer.spans else 0}", answer, self.mixed)
            else c
            for n, c in enumerate(answer.labels)
        )
        return self._allowed(answer, labels)

    def _tired(self, answer: Answer) -> Answer:
        """Quicker, and now and then one class at random in the place of one that was meant."""
        if answer.seconds is not None:
            answer = self._replace(answer, seconds=round(answer.seconds * _QUICKER, 1))
        others = [c.id for c in self.habits.task.labels if c.id not in answer.labels]
        if not answer.labels or not others or not self._befalls("tired", answer, self.tired):
            return answer
        _, which, what, _ = self.habits.numbers("tired", answer.annotator, answer.item)
        at = which % len(answer.labels)
        other = others[what % len(others)]
        labels = (*answer.labels[:at], other, *answer.labels[at + 1 :])
        return self._allowed(answer, labels)

    def _allowed(self, answer: Answer, labels: tuple[str, ...]) -> Answer:
        """With these labels; as it was where the task does not allow them."""
        if not answer.spans:
            named = set(labels)
            labels = tuple(c.id for c in self.habits.task.classes if c.id in named)
        if self._judge.violations(labels):
            return answer
        return self._replace(answer, labels=labels)

    def _befalls(self, what: str, answer: Answer, share: float) -> bool:
        return self.habits.numbers(what, answer.annotator, answer.item)[0] / 2**64 < share

    def _replace(self, answer: Answer, **changes: object) -> Answer:
        return type(answer)(**{**answer.__dict__, **changes})


def moods(
    habits: Habits,
    mix_up: str,
    mixed: float,
    tired_after: int,
    tired: float,
    tired_people: int,
    anchored: float,
) -> Moods | None:
    """None where nothing befalls anybody. Raises ConnectorError where an argument makes no sense."""
    matcher = ClassMatcher(habits.task)
    names = [name.strip() for name in mix_up.split(",") if name.strip()]
    pair = tuple(c for name in names if (c := matcher.match(name)) is not None)
    wrong = [
        (len(names) not in (0, 2), "mix_up names two classes with a comma between them"),
        (len(set(pair)) != len(names), f"mix_up = {mix_up!r} names what is no class of the task"),
        (tired_after < 0, f"tired_after = {tired_after} is not a number of answers"),
        (tired_people < 0, f"tired_people = {tired_people} is not a number of people"),
        *(
            (not 0 <= value <= 1, f"{name} = {value} is not a share from 0% to 100%")
            for name, value in (("mixed", mixed), ("tired", tired), ("anchored", anchored))
        ),
    ]
    for is_wrong, what in wrong:
        if is_wrong:
            raise ConnectorError(f"simulate: {what}", "change it in the task file")
    if not pair and not tired_after and not anchored:
        return None
    return Moods(habits, pair, mixed, tired_after, tired, tired_people, anchored)
