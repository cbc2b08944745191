"""Confused pairs against plain loops, and where slips and confusions are known apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.people.pairs import Place, by_slips, confused_pairs, is_split, overlapping

SETS = st.frozensets(st.sampled_from("ABCD"), max_size=3)


@given(
    st.lists(st.dictionaries(st.sampled_from("pqrs"), SETS, max_size=4), max_size=8).map(
        lambda rows: [Place(f"i{n}", said) for n, said in enumerate(rows)]
    )
)
@settings(max_examples=50)
def test_pairs_counted_one_by_one(places: list[Place]) -> None:
    found = {(p.one, p.other): p for p in confused_pairs(places, list("ABCD"))}
    for a, b in combinations("ABCD", 2):
        several = [p for p in places if len(p.said) > 1]
        support = [p for p in several if any({a, b} & s for s in p.said.values())]
        split = [
            p
            for p in several
            if any(a in s and b not in s and b in t and a not in t
                   for s in p.said.values() for t in p.said.values())
        ]  # fmt: skip
        assert [is_split(p, a, b) for p in several] == [p in split for p in several]
        if not split:
            assert (a, b) not in found
            continue
        told = found[a, b]
        assert (told.places, told.support) == (len(split), len(support))
        assert {i.item for i in told.items} == {p.item for p in split}
        assert told.rate.estimate == len(split) / len(support)


def people(confused: float, slips: float, seed: int, n: int = 300) -> list[Place]:
    """Two people an item of five classes; B is taken for D with `confused`, any for any with `slips`."""
    rng = np.random.default_rng(seed)
    places = []
    for i in range(n):
        truth = "ABCDE"[rng.choice(5, p=[0.3, 0.25, 0.2, 0.15, 0.1])]
        said = {}
        for person in "pq":
            answer = truth
            if truth == "B" and rng.random() < confused:
                answer = "D"
            elif rng.random() < slips:
                answer = "ABCDE"[rng.choice(5, p=[0.3, 0.25, 0.2, 0.15, 0.1])]
            said[person] = frozenset(answer)
        places.append(Place(f"i{i}", said))
    return places


def test_a_confusion_is_found_among_slips() -> None:
    first, *rest = confused_pairs(people(0.3, 0.1, seed=0), list("ABCDE"))
    assert (first.one, first.other, first.clear) == ("B", "D", True)
    assert first.by_slips is not None
    assert first.rate.low is not None
    assert first.rate.low > first.by_slips
    assert not any(p.clear for p in rest)
    assert all(set(i.one) | set(i.other) == {"p", "q"} for i in first.items)


def test_slips_alone_are_called_a_confusion_one_time_in_twenty_at_most() -> None:
    wrong = sum(
        any(p.clear for p in confused_pairs(people(0.0, 0.25, seed, 150), list("ABCDE")))
        for seed in range(80)
    )
    assert wrong <= 10  # 5% of 80 is 4, and three standard deviations are 6


def test_with_two_classes_nothing_is_clear_and_all_the_same_told() -> None:
    places = [Place(f"i{n}", {"p": frozenset("A"), "q": frozenset("AB"[n % 2])}) for n in range(40)]
    (pair,) = confused_pairs(places, ["A", "B"])
    assert (pair.clear, pair.by_slips) == (None, None)
    assert (pair.places, pair.support) == (20, 40)
    assert by_slips({"A": 3, "B": 4}) == {}


def test_shares_of_slips_add_up() -> None:
    chances = by_slips({"A": 5, "B": 3, "C": 2, "D": 0})
    assert sum(chances.values()) / 2 == 1.0
    assert chances["A", "B"] == 15 / 31


def test_nobody_agrees_or_disagrees_alone() -> None:
    assert confused_pairs([Place("i", {"p": frozenset("A")})], ["A", "B"]) == ()


def test_marks_that_overlap_by_half_are_one_place() -> None:
    places = overlapping([
        ("t", "p", [(0, 10, "A"), (20, 24, "B")]),
        ("t", "q", [(2, 10, "B"), (23, 30, "B")]),
        ("u", "q", [(0, 10, "A")]),
    ])  # fmt: skip
    told = [(p.item, p.marked, {w: sorted(s) for w, s in p.said.items()}) for p in places]
    assert told == [
        ("t", (0, 10), {"p": ["A"], "q": ["B"]}),
        ("t", (20, 24), {"p": ["B"]}),
        ("t", (23, 30), {"q": ["B"]}),
        ("u", (0, 10), {"q": ["A"]}),
    ]


def test_two_classes_that_are_nearly_all_cannot_be_told_from_slips() -> None:
    said = ["AA", "AB", "BB", "BA", "AC"]
    places = [
        Place(f"i{n}", {"p": frozenset(said[n % 5][0]), "q": frozenset(said[n % 5][1])})
        for n in range(100)
    ]
    first, second = confused_pairs(places, list("ABC"))
    assert ((first.one, first.other), first.clear) in [(("A", "B"), None), (("A", "B"), True)]
    assert first.by_slips is not None
    assert (second.one, second.other, second.clear) == ("A", "C", False)
