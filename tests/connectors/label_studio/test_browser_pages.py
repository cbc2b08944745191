"""Answers given in a real browser on pages of other kinds: several classes, a tree, a table."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.annotator import Annotator

from .campaigns import Campaign

Begin = Callable[..., Campaign]

REST = """
data {{
  source = csv("items.csv")
  id     = id
  {shown}
}}
holdout {{
  size        = 20%
  annotations = 1
}}
annotators {{ from = label_studio }}
budget {{
  annotations = 10
  per_round   = 1 items
}}
query {{ phase main {{ strategy = random }} }}
"""
ITEMS = "id,text,age,city,source\n" + "\n".join(
    f"{n},오늘 {n}번 버스가 늦었다,{n},서울 {n}구,신문 {n}" for n in range(10)
)


def answers(campaign: Campaign) -> list[tuple[tuple[str, ...], bool]]:
    """The labels of the round's two items in the order sent, and whether they were skipped."""
    assert campaign.run() == "waiting"
    given = {e.item: (e.labels, e.skipped) for e in campaign.events()}
    return [given[s.item] for s in campaign.sent(0)]


@pytest.mark.slow
def test_several_classes(begin: Begin, jiwoo: Annotator) -> None:
    task = """
    task t "무엇에 관한 말인가" { choose = many }
    class Traffic "교통"
    class Weather "날씨"
    class Money "돈"
    """
    many = begin(task + REST.format(shown="text = text"), items=ITEMS)
    assert many.run() == "waiting"
    jiwoo.enter(many.number)
    jiwoo.choose("돈")
    jiwoo.press("1")
    assert jiwoo.chosen == ["교통", "돈"]
    jiwoo.submit()
    jiwoo.skip()
    assert jiwoo.is_done
    assert answers(many) == [(("Traffic", "Money"), False), ((), True)]


@pytest.mark.slow
def test_a_tree_of_classes(begin: Begin, jiwoo: Annotator) -> None:
    task = """
    task t "무엇에 관한 말인가" { classes = any }
    class Traffic "교통" {
      class Bus "버스"
      class Train "기차"
    }
    class Weather "날씨"
    """
    tree = begin(task + REST.format(shown="text = text"), items=ITEMS)
    assert tree.run() == "waiting"
    jiwoo.enter(tree.number)
    jiwoo.pick("교통", "버스")
    jiwoo.submit()
    jiwoo.pick("교통")
    jiwoo.submit()
    assert jiwoo.is_done
    assert answers(tree) == [(("Traffic.Bus",), False), (("Traffic",), False)]


@pytest.mark.slow
def test_a_table_with_what_is_shown_beside(begin: Begin, jiwoo: Annotator) -> None:
    task = """
    task t "누구인가"
    class Young "젊은 사람"
    class Old "나이 든 사람"
    """
    shown = "columns = [age, city]\n  show = [source]"
    table = begin(task + REST.format(shown=shown), items=ITEMS)
    assert table.run() == "waiting"
    first, _ = table.sent(0)
    jiwoo.enter(table.number)
    assert jiwoo.rows == [
        ("age", first.item), ("city", f"서울 {first.item}구"), ("source", f"신문 {first.item}"),
    ]  # fmt: skip
    jiwoo.press("2")
    jiwoo.submit()
    jiwoo.press("1")
    jiwoo.submit()
    assert answers(table) == [(("Old",), False), (("Young",), False)]
