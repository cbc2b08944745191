from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from labelwright.connectors.annotate.simulate import Habits, Simulated, simulate
from labelwright.dsl.task import Class, Task
from labelwright.loop.errors import ConnectorError, DataError
from labelwright.loop.ports import Context, Request

Make = Callable[..., Any]

CLASSES = [Class(id=c, title=c.lower()) for c in "ABCD"]
N = 6_000


@pytest.fixture
def people(make_context: Make, make_task: Make) -> Callable[..., Simulated]:
    """`people(truths, seed=…, people=…, error=…, …)` over four classes."""

    def make(
        truths: Mapping[str, Any] | None = None, *, task: Task | None = None, seed: int = 0,
        people: int = 3, error: float = 0.1, confusion: float = 0.5, seconds: float = 8.0,
    ) -> Simulated:  # fmt: skip
        context = make_context(task or make_task(CLASSES), seed=seed)
        habits = Habits(context.task, seed, people, error, confusion, seconds)
        given = {f"i{i}": "ABCD"[i % 4] for i in range(N)} if truths is None else truths
        return Simulated(context, "label", habits, lambda context, column: given)

    return make


def requests(n: int = N, people: int = 1) -> list[Request]:
    return [Request(f"i{i}", people) for i in range(n)]


def test_the_mean_error_is_as_asked_and_people_differ(people: Make) -> None:
    for count, error in [(1, 0.1), (2, 0.3), (3, 0.05), (5, 0.9), (4, 1.0)]:
        source = people(people=count, error=error)
        rates = source.habits.rates
        assert sum(rates.values()) / count == pytest.approx(error, abs=1e-12)
        assert all(0 <= r <= 1 for r in rates.values())
        assert len(set(rates.values())) == (count if error < 1 else 1)
        truth = source.truth([f"i{i}" for i in range(N)])
        wrong: Counter[str] = Counter()
        for answer in source.collect("b", requests(people=count)):
            wrong[answer.annotator] += answer.labels != (truth[answer.item],)
        for name, rate in rates.items():
            assert wrong[name] / N == pytest.approx(rate, abs=4 * (0.25 / N) ** 0.5)


def test_without_error_every_answer_is_right(people: Make) -> None:
    source = people(error=0.0)
    for answer in source.collect("b", requests(people=3)):
        assert answer.labels == ("ABCD"[int(answer.item[1:]) % 4],)


def test_each_person_has_habits_of_their_own(people: Make) -> None:
    source = people(people=4, error=0.5, confusion=0.7)
    wrong: dict[tuple[str, str], Counter[str]] = {}
    for answer in source.collect("b", requests(people=4)):
        truth = "ABCD"[int(answer.item[1:]) % 4]
        if answer.labels != (truth,):
            wrong.setdefault((answer.annotator, truth), Counter())[answer.labels[0]] += 1
    for (person, truth), counts in wrong.items():
        habit = source.habits.habit(person, truth)
        assert habit != truth
        assert counts[habit] / counts.total() == pytest.approx(0.7, abs=0.12)
        others = [counts[c] for c in "ABCD" if c not in (habit, truth)]
        assert min(others) > 0.25 * sum(others)
    habits = {p: tuple(source.habits.habit(p, t) for t in "ABCD") for p in source.habits.names}
    assert len(set(habits.values())) > 1


def test_two_classes_and_one(people: Make, make_task: Make) -> None:
    two = people({"i0": "A", "i1": "B"}, task=make_task(CLASSES[:2]), error=1.0, confusion=0.0)
    assert [a.labels for a in two.collect("b", requests(2))] == [("B",), ("A",)]
    one = people({"i0": "A"}, task=make_task(CLASSES[:1]), error=1.0)
    assert one.collect("b", requests(1))[0].labels == ("A",)


def test_collecting_again_in_any_order_and_process_is_the_same(people: Make) -> None:
    asked = requests(200, people=2)
    first = people().collect("b", asked)
    assert first == people().collect("b", asked)
    backwards = people().collect("b", asked[::-1])
    assert sorted(backwards, key=lambda a: a.reference) == sorted(first, key=lambda a: a.reference)
    other = people(seed=1).collect("b", asked)
    assert [a.labels for a in other] != [a.labels for a in first]
    assert len({a.reference for a in first}) == len(first)
    code = (
        "from labelwright.connectors.annotate.simulate import Habits\n"
        "from types import SimpleNamespace as S\n"
        "task = S(labels=[S(id=c) for c in 'ABCD'])\n"
        "h = Habits(task, 0, 3, 0.1, 0.5, 8.0)\n"
        "print([(i, p, h.label(p, f'i{i}', 'ABCD'[i % 4]), h.time(p, f'i{i}'))"
        " for i in range(200) for p in h.who(f'i{i}', 2)])"
    )
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": hashing},
        )  # fmt: skip
        assert done.stdout.strip() == str(
            [(int(a.item[1:]), a.annotator, a.labels[0], a.seconds) for a in first]
        )


def test_work_is_shared_and_more_people_are_added(people: Make) -> None:
    habits = people(people=5).habits
    load = Counter(p for i in range(N) for p in habits.who(f"i{i}", 2))
    assert all(count == pytest.approx(2 * N / 5, rel=0.08) for count in load.values())
    pairs = {frozenset(habits.who(f"i{i}", 2)) for i in range(500)}
    assert len(pairs) == 10
    for i in range(50):
        assert habits.who(f"i{i}", 3)[:2] == habits.who(f"i{i}", 2)
        assert len(set(habits.who(f"i{i}", 5))) == 5


def test_more_people_than_there_are(people: Make) -> None:
    source = people(people=2)
    with pytest.raises(ConnectorError, match="3 different people"):
        source.send("b", [Request("i0", 3)], None)
    with pytest.raises(ConnectorError):
        source.collect("b", [Request("i0", 3)])


def test_times_have_the_mean_asked_for(people: Make) -> None:
    times = [a.seconds for a in people(seconds=12.0).collect("b", requests())]
    assert sum(times) / N == pytest.approx(12, rel=0.04)
    assert min(times) > 0
    assert max(times) > 30
    assert people(seconds=0).collect("b", requests(1))[0].seconds == 0


def test_missing_truth_and_unusable_items_are_skipped(people: Make, make_task: Make) -> None:
    task = make_task([*CLASSES, Class(id="Blurred", title="Blurred", role="unusable")])
    truths = {"i0": "A", "i1": None, "i2": " ", "i3": "blurred", "i4": float("nan")}
    source = people(truths, task=task)
    answers = source.collect("b", requests(6))
    assert [a.skipped for a in answers] == [False, True, True, True, True, True]
    assert all(a.labels == () for a in answers[1:])
    assert source.truth([r.item for r in requests(6)]) == {"i0": "A"}


def test_values_match_by_name_title_alias_and_number(people: Make, make_task: Make) -> None:
    task = make_task(
        [Class(id="Top", title="T-shirt or top", aliases=("0",)), Class(id="경제", title="Economy")]
    )
    truths = {"a": 0, "b": "TOP", "c": "t-shirt OR top", "d": "economy", "e": 0.0}
    assert people(truths, task=task).truth(list(truths)) == {
        "a": "Top", "b": "Top", "c": "Top", "d": "경제", "e": "Top",
    }  # fmt: skip


def test_values_of_no_class_are_listed(people: Make, make_task: Make) -> None:
    task = make_task([Class(id="P", title="P"), Class(id="P.X", title="X", parent="P")])
    source = people({"a": "X", "b": "Q", "c": "Q", "d": "P"}, task=task)
    with pytest.raises(DataError, match=r"column label .*: P \(1\), Q \(2\)") as caught:
        source.collect("b", [Request("a", 1)])
    assert "P.X" in caught.value.remedy


@pytest.mark.parametrize(
    "arguments",
    [{"people": 0}, {"error": 1.5}, {"error": -0.1}, {"confusion": 2.0}, {"seconds": -1.0}],
)
def test_bad_arguments(context: Context, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConnectorError, match=next(iter(arguments))):
        simulate("label", **arguments, context=context)


def test_the_truth_is_read_from_the_tasks_own_data(make_context: Make, make_task: Make) -> None:
    from labelwright.dsl.task import Argument, Call

    context = make_context(make_task(id="id", text=("t",)))
    (context.data_root / "f.csv").write_text("id,t,label\n1,x,a\n2,y,B\n3,z,\n")
    source = Call(name="csv", args=(Argument(value="f.csv"),))
    task = context.task
    task = task.model_copy(update={"data": task.data.model_copy(update={"source": source})})
    found = simulate("label", people=1, error=0.0, context=replace(context, task=task))
    assert found.rehearsal
    assert found.truth(["1", "2", "3"]) == {"1": "A", "2": "B"}
