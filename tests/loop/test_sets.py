"""Sets of classes from probabilities, against all sets tried one by one."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl.task import (
    Annotators,
    Budget,
    Call,
    Class,
    Constraint,
    Data,
    Encoders,
    Holdout,
    Phase,
    Query,
    Task,
    Train,
)
from labelwright.loop.constraints import violations
from labelwright.loop.sets import Sets

FLAT = tuple(Class(id=c, title=c) for c in "ABCDE")
TREE = (
    Class(id="A", title="A"),
    Class(id="A.x", title="x", parent="A"),
    Class(id="A.y", title="y", parent="A"),
    Class(id="A.y.z", title="z", parent="A.y"),
    Class(id="B", title="B"),
    Class(id="B.x", title="x", parent="B"),
)


def task(classes: tuple[Class, ...] = FLAT, **more: Any) -> Task:
    return Task(
        name="t",
        title="T",
        choose="many",
        classes=classes,
        data=Data(source=Call(name="csv")),
        holdout=Holdout(size=0.2, annotations=10),
        annotators=Annotators(source=Call(name="simulate")),
        budget=Budget(annotations=100),
        query=Query(phases=(Phase(name="main", strategy=Call(name="auto")),)),
        train=Train(encoder=Encoders(), finetune=Call(name="head")),
        **more,
    )


def closed(sets: Sets, row: np.ndarray) -> bool:
    return bool((sets.hot([sets.named(row)])[0] == row).all())


def best(of: Task, probs: np.ndarray, limits: np.ndarray) -> float:
    """The greatest evidence of any set that the task allows."""
    sets = Sets(of)
    p = sets.coherent(probs[None])[0]
    evidence = np.log(p / (1 - p)) - np.log(limits / (1 - limits))
    values = [
        evidence[np.array(row, bool)].sum()
        for row in product((0, 1), repeat=len(p))
        if closed(sets, np.array(row)) and not violations(of, sets.named(np.array(row)))
    ]
    return float(max(values))


def check(of: Task, probs: np.ndarray, limits: np.ndarray) -> None:
    sets = Sets(of)
    for row, given_ in zip(probs, sets.decide(probs, limits), strict=True):
        assert closed(sets, given_)
        assert not violations(of, sets.named(given_))
        p = sets.coherent(row[None])[0]
        evidence = np.log(p / (1 - p)) - np.log(limits / (1 - limits))
        assert evidence[given_].sum() == pytest.approx(best(of, row, limits))


constraint = st.builds(
    Constraint,
    subject=st.sampled_from("ABCDE"),
    relation=st.sampled_from(["requires", "excludes"]),
    objects=st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=2, unique=True).map(tuple),
).filter(lambda c: c.subject not in c.objects)


@given(
    st.lists(constraint, max_size=3),
    st.sampled_from(["allowed", "forbidden"]),
    st.integers(0, 10_000),
)
@settings(max_examples=60)
def test_flat_sets_are_the_best_that_are_allowed(
    constraints: list[Constraint], empty: str, seed: int
) -> None:
    of = task(constraints=tuple(constraints), empty=empty)
    if empty == "forbidden" and all(
        violations(of, [c for c, n in zip("ABCDE", row, strict=True) if n])
        for row in product((0, 1), repeat=5)
    ):
        return
    rng = np.random.default_rng(seed)
    check(of, rng.uniform(0.02, 0.98, (3, 5)), rng.uniform(0.2, 0.6, 5))


@given(st.integers(0, 10_000), st.sampled_from(["allowed", "forbidden"]), st.booleans())
@settings(max_examples=40)
def test_nested_sets_are_the_best_that_are_allowed(seed: int, empty: str, apart: bool) -> None:
    rules = (
        Constraint(subject="A.y", relation="excludes", objects=("B",)),
        Constraint(subject="B.x", relation="requires", objects=("A",)),
    )
    of = task(TREE, choosable="any", empty=empty, constraints=rules if apart else ())
    rng = np.random.default_rng(seed)
    check(of, rng.uniform(0.02, 0.98, (3, 6)), rng.uniform(0.2, 0.6, 6))


def test_only_leaves_and_constraints_that_name_their_parents() -> None:
    rules = (Constraint(subject="A", relation="excludes", objects=("B",)),)
    of = task(TREE, choosable="leaves", constraints=rules, empty="allowed")
    assert [c.id for c in of.labels] == ["A.x", "A.y.z", "B.x"]
    probs = np.array([[0.9, 0.6, 0.95], [0.9, 0.2, 0.8], [0.1, 0.1, 0.8]])
    limits = np.full(3, 0.5)
    check(of, probs, limits)
    assert Sets(of).decide(probs).tolist() == [
        [False, False, True],
        [True, False, False],
        [False, False, True],
    ]


def test_a_child_brings_its_parents_and_they_are_as_likely() -> None:
    of = task(TREE, choosable="any", empty="allowed")
    sets = Sets(of)
    assert sets.hot([["A.y.z"], ["B"], []]).tolist() == [
        [1, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0] * 6,
    ]
    probs = np.array([[0.1, 0.2, 0.1, 0.7, 0.3, 0.6]])
    assert sets.coherent(probs)[0].tolist() == [0.7, 0.2, 0.7, 0.7, 0.6, 0.6]
    assert sets.named(sets.decide(probs)[0]) == ("A", "A.y", "A.y.z", "B", "B.x")
    assert sets.parents()["A"] == {0, 1, 2, 3}


def test_thresholds_and_an_empty_set() -> None:
    probs = np.array([[0.3, 0.1, 0.2, 0.1, 0.1]])
    limits = np.array([0.25, 0.05, 0.5, 0.5, 0.5])
    sets = Sets(task(empty="allowed"))
    assert sets.named(sets.decide(probs, limits)[0]) == ("A", "B")
    assert sets.named(sets.decide(probs)[0]) == ()
    assert Sets(task()).named(Sets(task()).decide(probs)[0]) == ("A",)


def test_many_classes_that_exclude_each_other_are_settled_quickly() -> None:
    classes = tuple(Class(id=f"c{i}", title=f"c{i}") for i in range(14))
    rules = tuple(
        Constraint(
            subject=c.id, relation="excludes", objects=tuple(d.id for d in classes if d.id > c.id)
        )
        for c in sorted(classes, key=lambda c: c.id)[:-1]
    )
    sets = Sets(task(classes, constraints=rules))
    probs = np.random.default_rng(0).uniform(0.55, 0.95, (20, 14))
    decided = sets.decide(probs)
    assert decided.sum(axis=1).tolist() == [1] * 20
    assert (decided.argmax(axis=1) == probs.argmax(axis=1)).all()
