"""Simulated people who mark parts of texts: how often they are wrong, and in what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from labelwright.connectors.annotate.simulate import Habits, Simulated
from labelwright.dsl.task import Class, Task
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Request

Make = Callable[..., Any]
TEXT = "Kim flew from Old Town to Seoul with tea , bread and a map"
TRUE = [
    {"start": 0, "end": 3, "label": "Person"},
    {"start": 14, "end": 22, "label": "Place"},
    {"start": 26, "end": 31, "label": "place"},
]
N = 1_500


@pytest.fixture
def people(make_context: Make, make_task: Make) -> Callable[..., Simulated]:
    def make(
        cells: Mapping[str, Any] | None = None, *, error: float = 0.2, confusion: float = 0.5, seed: int = 3
    ) -> Simulated:  # fmt: skip
        classes = [Class(id=c, title=c) for c in ("Person", "Place", "Thing")]
        task: Task = make_task(classes, text=("body",)).model_copy(
            update={"kind": "spans", "nesting": "flat"}
        )
        given = {f"i{i}": TRUE for i in range(N)} if cells is None else cells
        columns = {"body": dict.fromkeys(given, TEXT), "spans": given}
        return Simulated(
            make_context(task), "spans", Habits(task, seed, 3, error, confusion, 8.0),
            lambda context, column: columns[column],
        )  # fmt: skip

    return make


def asked(source: Simulated, n: int = N) -> list[Any]:
    return list(source.collect("b", [Request(item=f"i{i}", people=3) for i in range(n)]))


def test_marks_are_wrong_as_often_as_asked_in_four_ways(people: Make) -> None:
    true = {(m["start"], m["end"], m["label"].title()) for m in TRUE}
    kinds: Counter[str] = Counter()
    for answer in asked(people()):
        said = {(s.start, s.end, c) for s, c in zip(answer.spans, answer.labels, strict=True)}
        assert all(TEXT[s.start : s.end] == s.text for s in answer.spans)
        ordered = sorted((s.start, s.end) for s in answer.spans)
        assert all(a[1] <= b[0] for a, b in pairwise(ordered))
        for start, end, label in true:
            if (start, end, label) in said:
                kinds["right"] += 1
            elif any((s, e) == (start, end) for s, e, _ in said):
                kinds["confused"] += 1
            elif any(s < end and start < e and c == label for s, e, c in said):
                kinds["moved"] += 1
            else:
                kinds["missed"] += 1
        kinds["made up"] += sum(
            not any(s < end and start < e for start, end, _ in true) for s, e, _ in said
        )
    marks = 3 * 3 * N
    assert kinds["right"] / marks == pytest.approx(0.8, abs=0.02)
    assert kinds["confused"] / marks == pytest.approx(0.1, abs=0.02)
    assert kinds["moved"] / marks == pytest.approx(0.05, abs=0.015)
    assert kinds["missed"] / marks == pytest.approx(0.05, abs=0.015)
    assert kinds["made up"] / (3 * N) == pytest.approx(0.2, abs=0.02)


def test_answers_depend_on_seed_person_and_item_alone(people: Make) -> None:
    first, again = asked(people(), 50), asked(people(), 50)
    assert first == again
    assert asked(people(seed=4), 50) != first
    (alone,) = people().collect("b", [Request(item="i7", people=1)])
    assert alone in first


def test_without_error_people_say_the_truth_also_as_json_and_by_words(people: Make) -> None:
    cells = {
        "i0": TRUE, "i1": json.dumps(TRUE), "i2": [["Kim", "Person"]], "i3": [], "i4": None,
    }  # fmt: skip
    by_item = {a.item: a for a in asked(people(cells, error=0.0), 5) if a.annotator == "person_1"}
    assert by_item["i0"].labels == by_item["i1"].labels == ("Person", "Place", "Place")
    assert by_item["i2"].spans[0].text == "Kim"
    assert (by_item["i3"].labels, by_item["i3"].skipped) == ((), False)
    assert by_item["i4"].skipped
    assert set(people(cells).true_marks(list(cells))) == {"i0", "i1", "i2", "i3"}


@pytest.mark.parametrize(
    "cell",
    [
        "no json", 3, [{"start": 0, "end": 99, "label": "Person"}], [{"start": 0, "end": 3, "label": "Dog"}],
        [{"start": 0, "end": 3, "label": "Person"}, {"start": 0, "end": 8, "label": "Place"}], [["tea", 3]],
    ],
)  # fmt: skip
def test_what_is_no_list_of_marks_is_told_with_its_item(cell: Any, people: Make) -> None:
    with pytest.raises(DataError, match="column spans of item i0"):
        people({"i0": cell}).check()
