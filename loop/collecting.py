"""What people answered, as events: of the round under way, and late changes to earlier ones.

A source that holds its answers elsewhere has `pull`: what it fetched is then told batch by batch, the
earlier ones too, because people change their minds. Whatever is told twice is stored once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labelwright.loop.budget import spent
from labelwright.loop.errors import StrategyError
from labelwright.loop.flags import flags
from labelwright.loop.gold import GOLD
from labelwright.loop.history import Awaited
from labelwright.loop.labels import present
from labelwright.loop.sending import batch_id, requests, send
from labelwright.loop.store import Event

if TYPE_CHECKING:
    from labelwright.loop.ports import Answer, Request
    from labelwright.loop.store import Choice
    from labelwright.loop.workbench import Workbench


def collect(bench: Workbench, round_: int) -> dict[str, Any] | None:
    """Store every new answer; None while some are still missing."""
    pull(bench)
    asked = requests(bench, round_)
    undelivered = getattr(bench.annotators, "undelivered", None)
    if undelivered is not None and undelivered(batch_id(bench, round_)):
        send(bench, round_)
    answers = _take(bench, round_, asked, _told(bench))
    late = hasattr(bench.annotators, "pull")  # answers to earlier rounds change there too
    for each in range(0 if late else round_, round_ + 1):
        _tell_flags(bench, each)
    if waiting(due(bench, asked), answers):
        return None
    watermark = bench.store.last_event()
    return {
        "answers": sum(not a.withdrawn for a in answers),
        "watermark": watermark,
        "annotations": spent(bench.events(watermark)).training,
    }


def pull(bench: Workbench) -> None:
    """Let a source that holds answers elsewhere fetch them, and store late changes to earlier rounds."""
    fetch = getattr(bench.annotators, "pull", None)
    if fetch is None:
        return
    fetch()
    take_all(bench)


def due(bench: Workbench, asked: Sequence[Request]) -> list[Request]:
    """What is waited for: no further opinions any more where the task says `second_opinions = none` by now,
    and no adjudications where it names no adjudicator any more.

    So a batch that waits for somebody who never comes can be gone on with. Hidden gold is never waited for:
    whoever comes answers it.
    """
    wanted = bench.task.query.second_opinions > 0
    adjudicated = bench.task.annotators.adjudicator is not None
    return [
        r
        for r in asked
        if (wanted or not r.not_by)
        and (r.purpose != GOLD or r.only_by)
        and (adjudicated or not r.only_by)
    ]


def waiting(asked: Sequence[Request], answers: Sequence[Answer]) -> int:
    """How many judgements are still missing: a person counts once an item, and a skip is one.

    Where a further opinion is asked for, whoever answered before does not count; nor does whoever is paused,
    nor, where one alone is asked, anybody else.
    """
    people = _people(answers)
    return sum(max(0, r.people - len(_wanted(r, people.get(r.item, set())))) for r in asked)


def _wanted(request: Request, people: set[str]) -> set[str]:
    """Of these people, those whose answers were asked for."""
    found = people - {*request.not_by, *request.not_to}
    return found & {*request.only_by} if request.only_by else found


def _people(answers: Sequence[Answer]) -> dict[str, set[str]]:
    """By item, who answered or skipped it."""
    people: dict[str, set[str]] = {}
    for answer in answers:
        if not answer.withdrawn:
            people.setdefault(answer.item, set()).add(answer.annotator)
    return people


def take_all(bench: Workbench) -> None:
    """Store what a source that holds answers elsewhere has fetched already; nobody is asked."""
    if hasattr(bench.annotators, "pull"):
        told = _told(bench)
        for round_ in range(len(bench.store.outcomes("send"))):
            _take(bench, round_, requests(bench, round_), told)


def awaited(bench: Workbench) -> Awaited | None:
    """Where the batch under way stands, by what was fetched last; None where none is out."""
    round_ = len(bench.store.outcomes("send")) - 1
    if round_ < 0 or bench.store.outcome(round_, "collect") is not None:
        return None
    asked = requests(bench, round_)
    answers = [
        a for a in bench.annotators.collect(batch_id(bench, round_), asked) if not a.withdrawn
    ]
    people = _people(answers)
    awaited_ = due(bench, asked)
    expert = [r for r in awaited_ if r.only_by]
    begun = [r for r in awaited_ if (people.get(r.item) or r.not_by) and not r.only_by]
    return Awaited(
        round=round_,
        items=len(asked),
        answers=dict(sorted(Counter(a.annotator for a in answers).items())),
        missing=waiting(awaited_, answers),
        seconds=waiting(begun, answers),
        adjudications=waiting(expert, answers),
        skipped=sum(a.skipped for a in answers),
    )


def _told(bench: Workbench) -> dict[str, Event]:
    """What the store knows, by reference."""
    return {e.reference: e for e in bench.events()}


def _take(
    bench: Workbench, round_: int, asked: Sequence[Request], told: Mapping[str, Event]
) -> Sequence[Answer]:
    """Store what is new among the answers to a round's batch, and return all of them."""
    answers = bench.annotators.collect(batch_id(bench, round_), asked)
    choices = {c.item: c for c in bench.store.choices(round_)}
    fresh = [e for a in answers if (e := _event(bench, round_, a, choices, told)) is not None]
    bench.store.add_events(fresh)
    return answers


def _event(
    bench: Workbench,
    round_: int,
    answer: Answer,
    choices: Mapping[str, Choice],
    told: Mapping[str, Event],
) -> Event | None:
    """The event that an answer is; None where the store knows it."""
    before = told.get(answer.reference)
    if answer.withdrawn:
        if before is None:
            return None
        return replace(before, event="delete", definition=bench.definition)
    event = Event(
        "answer", answer.reference, answer.item, "", answer.annotator,
        "simulated" if bench.annotators.rehearsal else "person", "", round_,
        answer.labels, answer.skipped, answer.seconds, bench.definition, spans=answer.spans,
    )  # fmt: skip
    if before is not None:
        if before.says_same(event):
            return None  # stored as it was given, perhaps under an earlier definition
        now = bench.translation.now(before)
        if now is not None and not before.skipped and now.says_same(event):
            return None  # an applied plan rewrote it where it is held
    _check(bench, answer, choices)
    choice = choices[answer.item]
    return replace(event, content=choice.content, purpose=choice.purpose)


def _check(bench: Workbench, answer: Answer, choices: Mapping[str, Choice]) -> None:
    known = {c.id for c in bench.task.classes}
    if answer.item not in choices or not known.issuperset(answer.labels):
        raise StrategyError(
            f"an answer by {answer.annotator} on {answer.item} names what was not asked: "
            + (", ".join(answer.labels) or "no label"),
            "look at the annotator source",
        )


def _tell_flags(bench: Workbench, round_: int) -> None:
    """Hand the answers of the batch that break a constraint to a source that can tell people."""
    tell = getattr(bench.annotators, "flag", None)
    if tell is not None:
        given = [e for e in bench.events() if e.round == round_ and e.source != "existing"]
        judged = present(given, bench.items(round_))
        tell(batch_id(bench, round_), flags(judged, bench.translation))
