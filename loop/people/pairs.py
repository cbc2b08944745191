"""Which two classes people confuse: how often, whether more than slips would, and on which items.

A place (an item, or a part of its text that people marked) is split between two classes where one person
gave the first without the second and another the second without the first. Slips split places too: if every
split fell on two classes drawn by how often people name them, a pair would have a known share of all splits.
A pair is clearly confused where it has more than that (exact binomial test, with Holm's correction over all
pairs of classes in use: Holm 1979). Where two classes are nearly all that is named, a slip looks the same as
a confusion: with half of all slips or more expected between them it is not known which it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from labelwright.loop.people.records import ConfusedPair, SplitItem
from labelwright.loop.people.scores import share
from labelwright.loop.record import Estimate

MOST_ITEMS = 200  # of a pair
_LEVEL = 0.05


@dataclass(frozen=True)
class Place:
    """What people said of one item, or of one part of its text.

    said: by annotator, the classes given; nobody who gave no answer. marked: the part, in code points.
    """

    item: str
    said: Mapping[str, frozenset[str]]
    marked: tuple[int, int] | None = None


def confused_pairs(places: Iterable[Place], classes: Sequence[str]) -> tuple[ConfusedPair, ...]:
    """Every pair that splits some place: the clear ones first, then those that split most.

    classes: ids in file order, which settles ties and the order within a pair.
    """
    shared = [place for place in places if len(place.said) > 1]
    rank = {c: i for i, c in enumerate(classes)}
    named: Counter[str] = Counter()  # places where somebody named it
    together: Counter[tuple[str, str]] = Counter()  # places where both were named, by whomever
    splits: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in shared:
        here = sorted(frozenset[str]().union(*place.said.values()) & rank.keys(), key=rank.get)  # type: ignore[arg-type]
        named.update(here)
        for a, b in combinations(here, 2):
            together[a, b] += 1
            if is_split(place, a, b):
                splits[a, b].append(place)
    chances = by_slips(named)
    whole = sum(map(len, splits.values()))
    sure = _sure({pair: len(found) for pair, found in splits.items()}, whole, chances)
    found = []
    for (a, b), at in splits.items():
        support = named[a] + named[b] - together[a, b]
        expected = chances.get((a, b))
        found.append(
            ConfusedPair(
                one=a,
                other=b,
                places=len(at),
                support=support,
                rate=share(len(at), support),
                by_slips=None if expected is None else min(1.0, expected * whole / support),
                clear=None
                if expected is None
                else sure[a, b] or (None if expected >= 0.5 else False),
                items=tuple(_told(place, a, b) for place in _shown(at, a, b)),
            )
        )
    found.sort(
        key=lambda p: (
            (True, None, False).index(p.clear),
            -p.places,
            -_rate(p.rate),
            rank[p.one],
            rank[p.other],
        )
    )
    return tuple(found)


def is_split(place: Place, a: str, b: str) -> bool:
    """Whether one person gave a and not b, and another b and not a."""
    only_a, only_b = divided(place, a, b)
    return bool(only_a and only_b)


def divided(place: Place, a: str, b: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who gave a and not b, and who b and not a, by name."""
    ranked = sorted(place.said.items())
    return (
        tuple(who for who, said in ranked if a in said and b not in said),
        tuple(who for who, said in ranked if b in said and a not in said),
    )


def by_slips(named: Mapping[str, int]) -> dict[tuple[str, str], float]:
    """By pair of classes, its share of all splits if these fell by how often classes are named.

    Empty with fewer than three classes: then it cannot be told.
    """
    used = [c for c, n in named.items() if n]
    if len(used) < 3:
        return {}
    # Over all pairs, half of (the square of the sum less the sum of squares).
    whole = (sum(named.values()) ** 2 - sum(n**2 for n in named.values())) / 2
    chances = {}
    for a, b in combinations(used, 2):
        chances[a, b] = chances[b, a] = named[a] * named[b] / whole
    return chances


def _sure(
    splits: Mapping[tuple[str, str], int],
    whole: int,
    chances: Mapping[tuple[str, str], float],
) -> dict[tuple[str, str], bool]:
    """Whether each pair has more splits than slips would give it; none where that cannot be told."""
    if not chances:
        return {}
    from scipy.stats import binom

    tested = len(chances) // 2  # pairs without a split have the value 1
    values = {
        pair: float(binom.sf(n - 1, whole, min(1.0, chances[pair]))) for pair, n in splits.items()
    }
    found: dict[tuple[str, str], bool] = {}
    holds = True
    for step, pair in enumerate(sorted(values, key=lambda p: (values[p], p))):
        holds = holds and values[pair] * (tested - step) <= _LEVEL
        found[pair] = holds
    return found


def _shown(places: Sequence[Place], a: str, b: str) -> list[Place]:
    """The most evenly divided first, then those that more people judged, then by id."""

    def key(place: Place) -> tuple[float, int, str, tuple[int, int]]:
        one, other = map(len, divided(place, a, b))
        return abs(one - other) / (one + other), -(one + other), place.item, place.marked or (0, 0)

    return sorted(places, key=key)[:MOST_ITEMS]


def _told(place: Place, a: str, b: str) -> SplitItem:
    one, other = divided(place, a, b)
    return SplitItem(item=place.item, one=one, other=other, marked=place.marked)


def _rate(rate: Estimate) -> float:
    return rate.estimate or 0.0


def overlapping(
    answers: Sequence[tuple[str, str, Iterable[tuple[int, int, str]]]],
) -> list[Place]:
    """The places that people marked: parts of a text that overlap by half or more are one.

    answers: (item, annotator, marks (start, end, class)). Marks hang together in chains; each place has
    whoever marked it, with all classes that they gave there.
    """
    by_item: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for item, who, given in answers:
        by_item[item] += [(start, end, c, who) for start, end, c in given]
    found = []
    for item, unsorted in by_item.items():
        marks = sorted(unsorted)
        group = list(range(len(marks)))
        for i, j in combinations(range(len(marks)), 2):
            if _overlap(marks[i][:2], marks[j][:2]) >= 0.5 and group[i] != group[j]:
                group = [group[i] if g == group[j] else g for g in group]
        for each in dict.fromkeys(group):
            here = [m for m, g in zip(marks, group, strict=True) if g == each]
            said: dict[str, frozenset[str]] = defaultdict(frozenset)
            for _, _, c, who in here:
                said[who] |= {c}
            place = Counter(m[:2] for m in here)
            most = min(place, key=lambda p: (-place[p], p))
            found.append(Place(item, dict(said), most))
    return found


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Characters in common over characters in either."""
    common = min(a[1], b[1]) - max(a[0], b[0])
    return common / (max(a[1], b[1]) - min(a[0], b[0])) if common > 0 else 0.0
