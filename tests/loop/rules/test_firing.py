"""Which rules fire, and which contradict each other: against every answer that could be given."""

from __future__ import annotations

from itertools import combinations

import pyarrow as pa
import pytest

from labelwright.dsl.task import Rule, Task
from labelwright.loop.constraints import lineage
from labelwright.loop.errors import DataError
from labelwright.loop.rules.firing import clashing, firing
from tests.loop.rules.tasks import task_of


def test_every_rule_fires_by_itself_in_file_order() -> None:
    task = task_of(
        rules="""
        kim:   vote A.B when body contains "KIM"
        many:  vote D when n > 1 weight 2
        other: vote against A when not body contains "kim"
        all:   vote D
        stub:  veto when words(body) < 2
        """
    )
    table = pa.table({"body": ["Kim came", "lee", None], "n": [1, 2, None]})
    fired = firing(task, table)
    assert list(fired) == ["kim", "many", "other", "all", "stub"]
    assert {name: found.tolist() for name, found in fired.items()} == {
        "kim": [True, False, False],
        "many": [False, True, False],
        "other": [False, True, False],
        "all": [True, True, True],
        "stub": [False, True, False],
    }
    assert all(found.dtype == bool and found.shape == (3,) for found in fired.values())


def test_no_rows_and_no_rules() -> None:
    empty = pa.table({"body": pa.array([], pa.string())})
    assert firing(task_of(), empty) == {}
    fired = firing(task_of(rules='a: vote D when body == "x"\nb: vote D'), empty)
    assert [found.shape for found in fired.values()] == [(0,), (0,)]


def test_a_field_that_is_no_column_is_an_error() -> None:
    with pytest.raises(DataError, match="no column is called bodi"):
        firing(task_of(rules='a: vote D when bodi == "x"'), pa.table({"body": ["x"]}))


def allowed(rule: Rule, answer: frozenset[str], task: Task) -> bool:
    """Whether an answer agrees with what a rule says."""
    above = lineage(task)
    said = set().union(*(above[label] for label in answer))
    return (rule.label in said) == (rule.action == "vote")


@pytest.mark.parametrize("choose", ["one", "many"])
def test_rules_contradict_where_no_answer_agrees_with_both(choose: str) -> None:
    lines = [
        f"r{position}: {action} {name}"
        for position, (action, name) in enumerate(
            (action, name)
            for action in ("vote", "vote against")
            for name in ("A", "A.B", "A.C", "D", "U")
        )
    ]
    task = task_of(
        f"task t {{ choose = {choose}\n classes = any }}", "\n".join([*lines, "v: veto"])
    )
    ids = [c.id for c in task.choices]
    sizes = (1,) if choose == "one" else range(1, len(ids) + 1)
    answers = [frozenset(some) for size in sizes for some in combinations(ids, size)]
    wanted = [
        (one.name, other.name)
        for one, other in combinations(task.rules[:-1], 2)
        if not any(allowed(one, a, task) and allowed(other, a, task) for a in answers)
    ]
    assert clashing(task) == wanted
    assert wanted


def test_rules_of_a_spans_task_do_not_contradict_on_an_item() -> None:
    rules = 'a: vote D when span == "x"\nb: vote against D when span == "y"'
    assert clashing(task_of("task t { kind = spans }", rules)) == []
