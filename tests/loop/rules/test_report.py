"""Rules run over data: what is read, which labels count, and what is set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright.dsl.task import Task
from labelwright.loop.errors import DataError
from labelwright.loop.items import content_hash
from labelwright.loop.ports import Context
from labelwright.loop.rules.known import People
from labelwright.loop.rules.report import RulesReport, rules_report
from tests.loop.rules.tasks import task_of

RULES = """
kim:  vote A.B when body contains "kim"
big:  vote D when n > 5
not:  vote against A when n > 8
stub: veto when words(body) < 2
dead: vote D when body contains "zebra"
"""
ROWS = "id,body,n,old\n" + "".join(
    f"{i},{'Kim came' if i % 2 else 'Lee went'} {i},{i % 10},{'B' if i % 2 else 'D'}\n"
    for i in range(100)
)


def run(root: Path, task: Task, people: People | None = None, examples: int = 0) -> RulesReport:
    return rules_report(Context(task, root, root / "cache"), people, examples=examples)


def write(root: Path, text: str = ROWS, name: str = "items.csv") -> None:
    (root / name).write_text(text, encoding="utf-8")


def test_rules_are_counted_without_a_campaign(tmp_path: Path) -> None:
    write(tmp_path, ROWS + "200,Kim,9,D\n")
    found = run(tmp_path, task_of(rules=RULES), examples=3)
    figures = {rule.name: rule for rule in found.analysis.rules}
    assert found.analysis.items == 101
    assert {name: rule.fires for name, rule in figures.items()} == {
        "kim": 50, "big": 40, "not": 10, "stub": 1, "dead": 0}  # fmt: skip
    assert found.analysis.vetoed == 1
    assert found.analysis.conflicts == 20  # odd and above 5: 7 and 9 of every ten
    assert figures["kim"].conflicts == 20
    assert (found.analysis.labelled, found.labels) == (0, "")
    assert [len(rule.examples) for rule in found.analysis.rules] == [3, 3, 3, 1, 0]
    assert figures["stub"].examples[0].excerpt == "Kim"
    assert not (tmp_path / ".labelwright").exists()


def test_existing_labels_beside_the_items_or_elsewhere(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "key,desk\n" + "".join(f"{i},{'B' if i % 2 else 'D'}\n" for i in range(40)),
          "old.csv")  # fmt: skip
    beside = "existing_labels { label = old }"
    elsewhere = 'existing_labels { source = csv("old.csv", key = key, label = desk) }'
    for block, n in ((beside, 100), (elsewhere, 40)):
        found = run(tmp_path, task_of(rules=RULES, more=block))
        figures = {rule.name: rule for rule in found.analysis.rules}
        assert found.analysis.labelled == n
        assert (figures["kim"].right, figures["kim"].labelled) == (n // 2, n // 2)
        # `not` fires on 9, 19, …: all of class B, which lies in A
        assert (figures["not"].right, figures["not"].labelled) == (0, n // 10)
        assert "existing labels in column" in found.labels


def test_a_label_that_is_no_class_is_an_error_that_lists_it(tmp_path: Path) -> None:
    write(tmp_path, ROWS.replace(",B\n", ",Zebra\n", 1))
    with pytest.raises(DataError, match=r"no class: Zebra \(1\)"):
        run(tmp_path, task_of(rules=RULES, more="existing_labels { label = old }"))


def test_people_s_labels_win_while_the_item_is_as_they_saw_it(tmp_path: Path) -> None:
    write(tmp_path)
    same, edited = content_hash({"body": "Kim came 1"}), content_hash({"body": "before"})
    people = People({"1": (same, frozenset({"D"})), "3": (edited, frozenset({"D"}))}, rounds=2)
    found = run(tmp_path, task_of(rules=RULES), people)
    assert (found.analysis.labelled, found.analysis.rules[0].labelled) == (1, 1)
    assert found.analysis.rules[0].right == 0
    assert found.labels == "people’s labels of the pool after 2 rounds"
    both = run(tmp_path, task_of(rules=RULES, more="existing_labels { label = old }"), people)
    assert (both.analysis.rules[0].labelled, both.analysis.rules[0].right) == (50, 49)


def test_the_column_simulated_people_answer_from_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, ROWS.replace(",B\n", ",no class at all\n"))
    more = "annotators { from = simulate(column = old) }"
    assert run(tmp_path, task_of(rules=RULES, more=more)).analysis.labelled == 0


def test_bad_rows_are_set_aside_and_too_many_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, ROWS + "7,another,1,D\n")
    found = run(tmp_path, task_of(rules=RULES))
    assert found.analysis.items == 100
    assert [f.reason for f in found.faults] == ["duplicate id with other content"]
    write(tmp_path, ROWS + "".join(f"{i},other,1,D\n" for i in range(20)))
    with pytest.raises(DataError, match="20 of 120 rows cannot be used"):
        run(tmp_path, task_of(rules=RULES))


def test_keep_when_and_columns_that_only_rules_name(tmp_path: Path) -> None:
    write(tmp_path)
    data = 'source = csv("items.csv")\n id = id\n text = body\n keep when n < 5'
    found = run(tmp_path, task_of(rules=RULES, data=data))
    assert (found.analysis.items, found.analysis.rules[1].fires) == (50, 0)


def test_examples_of_spans_show_what_is_marked(tmp_path: Path) -> None:
    write(tmp_path)
    rules = 'kim: vote D when span == "kim" and after contains "17"'
    found = run(tmp_path, task_of("task t { kind = spans }", rules), examples=2)
    (figures,) = found.analysis.rules
    assert figures.fires == 1
    assert [shown.excerpt for shown in figures.examples] == ["[Kim] came 17"]


def test_the_same_items_are_shown_whatever_the_batches(tmp_path: Path) -> None:
    write(tmp_path)
    first = run(tmp_path, task_of(rules=RULES), examples=4)
    lines = ROWS.splitlines(keepends=True)
    write(tmp_path, lines[0] + "".join(reversed(lines[1:])))
    assert run(tmp_path, task_of(rules=RULES), examples=4) == first


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    lines = (f"{i},{'Kim' if i % 7 == 0 else 'Lee'} went home on day {i},{i % 10}\n"
             for i in range(100_000))  # fmt: skip
    write(tmp_path, "id,body,n\n" + "".join(lines))
    found = run(tmp_path, task_of(rules=RULES), examples=1)
    assert found.analysis.items == 100_000
    assert found.analysis.rules[0].fires == 14_286
