"""How reliable each person is: how often right on gold, how often of one mind with the others.

Intervals are exact (Clopper & Pearson 1934), two-sided 95%, over a person's answers. Agreement with others
is no accuracy: where all are wrong in the same way it is high all the same, and an able person among
careless ones has a low one. Only gold says how often somebody is right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

from labelwright.loop.measure import intervals
from labelwright.loop.people.others import latest, others_labels
from labelwright.loop.people.records import AnnotatorScore, Mistaken
from labelwright.loop.record import Estimate

MOST_MISTAKES = 5
_EACH_SIDE = 0.975


def annotator_scores(
    answers: Iterable[tuple[str, str, Hashable]],
    gold: Iterable[tuple[str, str, Hashable, Hashable]] = (),
    *,
    references: Sequence[Hashable | None] | None = None,
) -> tuple[AnnotatorScore, ...]:
    """One score a person, by name.

    answers: (item, annotator, answer), where an answer is a class, or anything else that is either the
    same as another or not. A person who answered an item twice counts by the last answer. gold: (annotator,
    item, what was said, what is true). references: for each of `answers` the label resolved without it,
    None where that is not known; the majority of the item's other people where not given.
    """
    given = list(answers)
    if references is None:
        given = latest(given)
        references = others_labels(given)
    shared: dict[str, list[bool]] = defaultdict(list)
    mistakes: dict[str, Counter[tuple[Hashable, Hashable]]] = defaultdict(Counter)
    support: dict[str, Counter[Hashable]] = defaultdict(Counter)
    on_gold: dict[str, list[bool]] = defaultdict(list)
    tested = set()
    for annotator, item, said, truth in gold:
        on_gold[annotator].append(said == truth)
        tested.add((item, annotator))
        support[annotator][truth] += 1
        mistakes[annotator][truth, said] += said != truth
    for (item, annotator, said), label in zip(given, references, strict=True):
        if label is None:
            continue
        shared[annotator].append(said == label)
        if (item, annotator) not in tested:
            support[annotator][label] += 1
            mistakes[annotator][label, said] += said != label
    number = Counter(annotator for _, annotator, _ in given)
    return tuple(
        AnnotatorScore(
            annotator=annotator,
            annotations=number[annotator],
            agreement=_share(shared[annotator]).estimate,
            seconds=None,
            with_others=_share(shared[annotator]),
            on_gold=_share(on_gold[annotator]),
            mistaken=_most(mistakes[annotator], support[annotator]),
        )
        for annotator in sorted(number.keys() | on_gold.keys())
    )


def share(right: int, n: int) -> Estimate:
    """right of n, with its exact two-sided 95% interval; not known where n is 0."""
    if not n:
        return Estimate(estimate=None)
    return Estimate(
        estimate=right / n,
        low=intervals.lower_bound(right, n, _EACH_SIDE),
        high=intervals.upper_bound(right, n, _EACH_SIDE),
        n=n,
        method="exact",
    )


def _share(answers: Sequence[bool]) -> Estimate:
    return share(sum(answers), len(answers))


def _most(
    mistakes: Counter[tuple[Hashable, Hashable]], support: Counter[Hashable]
) -> tuple[Mistaken, ...]:
    ranked = sorted(
        ((n, label, said) for (label, said), n in mistakes.items() if n),
        key=lambda m: (-m[0], str(m[1]), str(m[2])),
    )
    return tuple(
        Mistaken(label=str(label), said=str(said), answers=n, of=support[label])
        for n, label, said in ranked[:MOST_MISTAKES]
    )
