"""Majority vote, and that its ties do not depend on who answered first."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.people.majority import majority

CLASSES = ["A", "B", "C"]
answers = st.lists(
    st.tuples(st.sampled_from("1234"), st.sampled_from("xyz"), st.sampled_from(CLASSES)),
    unique_by=lambda a: a[:2],
)


@given(answers, st.randoms())
def test_the_label_has_most_votes_whatever_the_order(
    annotations: list[tuple[str, str, str]], random: object
) -> None:
    resolved = majority(annotations, CLASSES)
    shuffled = list(annotations)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert majority(shuffled, CLASSES) == resolved
    for item, label in resolved.items():
        votes = Counter(c for i, _, c in annotations if i == item)
        assert votes[label.label] == max(votes.values())
        assert label.agreement == votes[label.label] / votes.total()
        assert abs(sum(label.probability.values()) - 1) < 1e-9


def test_ties_go_to_the_commoner_class_then_to_the_first() -> None:
    tied = [("1", "x", "A"), ("1", "y", "B")]
    assert majority(tied, CLASSES)["1"].label == "A"
    assert majority([*tied, ("2", "x", "B")], CLASSES)["1"].label == "B"


def test_a_second_answer_of_the_same_person_replaces_the_first() -> None:
    assert majority([("1", "x", "A"), ("1", "x", "B")], CLASSES)["1"].agreement == 1.0
