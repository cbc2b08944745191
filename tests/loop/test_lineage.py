"""What classes mean from definition to definition: the rules one by one, and the algebra of regions."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.dsl import task as t
from labelwright.dsl.definition import definition_hash
from labelwright.loop.errors import DefinitionChanged
from labelwright.loop.lineage import (
    Lineage,
    Meaning,
    Version,
    counts_as,
    derive,
    meaning,
    overlap,
    within,
    without,
)

BASE = t.Task(
    name="t",
    title="T",
    classes=(),
    data=t.Data(source=t.Call(name="csv")),
    holdout=t.Holdout(size=0.2, annotations=10),
    annotators=t.Annotators(source=t.Call(name="simulate")),
    budget=t.Budget(annotations=50),
    query=t.Query(phases=(t.Phase(name="main", strategy=t.Call(name="random")),)),
    train=t.Train(encoder=t.Encoders(), finetune=t.Call(name="head")),
)


def cls(name: str, **more: object) -> t.Class:
    """`Crime`, `Politics.Election`, `X was=A,B`, `X split_of=A`."""
    head, *said = name.split(" ")
    for word in said:
        key, _, value = word.partition("=")
        more[key] = tuple(value.split(",")) if key == "was" else value
    return t.Class(
        id=head,
        title=head.rpartition(".")[2],
        parent=head.rpartition(".")[0] or None,
        **more,  # type: ignore[arg-type]
    )


def task(*names: str, **more: object) -> t.Task:
    return BASE.model_copy(update={"classes": tuple(map(cls, names)), **more})


def applied(*definitions: t.Task) -> list[Version]:
    history: list[Version] = []
    for each in definitions:
        digest = definition_hash(each)
        history.append(Version(digest, each, derive(history, each, digest)))
    return history


def read(history: list[Version], given: int, label: str, now: int = 0) -> str | None:
    """How a label of definition `given` (from 1) counts under definition `now` (0: the last)."""
    current = history[now - 1]
    return counts_as(history[given - 1].lineage.meanings[label], current.task, current.lineage)


# --- the rules --------------------------------------------------------------------------------


def test_a_rename_keeps_the_meaning_and_a_merge_is_the_union() -> None:
    history = applied(
        task("A", "B", "C"), task("X was=A", "B", "C"), task("M was=X,B", "C"), task("A", "B", "C")
    )
    assert [read(history, 1, label, 3) for label in "ABC"] == ["M", "M", "C"]
    assert read(history, 2, "X", 3) == "M"
    assert read(history, 3, "M", 4) is None  # which of the two it was, nobody knows
    assert [read(history, 2, label, 4) for label in "XBC"] == ["A", "B", "C"]


def test_a_class_that_stays_takes_another_in() -> None:
    history = applied(task("A", "B", "C"), task("A was=B", "C"))
    assert [read(history, 1, label) for label in "ABC"] == ["A", "A", "C"]


def test_parts_count_for_the_whole_and_never_the_other_way() -> None:
    history = applied(
        task("Crime", "Sports"),
        task("Fraud split_of=Crime", "Theft split_of=Crime", "Sports"),
        task("Crime", "Sports"),
    )
    assert read(history, 1, "Crime", 2) is None
    assert [read(history, 2, label, 3) for label in ("Fraud", "Theft")] == ["Crime", "Crime"]
    assert history[2].lineage.restores == 1


def test_what_is_left_beside_the_parts_is_narrower() -> None:
    for stays in ("Crime split_of=Crime", "Crime"):
        history = applied(task("Crime", "B"), task(stays, "Fraud split_of=Crime", "B"))
        assert read(history, 1, "Crime") is None
        assert read(history, 2, "Crime", 1) == "Crime"


def test_children_divide_a_class_and_give_it_back() -> None:
    history = applied(
        task("P", "B"), task("P", "P.x", "P.y", "B"), task("P", "B", title="T2"),
    )  # fmt: skip
    assert read(history, 1, "P", 2) is None
    assert [read(history, 2, label, 3) for label in ("P.x", "P.y")] == ["P", "P"]
    assert read(history, 1, "P", 3) == "P"


def test_a_class_that_is_moved_keeps_its_meaning_and_changes_that_of_its_parents() -> None:
    history = applied(
        task("P", "P.x", "E", "B"),
        task("P", "P.x", "P.E was=E", "B"),
        task("P", "B"),  # the children go: theirs are its
        task("P", "E", "B"),
    )
    assert read(history, 1, "E", 2) == "P.E"
    assert read(history, 1, "E", 3) == "P"  # for it went under P before
    assert read(history, 1, "P.x", 3) == "P"
    away = applied(task("P", "P.x", "P.y", "B"), task("P", "x was=P.x", "B"))
    assert read(away, 1, "P.x") == "x"
    assert read(away, 1, "P.y") is None  # what P is without x, nobody knows of P.y


def test_a_renamed_parent_takes_its_children_along() -> None:
    history = applied(task("P", "P.x", "P.y"), task("Q was=P", "Q.x", "Q.y"))
    assert read(history, 1, "P.y") == "Q.y"


def test_a_class_that_comes_back_gets_its_labels_back() -> None:
    history = applied(task("A", "B", "C"), task("A", "C"), task("A", "C", "D", "B"))
    assert read(history, 1, "B", 2) is None
    assert read(history, 1, "B", 3) == "B"


def test_a_class_does_not_come_back_where_another_means_it_now() -> None:
    history = applied(task("A", "B", "C"), task("A was=B", "C"), task("A", "C", "B"))
    # The third has the classes of the first, and nothing says otherwise: it is the first again.
    assert read(history, 1, "B", 3) == "B"
    more = applied(task("A", "B", "C"), task("A was=B", "C"), task("A", "C", "B", "D"))
    assert read(more, 1, "B", 3) == "A"
    assert read(more, 3, "B", 2) is None


def test_merging_all_parts_again_brings_the_whole_back() -> None:
    history = applied(
        task("Crime", "B"),
        task("Fraud split_of=Crime", "Theft split_of=Crime", "B"),
        task("Crime was=Fraud,Theft", "B", "New"),
    )
    assert read(history, 1, "Crime") == "Crime"
    part = applied(
        task("Crime", "B"),
        task("Fraud split_of=Crime", "Theft split_of=Crime", "B"),
        task("Crime was=Fraud", "Theft", "B"),
    )
    assert read(part, 1, "Crime") is None


def test_names_that_change_places_over_several_definitions() -> None:
    history = applied(
        task("A", "B"), task("C was=A", "B"), task("C", "A was=B"), task("B was=C", "A")
    )
    assert [read(history, 1, label) for label in "AB"] == ["B", "A"]
    # The line that was applied goes; the definition is then, to the letter, the first again.
    again = applied(
        task("A", "B"), task("C was=A", "B"), task("C", "A was=B"), task("B was=C", "A"),
        task("B", "A"),
    )  # fmt: skip
    assert [read(again, 1, label) for label in "AB"] == ["B", "A"]


def test_the_same_definition_always_means_the_same() -> None:
    first, second = task("A", "B"), task("A was=B", "C")
    history = applied(first, second, first, second, first)
    assert history[0].lineage.meanings == history[2].lineage.meanings == history[4].lineage.meanings
    assert history[1].lineage.meanings == history[3].lineage.meanings


def test_names_compare_folded() -> None:
    history = applied(task("crime", "B"), task("Crime", "B"))
    assert read(history, 1, "crime") == "Crime"


def test_where_a_parent_may_be_chosen_the_closest_class_counts() -> None:
    history = applied(
        task("P", "P.x", "B", choosable="any"),
        task("P", "B", choosable="any"),
        task("P", "P.x", "B", choosable="any"),
    )
    assert read(history, 1, "P.x", 2) == "P"
    assert [read(history, 1, label, 3) for label in ("P", "P.x")] == ["P", "P.x"]


def test_two_fates_for_one_class_are_refused() -> None:
    with pytest.raises(DefinitionChanged, match="A cannot have become both X and Y"):
        applied(task("A", "B"), task("X was=A", "Y was=A", "B"))


def test_a_lineage_survives_json() -> None:
    lineage = applied(task("A", "경제"), task("X was=A,경제", "Z"))[1].lineage
    assert Lineage.model_validate_json(lineage.model_dump_json()) == lineage


# --- regions, against sets of points ----------------------------------------------------------

STEPS = ("a", "b")
DEPTH = 3
POINTS = [tuple(p) for p in product((*STEPS, "rest"), repeat=DEPTH)]
"""A region is all points that begin with it; `rest` is what no region names."""

regions = st.lists(st.sampled_from(STEPS), min_size=1, max_size=DEPTH).map(tuple)
meanings = st.lists(regions, max_size=4).map(meaning)


def points(meant: Meaning) -> set[tuple[str, ...]]:
    return {p for p in POINTS if any(p[: len(r)] == r for r in meant)}


@given(st.lists(regions, max_size=5))
def test_a_meaning_is_the_union_of_its_regions_without_what_lies_within_another(
    some: list[tuple[str, ...]],
) -> None:
    meant = meaning(some)
    assert points(meant) == points(tuple(some))
    assert not any(a != b and b[: len(a)] == a for a in meant for b in meant)
    assert list(meant) == sorted(meant)


@given(meanings, meanings)
def test_within_and_overlap_are_those_of_sets(one: Meaning, other: Meaning) -> None:
    assert within(one, other) == (points(one) <= points(other))
    assert overlap(one, other) == bool(points(one) & points(other))


@given(meanings, meanings)
def test_what_is_left_lies_within_the_whole_and_apart_from_what_was_taken(
    whole: Meaning, taken: Meaning
) -> None:
    left = without(whole, taken, "left")
    assert within(left, whole)
    assert not overlap(left, taken)
    if not overlap(whole, taken):
        assert left == whole
