"""What answers a task allows: against the plain meaning, on every set of classes."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl.task import Class, Constraint, Task
from labelwright.loop.constraints import Judge, lineage, violations
from labelwright.loop.store import Event
from labelwright.words import flag_line
from tests.loop.rules.tasks import task_of

LEAF = """
class Healthy
class Fungal { class Rust
 class Mildew }
class Blurred { role = unusable }
"""


def leaf(head: str, constraints: str = "") -> Task:
    more = f"constraints {{\n{constraints}\n}}" if constraints else ""
    return task_of(f"task leaf {{ {head} }}", classes=LEAF, more=more)


def subsets(ids: list[str]) -> list[frozenset[str]]:
    return [frozenset(s) for n in range(len(ids) + 1) for s in combinations(ids, n)]


def right(task: Task, labels: frozenset[str]) -> bool:
    """Whether the answer is allowed, straight from the words of the design."""
    parents = {c.id: c.parent for c in task.classes}
    said = set(labels)
    for label in labels:
        while (above := parents[label]) is not None:
            said.add(label := above)
    if task.kind == "classification":
        if task.choose == "one" and len(labels) != 1:
            return False
        if task.choose == "many" and task.empty == "forbidden" and not labels:
            return False
    if task.choosable == "leaves" and any(label in parents.values() for label in labels):
        return False
    for each in task.constraints:
        held = [other in said for other in each.objects]
        if each.subject in said and each.relation == "requires" and not all(held):
            return False
        if each.subject in said and each.relation == "excludes" and any(held):
            return False
    return True


trees = st.lists(st.integers(-1, 4), min_size=1, max_size=5).map(
    lambda above: tuple(
        Class(id=f"c{i}", title=f"C{i}", parent=f"c{p}" if 0 <= p < i else None)
        for i, p in enumerate(above)
    )
)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    classes = draw(trees)
    ids = st.sampled_from([c.id for c in classes])
    constraint = st.builds(
        Constraint,
        subject=ids,
        relation=st.sampled_from(["requires", "excludes"]),
        objects=st.lists(ids, min_size=1, max_size=2).map(tuple),
    )
    return task_of().model_copy(
        update={
            "classes": classes,
            "constraints": tuple(draw(st.lists(constraint, max_size=3))),
            "kind": draw(st.sampled_from(["classification", "spans"])),
            "choose": draw(st.sampled_from(["one", "many"])),
            "empty": draw(st.sampled_from(["allowed", "forbidden"])),
            "choosable": draw(st.sampled_from(["leaves", "any"])),
        }
    )


@given(tasks())
@settings(max_examples=150)
def test_an_answer_is_allowed_where_it_breaks_nothing(task: Task) -> None:
    judge = Judge(task)
    for labels in subsets([c.id for c in task.classes]):
        why = violations(task, labels)
        assert (why == ()) == right(task, labels), labels
        assert judge.violations(sorted(labels)) == why
        assert len(set(why)) == len(why)


@pytest.mark.parametrize(
    ("head", "constraints", "labels", "why"),
    [
        ("choose = many", "Healthy excludes Fungal", ["Healthy", "Fungal.Rust"],
         ["names Healthy and Rust (Fungal), which exclude each other"]),
        ("choose = many\n classes = any", "Fungal excludes Healthy", ["Healthy", "Fungal"],
         ["names Healthy and Fungal, which exclude each other"]),
        ("choose = many", "Healthy excludes Fungal\nFungal excludes Healthy",
         ["Healthy", "Fungal.Rust"], ["names Healthy and Rust (Fungal), which exclude each other"]),
        ("choose = many", "Fungal.Rust requires Healthy, Fungal.Mildew", ["Fungal.Rust"],
         ["names Rust without Healthy and Mildew, which it requires"]),
        ("choose = many", "Fungal requires Healthy", ["Fungal.Rust", "Fungal.Mildew"],
         ["names Rust (Fungal) without Healthy, which it requires"]),
        ("choose = many", "Healthy requires Fungal", ["Healthy", "Fungal.Mildew"], []),
        ("choose = many", "", [], ["names no class; an answer names at least one"]),
        ("choose = many\n empty = allowed", "", [], []),
        ("choose = one", "", [], ["names no class; an answer names at least one"]),
        ("choose = one", "", ["Fungal.Rust", "Healthy"],
         ["names Healthy and Rust; an answer names one class"]),
        ("choose = one", "", ["Fungal"],
         ["names Fungal, which is divided further: one of the classes in it is meant"]),
        ("choose = one\n classes = any", "", ["Fungal"], []),
        ("choose = one", "", ["Blurred"], []),
        ("choose = one", "", ["Gone"], ["names Gone, which is no class of the task"]),
        ("kind = spans", "Healthy requires Fungal", ["Healthy"],
         ["names Healthy without Fungal, which it requires"]),
        ("kind = spans", "", [], []),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(
    head: str, constraints: str, labels: list[str], why: list[str]
) -> None:
    assert list(violations(leaf(head, constraints), labels)) == why


def event(labels: tuple[str, ...], *, skipped: bool = False) -> Event:
    return Event("answer", "r/1", "17", "", "3", "person", "train", 0, labels, skipped, None, "")


def test_to_skip_an_item_is_allowed() -> None:
    judge = Judge(leaf("choose = many", "Healthy excludes Fungal"))
    assert judge.allows(event((), skipped=True))
    assert judge.allows(event(("Healthy",)))
    assert not judge.allows(event(()))
    assert not judge.allows(event(("Healthy", "Fungal.Rust")))


def test_a_flag_says_who_which_and_why() -> None:
    why = violations(leaf("choose = many", "Healthy excludes Fungal"), ["Healthy", "Fungal.Rust"])
    assert flag_line("3", "17", why) == (
        "annotator 3 · item 17 · names Healthy and Rust (Fungal), which exclude each other"
    )
    assert flag_line("existing", "17", ("a", "b")) == "existing label · item 17 · a; b"


def test_a_class_counts_as_all_that_contain_it() -> None:
    assert lineage(leaf("choose = one"))["Fungal.Rust"] == {"Fungal", "Fungal.Rust"}
