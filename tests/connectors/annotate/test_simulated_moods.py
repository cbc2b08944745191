"""Simulated people who mix up classes, tire and follow suggestions, as often as they are told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labelwright.connectors.annotate.simulate import Habits
from labelwright.connectors.annotate.simulated_moods import Moods, moods
from labelwright.dsl.task import Class
from labelwright.loop.errors import ConnectorError
from labelwright.loop.people.anchored import anchoring_of_each
from labelwright.loop.people.pairs import Place, confused_pairs
from labelwright.loop.ports import Answer, Span, Suggestion

Make = Callable[..., Any]
CLASSES = [Class(id=c, title=c.lower()) for c in "ABCD"]
N = 3_000


@pytest.fixture
def habits(make_task: Make) -> Habits:
    return Habits(make_task(CLASSES), 0, 3, 0.0, 0.5, 8.0)


def told(person: str, n: int = N) -> list[Answer]:
    return [Answer(f"i{i}", person, ("ABCD"[i % 4],), 8.0, reference=f"r{i}") for i in range(n)]


def test_two_classes_are_taken_for_each_other(habits: Habits) -> None:
    found = Moods(habits, ("B", "C"), mixed=0.3).as_they_come(told("person_1"), {})
    changed = [(a.labels[0], b.labels[0]) for a, b in zip(told("person_1"), found, strict=True)]
    for one, other in (("B", "C"), ("C", "B")):
        mine = [said for truth, said in changed if truth == one]
        assert {*mine} == {one, other}
        assert mine.count(other) / len(mine) == pytest.approx(0.3, abs=0.06)
    assert all(truth == said for truth, said in changed if truth in "AD")
    assert found == Moods(habits, ("B", "C"), mixed=0.3).as_they_come(told("person_1"), {})

    places = [
        Place(b.item, {"person_1": frozenset(b.labels), "person_2": frozenset(a.labels)})
        for a, b in zip(told("person_1"), found, strict=True)
    ]
    (pair,) = confused_pairs(places, list("ABCD"))
    assert (pair.one, pair.other, pair.clear) == ("B", "C", True)
    assert pair.rate.estimate == pytest.approx(0.3, abs=0.04)


def test_only_the_first_people_tire_and_only_later_in_a_batch(habits: Habits) -> None:
    mood = Moods(habits, tired_after=1000, tired=0.5)
    for person, share in (("person_1", 0.5), ("person_2", 0.0)):
        found = mood.as_they_come(told(person), {})
        wrong = [a.labels != b.labels for a, b in zip(told(person), found, strict=True)]
        assert not any(wrong[:1000])
        assert sum(wrong[1000:]) / 2000 == pytest.approx(share, abs=0.05)
        assert [a.seconds for a in found[:1000]] == [8.0] * 1000
        assert {a.seconds for a in found[1000:]} == ({4.8} if share else {8.0})


def test_shown_suggestions_are_followed(habits: Habits) -> None:
    shown = {f"i{i}": Suggestion(("A",), 0.9, "round 0") for i in range(N) if i % 5}
    mood = Moods(habits, anchored=0.6)
    found = mood.as_they_come(told("person_1"), shown)
    followed = [a.labels == ("A",) for a in found if a.item in shown and int(a.item[1:]) % 4]
    assert sum(followed) / len(followed) == pytest.approx(0.6, abs=0.05)
    judged = [("person_1", a.item in shown, a.labels == ("A",)) for a in found]
    _, led = anchoring_of_each(judged)["person_1"]
    assert led.low is not None
    assert led.high is not None
    assert led.low < 0.45 < led.high  # three quarters of the answers differ, 60% of them follow


def test_skips_stay_and_marks_keep_their_places(habits: Habits) -> None:
    mood = Moods(habits, ("A", "B"), mixed=1.0)
    skip = Answer("i0", "person_1", (), skipped=True)
    spans = (Span(0, 2, "ab"), Span(3, 5, "de"), Span(6, 7, "g"))
    marks = Answer("i1", "person_1", ("A", "C", "B"), spans=spans)
    first, second = mood.as_they_come([skip, marks], {})
    assert first == skip
    assert second.spans == spans
    assert len(second.labels) == 3
    assert second.labels[1] == "C"


def test_what_makes_no_sense_is_refused(habits: Habits) -> None:
    assert moods(habits, "", 0.3, 0, 0.3, 1, 0.0) is None
    assert moods(habits, "a, B", 0.3, 0, 0.3, 1, 0.0) is not None
    for arguments in (
        ("A", 0.3, 0, 0.3, 1, 0.0), ("A, X", 0.3, 0, 0.3, 1, 0.0), ("A, B", 1.5, 0, 0.3, 1, 0.0),
        ("", 0.3, -1, 0.3, 1, 0.0), ("", 0.3, 5, 0.3, -1, 0.0), ("", 0.3, 0, 0.3, 1, 2.0),
    ):  # fmt: skip
        with pytest.raises(ConnectorError, match="simulate: "):
            moods(habits, *arguments)
