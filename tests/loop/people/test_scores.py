"""Scores of people against plain loops, and against what they were made to be."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.people.others import latest, others_labels, others_sets
from labelwright.loop.people.scores import annotator_scores, share

ANSWERS = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["p", "q", "r", "s", "t"])),
    st.sampled_from("XYZW"),
    max_size=25,
).map(lambda found: [(i, p, c) for (i, p), c in found.items()])


def slow_others(answers: list[tuple[str, str, str]]) -> list[str | None]:
    """Straight from the words: the class that more of the other people chose than any other."""
    found: list[str | None] = []
    for item, person, _ in answers:
        votes = Counter(c for i, p, c in answers if i == item and p != person).most_common()
        clear = bool(votes) and (len(votes) == 1 or votes[0][1] > votes[1][1])
        found.append(votes[0][0] if clear else None)
    return found


@given(ANSWERS)
@settings(max_examples=300)
def test_the_others_are_counted_one_by_one(answers: list[tuple[str, str, str]]) -> None:
    assert others_labels(answers) == slow_others(answers)


@given(ANSWERS, st.sampled_from("XYZW"))
@settings(max_examples=100)
def test_nobody_changes_the_label_that_they_are_held_against(
    answers: list[tuple[str, str, str]], instead: str
) -> None:
    before = others_labels(answers)
    for n, (item, person, _) in enumerate(answers):
        changed = [*answers[:n], (item, person, instead), *answers[n + 1 :]]
        assert others_labels(changed)[n] == before[n]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.sampled_from("pqrs")),
        st.frozensets(st.sampled_from("XYZ")),
        max_size=12,
    )
)
@settings(max_examples=200)
def test_sets_of_the_others_are_counted_one_by_one(
    found: dict[tuple[str, str], frozenset[str]],
) -> None:
    answers = [(i, p, marks) for (i, p), marks in found.items()]
    for (item, person, _), told in zip(answers, others_sets(answers), strict=True):
        others = [m for i, p, m in answers if i == item and p != person]
        if not others:
            assert told is None
            continue
        times = Counter(mark for marks in others for mark in marks)
        assert told == (
            frozenset(m for m, n in times.items() if n > len(others) / 2),
            frozenset(m for m, n in times.items() if n == len(others) / 2),
        )


def test_scores_by_hand() -> None:
    answers = [
        ("1", "ann", "X"), ("1", "bob", "X"), ("1", "cyd", "Y"),
        ("2", "ann", "Y"), ("2", "bob", "X"),
        ("3", "ann", "X"),
        ("4", "ann", "Y"), ("4", "ann", "X"), ("4", "bob", "X"), ("4", "cyd", "X"),
    ]  # fmt: skip
    ann, bob, cyd = annotator_scores(answers, [("ann", "9", "X", "Y"), ("ann", "8", "Y", "Y")])
    assert [s.annotator for s in (ann, bob, cyd)] == ["ann", "bob", "cyd"]
    assert (ann.annotations, bob.annotations, cyd.annotations) == (4, 3, 2)
    # Item 1: Bob and Cyd are divided, so Ann's answer is held against nothing; 4 counts once, as X.
    assert (ann.with_others.n, ann.with_others.estimate) == (2, 0.5)
    assert ann.agreement == 0.5
    assert (cyd.with_others.n, cyd.with_others.estimate) == (2, 0.5)
    assert (cyd.mistaken[0].label, cyd.mistaken[0].said) == ("X", "Y")
    assert (cyd.mistaken[0].answers, cyd.mistaken[0].of) == (1, 2)
    assert (ann.on_gold.estimate, ann.on_gold.n, bob.on_gold.estimate) == (0.5, 2, None)


def test_one_person_alone_is_not_known() -> None:
    (alone,) = annotator_scores([("1", "ann", "X"), ("2", "ann", "Y")])
    assert alone.agreement is None
    assert alone.with_others.n == 0
    assert annotator_scores([]) == ()


def test_only_gold_tells_the_able_from_the_many() -> None:
    truth = {str(i): "X" if i % 3 else "Y" for i in range(90)}
    careless = [(i, p, "X") for i in truth for p in ("bob", "cyd")]
    able = [(i, "ann", c) for i, c in truth.items()]
    gold = [("ann", i, c, c) for i, c in truth.items()] + [
        ("bob", i, "X", c) for i, c in truth.items()
    ]
    ann, bob, _ = annotator_scores([*able, *careless], gold)
    assert ann.agreement == pytest.approx(2 / 3)
    assert ann.on_gold.estimate == 1.0
    assert bob.on_gold.estimate == pytest.approx(2 / 3)
    assert ann.on_gold.low is not None
    assert 0.95 < ann.on_gold.low < 1.0


def test_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(0)
    for rate in (0.5, 0.9, 0.98):
        held = [share(int(k), 40) for k in rng.binomial(40, rate, size=1000)]
        covered = np.mean([s.low <= rate <= s.high for s in held])  # type: ignore[operator]
        assert covered >= 0.95


def test_the_last_answer_counts() -> None:
    assert latest([("1", "ann", "X"), ("1", "bob", "Y"), ("1", "ann", "Z")]) == [
        ("1", "ann", "Z"),
        ("1", "bob", "Y"),
    ]
