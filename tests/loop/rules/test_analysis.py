"""What rules are worth, against plain counting item by item."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from labelwright.dsl.task import Rule, Task
from labelwright.loop.rules.analysis import RuleFigures, Tally
from labelwright.loop.rules.firing import clashing
from tests.loop.rules.tasks import task_of

CLASSES = ["A", "A.B", "A.C", "D", "U"]
ABOVE = {"A": {"A"}, "A.B": {"A", "A.B"}, "A.C": {"A", "A.C"}, "D": {"D"}, "U": {"U"}}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Task, np.ndarray, list[frozenset[str]]]:
    labels = st.sampled_from(CLASSES)
    made = draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("veto"), st.none()),
                st.tuples(st.sampled_from(["vote", "against"]), labels),
            ),
            max_size=5,
        )
    )
    rules = tuple(
        Rule(name=f"r{i}", action=action, label=label) for i, (action, label) in enumerate(made)
    )
    choose = draw(st.sampled_from(["one", "many"]))
    n = draw(st.integers(0, 12))
    bits = st.lists(st.booleans(), min_size=n, max_size=n)
    fired = np.array([draw(bits) for _ in rules], dtype=bool).reshape(len(rules), n)
    known = st.lists(labels, max_size=1 if choose == "one" else 2).map(frozenset)
    answers = draw(st.lists(known, min_size=n, max_size=n))
    return task_of().model_copy(update={"rules": rules, "choose": choose}), fired, answers


def plainly(task: Task, fired: np.ndarray, answers: list[frozenset[str]]) -> dict[str, Any]:
    """Item by item, straight from the definitions."""
    names = [rule.name for rule in task.rules]
    vetoes = {rule.name for rule in task.rules if rule.action == "veto"}
    figures = {name: {"fires": 0, "alone": 0, "conflicts": 0, "labelled": 0, "right": 0}
               for name in names}  # fmt: skip
    whole = dict.fromkeys(["vetoed", "voted", "only_against", "conflicts", "labelled"], 0)
    opposed = set(clashing(task))
    for item, answer in enumerate(answers):
        here = {name for name, row in zip(names, fired, strict=True) if row[item]}
        whole["labelled"] += bool(answer)
        for name in here & vetoes:
            figures[name]["fires"] += 1
        if here & vetoes:
            whole["vetoed"] += 1
            continue
        said = set().union(*(ABOVE[label] for label in answer))
        speaking = [rule for rule in task.rules if rule.name in here]
        actions = {rule.action for rule in speaking}
        whole["voted"] += "vote" in actions
        whole["only_against"] += actions == {"against"}
        pairs = {p for p in combinations([r.name for r in speaking], 2) if p in opposed}
        whole["conflicts"] += bool(pairs)
        for rule in speaking:
            mine = figures[rule.name]
            mine["fires"] += 1
            mine["alone"] += len(speaking) == 1
            mine["conflicts"] += any(rule.name in pair for pair in pairs)
            mine["labelled"] += bool(answer)
            agrees = (rule.label in said) if rule.action == "vote" else (rule.label not in said)
            mine["right"] += bool(answer) and agrees
    return {"whole": whole, "rules": figures}


@given(cases(), st.integers(1, 13))
@settings(max_examples=150)
def test_figures_agree_with_counting_item_by_item(
    case: tuple[Task, np.ndarray, list[frozenset[str]]], batch: int
) -> None:
    task, fired, answers = case
    tally = Tally(task, examples=2)
    order = np.random.default_rng(0).permutation(len(answers)).astype(np.uint64)
    for start in range(0, len(answers), batch):
        part = slice(start, start + batch)
        tally.add(
            {r.name: row[part] for r, row in zip(task.rules, fired, strict=True)},
            answers[part],
            order[part],
            lambda name, row, start=start: (str(start + row), name),
        )
    found, wanted = tally.result(), plainly(task, fired, answers)
    assert found.items == len(answers)
    assert {k: getattr(found, k) for k in wanted["whole"]} == wanted["whole"]
    assert found.spoken == found.voted + found.only_against
    for figures in found.rules:
        assert {k: getattr(figures, k) for k in wanted["rules"][figures.name]} == wanted["rules"][
            figures.name
        ]
        assert figures.alone + figures.overlaps == figures.fires
        assert len(figures.examples) == min(2, figures.fires)
        assert len(figures.wrong) == min(2, figures.labelled - figures.right)
        orders = [shown.order for shown in figures.examples]
        assert orders == sorted(orders)
        for shown in figures.examples + figures.wrong:
            assert order[int(shown.item)] == shown.order
            assert shown.labels == tuple(sorted(answers[int(shown.item)]))
            assert shown.excerpt == figures.name


@pytest.mark.parametrize(("right", "n"), [(34, 40), (0, 3), (3, 3), (1, 1)])
def test_the_interval_is_that_of_clopper_and_pearson(right: int, n: int) -> None:
    figures = RuleFigures(
        name="r", action="vote", label="A", fires=50, alone=50, conflicts=0, labelled=n, right=right
    )
    exact = binomtest(right, n).proportion_ci(0.95, method="exact")
    assert figures.interval == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert figures.precision == right / n


def test_without_labels_nothing_is_known() -> None:
    figures = RuleFigures(
        name="r", action="vote", label="A", fires=5, alone=5, conflicts=0, labelled=0, right=0
    )
    assert figures.precision is None
    assert figures.interval is None
