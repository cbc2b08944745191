"""Gold: which items are added, when a known answer is doubted, what the budget leaves."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.spending import split_of_budget
from labelwright.loop.budget import (
    Spent,
    adjudication_room,
    gold_room,
    holdout_room,
    next_items,
    room,
    training_annotations,
)
from labelwright.loop.claims.gold import balanced
from labelwright.loop.gold import GoldItem
from labelwright.loop.ports import Answer, Request
from labelwright.loop.supported import unsupported
from tests.dsl.catalogues import EVERYTHING

TEXT = """
task t {{}}
class A {{}}
class B {{}}
data {{
  source = csv("t.csv")
  id = id
  text = body
}}
holdout {{ annotations = {held} }}
annotators {{
  from = simulate(column = label, people = 4)
  overlap = {overlap}
  {people}
}}
budget {{
  annotations = {annotations}
  per_round = 20 items
}}
"""


@cache
def task(people: str = "", *, held: int = 60, overlap: int = 2, annotations: int = 400) -> Any:
    text = TEXT.format(people=people, held=held, overlap=overlap, annotations=annotations)
    found = read(SourceText(name="t.task", text=text), EVERYTHING)
    assert found.task is not None, found.diagnostics
    return found.task


# --- the set --------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 3), max_size=40),
    st.integers(0, 40),
    st.dictionaries(st.integers(0, 3), st.integers(0, 9)),
)
def test_new_gold_evens_out_the_classes(classes: list[int], n: int, have: dict[int, int]) -> None:
    found = balanced(classes, n, Counter(have))
    assert len(found) == len(set(found)) == min(n, len(classes))
    now = Counter(have) + Counter(classes[i] for i in found)
    left = Counter(classes) - Counter(classes[i] for i in found)
    for given_ in {classes[i] for i in found}:  # nothing was added to what another lacked
        assert all(now[given_] <= now[other] + 1 for other in left)


def test_a_known_answer_that_most_people_contradict_alike_is_doubted() -> None:
    def item(*said: str) -> GoldItem:
        return GoldItem("i", "A", {f"p{k}": answer for k, answer in enumerate(said)})

    assert not item("B", "B").doubted, "two people are too few"
    assert item("B", "B", "B").doubted
    assert item("B", "A", "B").doubted
    assert not item("B", "B", "A", "A").doubted
    assert not item("B", "C", "D").doubted, "they agree upon nothing"
    assert not GoldItem("i", None, {"p": "B", "q": "B", "r": "B"}).active


# --- the budget -----------------------------------------------------------------------------------


def test_the_parts_of_a_budget_add_up_and_training_leaves_the_others_theirs() -> None:
    plain, gold = task(), task('adjudicator = "ed"\n  gold = 40 items')
    assert split_of_budget(plain).gold == 0
    given_ = split_of_budget(gold)
    assert given_.all == 400
    assert given_.gold == 40 + round(300 / 11)
    assert training_annotations(gold) == given_.training
    assert split_of_budget(task('gold = file("g.csv")')).gold == round(340 / 11)
    assert adjudication_room(gold, Spent(training=given_.training - 3)) == 3
    assert training_annotations(gold, Spent(adjudicated=10)) == given_.training - 10


@given(
    st.integers(0, 400),
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(0, 80),
    st.integers(1, 3),
)
def test_no_room_is_ever_more_than_the_budget_has(
    training: int, held: int, gold: int, adjudicated: int, overlap: int
) -> None:
    made = task('adjudicator = "ed"\n  gold = 40 items', overlap=overlap)
    used = Spent(training=training, holdout=held, gold=gold, adjudicated=adjudicated)
    left = max(0, 400 - used.annotations)
    assert room(made, used) == left
    assert next_items(made, used, 10_000) * overlap <= left
    assert holdout_room(made, used, 10_000) * overlap <= left
    assert max(gold_room(made, used), adjudication_room(made, used)) <= left


def test_what_is_asked_for_adds_to_what_was_spent_by_purpose() -> None:
    told = [("train", 2), ("holdout", 3), ("gold", 1), ("adjudicate", 1), ("audit", 2)]
    used = Spent(training=5, seconds=3.0).plus(told)
    assert (used.training, used.holdout, used.gold, used.adjudicated, used.audit) == (7, 3, 1, 1, 2)
    assert used.annotations == 14


# --- what is refused, and what is waited for ------------------------------------------------------


def test_what_the_task_lacks_is_said_before_anybody_is_asked() -> None:
    assert unsupported(task("gold = 40 items")) == [
        "annotators gold = N items without an adjudicator who answers them"
    ]
    assert unsupported(task("adjudicate when agreement < 0.67")) == [
        "adjudicate when … without an adjudicator"
    ]
    assert unsupported(task("pause when gold < 80%")) == ["pause when gold … without gold"]
    whole = 'adjudicator = "ed"\n  gold = 40 items\n  adjudicate when agreement < 0.67\n'
    assert unsupported(task(whole + "  pause when gold < 80%")) == []


def test_only_the_adjudicator_counts_where_one_is_asked_and_nobody_who_is_paused() -> None:
    from labelwright.loop.collecting import waiting

    mine = Request("i", 1, "adjudicate", only_by=("ed",))
    assert waiting([mine], [Answer("i", "kim", ("A",))]) == 1
    assert waiting([mine], [Answer("i", "ed", ("A",))]) == 0
    ours = Request("i", 2, not_to=("kim",))
    assert waiting([ours], [Answer("i", "kim", ("A",)), Answer("i", "lee", ("A",))]) == 1


def test_hidden_gold_is_not_waited_for_and_a_dismissed_adjudicator_neither() -> None:
    from types import SimpleNamespace

    from labelwright.loop.collecting import due

    asked = [
        Request("a", 1, "gold"),
        Request("b", 1, "gold", only_by=("ed",)),
        Request("c", 2),
        Request("d", 1, "adjudicate", only_by=("ed",)),
    ]
    with_one: Any = SimpleNamespace(task=task('adjudicator = "ed"'))
    assert [r.item for r in due(with_one, asked)] == ["b", "c", "d"]
    without: Any = SimpleNamespace(task=task())
    assert [r.item for r in due(without, asked)] == ["c"]


def test_in_the_terminal_an_item_is_kept_from_whom_it_is_to_be_kept() -> None:
    from labelwright.desk.queue import lacking, open_to
    from labelwright.loop.outbox import Held, Sent

    def sent(name: str, **more: Any) -> Sent:
        return Sent(name, "t-0", 0, name, "", "train", more.pop("people", 1), state="sent", **more)

    mine, kept = sent("mine", only_by=("ed",)), sent("kept", not_to=("kim",), people=2)
    out = [mine, kept]
    assert [s.uid for s in open_to("ed", out, [])] == ["mine", "kept"]
    assert open_to("kim", out, []) == []
    assert [s.uid for s in open_to("lee", out, [])] == ["kept"]
    assert lacking(out, []) == 2
    before = [Held("r", "kept", "kim", ("A",)), Held("q", "kept", "lee", ("A",))]
    assert [s.uid for s in open_to("bo", out, before)] == ["kept"], "what kim says does not count"


def test_what_the_adjudicator_says_is_the_label_whatever_the_rule_makes_of_one_answer() -> None:
    import numpy as np

    from labelwright.loop.labels import resolve
    from labelwright.loop.people.majority import Resolved
    from labelwright.loop.store import Event

    class Contrary:
        def takes(self, *_: object) -> bool:
            return False

        def load(self, *_: object) -> Any:
            return lambda given, classes, **_: {
                i: Resolved("B", {"B": 0.5}, 0.5) for i, _, _ in given
            }

    def event(item: str, who: str, purpose: str) -> Event:
        return Event(
            "answer", f"{item}{who}", item, "", who, "person", purpose, 0, ("A",), False, 1.0, "d"
        )

    judged = [(0, event("i0", "ed", "adjudicate")), (1, event("i1", "kim", "train"))]
    plugins: Any = Contrary()
    labels = resolve(task(), plugins, judged, np.ones(2, dtype=bool))
    assert labels.answers == (("A",), ("B",))
    assert labels.agreement.tolist() == [1.0, 0.5]
