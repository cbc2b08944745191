"""Simulated people who name several classes: how often they are wrong, and in what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from labelwright.connectors.annotate.simulate import Habits, Simulated, simulate
from labelwright.dsl.task import Class, Constraint, Task
from labelwright.loop.constraints import violations
from labelwright.loop.errors import DataError
from labelwright.loop.matching import each_of
from labelwright.loop.ports import Request

Make = Callable[..., Any]

CLASSES = [
    *(Class(id=c, title=c.lower()) for c in "ABCDE"),
    Class(id="X", title="x", role="unusable"),
]
TRUTHS = (["A"], ["A", "B"], ["C"], ["B", "D"], ["A", "C", "D"], ["E"])
N = 4_000


@pytest.fixture
def people(make_context: Make, make_task: Make) -> Callable[..., Simulated]:
    def make(
        truths: Mapping[str, Any] | None = None, *, empty: str = "forbidden", delimiter: str = "",
        constraints: tuple[Constraint, ...] = (), error: float = 0.2, confusion: float = 0.5,
    ) -> Simulated:  # fmt: skip
        task: Task = make_task(CLASSES, choose="many").model_copy(
            update={"empty": empty, "constraints": constraints}
        )
        habits = Habits(task, 3, 3, error, confusion, 8.0)
        given = {f"i{i}": TRUTHS[i % 6] for i in range(N)} if truths is None else truths
        return Simulated(make_context(task), "label", habits, lambda c, column: given, delimiter)

    return make


def requests(n: int = N) -> list[Request]:
    return [Request(f"i{i}", 3) for i in range(n)]


def test_people_are_wrong_as_often_as_asked_and_in_one_class(people: Make) -> None:
    source = people()
    truth = source.truths([f"i{i}" for i in range(N)])
    wrong: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for answer in source.collect("b", requests()):
        said, true = set(answer.labels), set(truth[answer.item])
        assert not violations(source.context.task, answer.labels)
        if said == true:
            continue
        wrong[answer.annotator] += 1
        added, dropped = said - true, true - said
        assert max(len(added), len(dropped)) == 1
        kinds["confused" if added and dropped else "more" if added else "fewer"] += 1
    for name, rate in source.habits.rates.items():
        assert wrong[name] / N == pytest.approx(rate, abs=4 * (0.25 / N) ** 0.5)
    whole = sum(kinds.values())
    # Half are confusions; where the habitual class is there already, one class is simply lost.
    assert 0.3 < kinds["confused"] / whole < 0.55
    assert kinds["more"] / whole > 0.2
    assert kinds["fewer"] / whole > 0.1


def test_without_error_answers_are_the_truth_and_are_the_same_again(people: Make) -> None:
    source = people(error=0.0)
    answers = source.collect("b", requests(60))
    assert all(list(a.labels) == TRUTHS[int(a.item[1:]) % 6] for a in answers)
    forwards = {(a.item, a.annotator, a.labels) for a in people().collect("b", requests(60))}
    backwards = {(a.item, a.annotator, a.labels) for a in people().collect("b", requests(60)[::-1])}
    assert forwards == backwards


def test_who_confuses_takes_a_class_for_what_they_always_take_it_for(people: Make) -> None:
    source = people(confusion=1.0)
    for answer in source.collect("b", requests(600)):
        true, said = set(TRUTHS[int(answer.item[1:]) % 6]), set(answer.labels)
        for lost in true - said:
            assert source.habits.habit(answer.annotator, lost) in said


def test_slips_break_no_constraint(people: Make) -> None:
    rules = (
        Constraint(subject="B", relation="requires", objects=("A", "D")),
        Constraint(subject="A", relation="excludes", objects=("E",)),
    )
    truths = {f"i{i}": (["A"], ["A", "B", "D"], ["E"], ["C", "D"])[i % 4] for i in range(800)}
    source = people(truths, constraints=rules, error=0.8)
    answers = source.collect("b", requests(800))
    assert sum(set(a.labels) != set(truths[a.item]) for a in answers) > 0.7 * len(answers)
    assert not any(violations(source.context.task, a.labels) for a in answers)


def test_an_empty_answer_only_where_it_is_allowed(people: Make) -> None:
    truths = {f"i{i}": [] if i % 2 else ["A"] for i in range(400)}
    said = people(truths, empty="allowed", error=0.5).collect("b", requests(400))
    assert not any(a.skipped for a in said)
    assert any(a.labels == () for a in said if int(a.item[1:]) % 2 == 0)
    skipped = people(truths, error=0.0).collect("b", requests(400))
    assert all(a.skipped == bool(int(a.item[1:]) % 2) for a in skipped)


@pytest.mark.parametrize(
    ("value", "delimiter", "expected"),
    [
        (["a", None, "b"], "", ["a", "b"]),
        ([], "", []),
        (None, ";", None),
        ("  ", ";", None),
        ("a;b; c", ";", ["a", "b", " c"]),
        ("a;b", "", ["a;b"]),
        ('["a", "b"]', "", ["a", "b"]),
        ("[a]", "", ["[a]"]),
        (3, "", [3]),
    ],
)
def test_a_cell_of_several_values(value: Any, delimiter: str, expected: list[Any] | None) -> None:
    assert each_of(value, delimiter) == expected


def test_cells_are_read_and_what_is_no_class_is_listed(people: Make) -> None:
    source = people({"p": "b, a", "q": "A,x", "r": None}, delimiter=",")
    assert source.truths(["p", "q", "r"]) == {"p": ("A", "B")}
    with pytest.raises(DataError, match=r"values that are no class to choose: Q \(1\), R \(2\)"):
        people({"p": ["A", "Q"], "q": ["R"], "r": ["R", "B"]}).check()


def test_the_column_is_read_from_the_tasks_data(make_context: Make, make_task: Make) -> None:
    from labelwright.dsl.task import Argument, Call

    task = make_task(CLASSES, choose="many", id="id", text=("t",))
    source = Call(name="jsonl", args=(Argument(value="f.jsonl"),))
    task = task.model_copy(update={"data": task.data.model_copy(update={"source": source})})
    context = make_context(task)
    (context.data_root / "f.jsonl").write_text(
        '{"id": "1", "t": "x", "label": ["a", "B"]}\n{"id": "2", "t": "y", "label": ["C"]}\n'
    )
    found = simulate("label", people=1, error=0.0, context=context)
    assert found.truths(["1", "2"]) == {"1": ("A", "B"), "2": ("C",)}  # type: ignore[attr-defined]
