"""How the people of a campaign agree, which classes they confuse, and what would help them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from labelwright.loop.appraising import decided
from labelwright.loop.gold import gold_set
from labelwright.loop.pausing import names
from labelwright.loop.people.gamma import gamma
from labelwright.loop.people.kappa import cohen, each_class, fleiss
from labelwright.loop.people.pairs import Place, confused_pairs, overlapping
from labelwright.loop.people.proposals import key, of_mark, of_text, proposed
from labelwright.loop.people.records import (
    UNKNOWN,
    AnnotatorScore,
    ConfusedPair,
    Counterexample,
    PairAgreement,
    People,
    SplitItem,
)
from labelwright.loop.people.trends import Answered, trends_of_all
from labelwright.loop.record import Estimate
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import HOLDOUT
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.dsl.task import Sample
    from labelwright.loop.appraising import Judgements
    from labelwright.loop.labels import Labels
    from labelwright.loop.measure.evidence import Bounded
    from labelwright.loop.workbench import Workbench

MOST_PAIRS = 120  # of confused classes: all of fifteen classes
MOST_SHOWN = 12  # of these, with their items
MOST_ITEMS = 20  # of each; lines are proposed from more
MOST_KAPPAS = 30  # pairs of people
LEAST_SHARED = 10  # items that two people must share for a kappa
_EACH_SIDE = 0.975


def people(
    bench: Workbench,
    told: Judgements,
    annotators: Sequence[AnnotatorScore],
    round_: int,
    labels: tuple[Labels, Labels],
    alpha: Estimate,
) -> People:
    """How the people agree, those who are paused left out but for agreement of two by two."""
    task, seed = bench.task, derive_seed(bench.context.seed, "agreement")
    triples, one = told.triples(without=names(bench)), single(task)
    shared = sum(n > 1 for n in Counter(item for item, _, _ in triples).values())
    as_sets = [(i, who, frozenset([s]) if one else s) for i, who, s in triples]
    spans = task.kind == "spans"
    by_class = {} if spans else each_class(as_sets, seed=seed)
    rank = {c.id: n for n, c in enumerate(task.classes)}
    return People(
        shared=shared,
        alpha=alpha,
        fleiss=_estimate(fleiss(triples, seed=seed)) if one else UNKNOWN,
        gamma=_gamma(bench, round_, triples, seed) if spans else UNKNOWN,
        each_class=tuple(
            (c, _estimate(by_class[c])) for c in sorted(by_class, key=lambda c: rank.get(c, -1))
        ),
        kappas=_kappas(bench, told.triples()) if one else (),
        confused=_confused(bench, told, round_, labels),
        trends=trends_of_all(_in_order(told, one)),
        unknown=_unknown(bench, annotators, shared),
    )


def _estimate(figure: Bounded) -> Estimate:
    low, high = figure.lower(_EACH_SIDE), figure.upper(_EACH_SIDE)
    # A bootstrap of answers that are all alike has no width: how far off they may be is not known.
    if figure.estimate is None or low is None or high is None or low == high:
        return Estimate(estimate=figure.estimate, n=figure.n)
    return Estimate(
        estimate=figure.estimate,
        low=min(low, figure.estimate),
        high=max(high, figure.estimate),
        n=figure.n,
        method="bootstrap",
    )


def _in_order(told: Judgements, one: bool) -> list[Answered]:
    return [
        Answered(e.annotator, e.round, e.purpose, _same(said, other, one), e.seconds)
        for e, said, other in zip(told.events, told.said, told.others, strict=True)
    ]


def _same(said: Any, other: Any, one: bool) -> bool | None:
    reference = other if one else decided(other)
    return None if reference is None else bool(said == reference)


def _gamma(
    bench: Workbench, round_: int, triples: Sequence[tuple[str, str, Any]], seed: int
) -> Estimate:
    texts = _texts(bench, round_, [item for item, _, _ in triples])
    return _estimate(gamma(triples, {i: len(t) for i, t in texts.items()}, seed=seed))


def _kappas(bench: Workbench, triples: Sequence[tuple[str, str, Any]]) -> tuple[PairAgreement, ...]:
    """Of each two people who share enough items, the lowest first."""
    code = {c.id: float(i) for i, c in enumerate(bench.task.choices)}
    by_item: dict[str, dict[str, float]] = defaultdict(dict)
    for item, who, said in triples:
        if said in code:
            by_item[item][who] = code[said]
    pairs: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for given in by_item.values():
        for one, other in combinations(sorted(given), 2):
            pairs[one, other].append((given[one], given[other]))
    seed = derive_seed(bench.context.seed, "cohen")
    found = [
        PairAgreement(
            one=one,
            other=other,
            items=len(both),
            kappa=_estimate(cohen(both, scale=bench.task.scale, seed=seed)),
        )
        for (one, other), both in sorted(pairs.items())
        if len(both) >= LEAST_SHARED
    ]
    found.sort(key=lambda p: 2.0 if p.kappa.estimate is None else p.kappa.estimate)
    return tuple(found[:MOST_KAPPAS])


def _confused(
    bench: Workbench, told: Judgements, round_: int, labels: tuple[Labels, Labels]
) -> tuple[ConfusedPair, ...]:
    classes = [c.id for c in bench.task.choices]
    pairs = [
        p if n < MOST_SHOWN else p.model_copy(update={"items": ()})
        for n, p in enumerate(confused_pairs(_places(bench, told), classes)[:MOST_PAIRS])
    ]
    if not pairs:
        return ()
    ids = list(dict.fromkeys(i.item for p in pairs for i in p.items))
    rows = dict(zip(ids, map(int, bench.items(round_).rows_of(ids)), strict=True))
    split, gold = bench.split(round_), gold_set(bench)
    measures = {i: split[row] == HOLDOUT or i in gold for i, row in rows.items() if row >= 0}
    resolved = _resolved(labels)
    samples = _samples(bench, round_, [i for p in pairs for i in p.items])
    by_id = {c.id: c for c in bench.task.classes}
    found = []
    for pair in pairs:
        items = tuple(
            i.model_copy(
                update={
                    "label": _label(i, resolved.get(rows[i.item], ()), pair),
                    "measures": bool(measures.get(i.item, True)),
                }
            )
            for i in pair.items
        )
        lines: tuple[Counterexample, ...] = ()
        why_not = ""
        if pair.clear is not False:
            lines, why_not = proposed(pair.model_copy(update={"items": items}), by_id, samples)
        found.append(
            pair.model_copy(
                update={"items": items[:MOST_ITEMS], "proposed": lines, "unproposed": why_not}
            )
        )
    return tuple(found)


def _places(bench: Workbench, told: Judgements) -> list[Place]:
    triples = told.triples(without=names(bench))
    if bench.task.kind == "spans":
        return overlapping(triples)
    said: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for item, who, answer in triples:
        said[item][who] = frozenset([answer]) if single(bench.task) else answer
    return [Place(item, by) for item, by in said.items()]


def _resolved(labels: tuple[Labels, Labels]) -> dict[int, tuple[Hashable, ...]]:
    """By row what its label holds, where more than half of the weight is behind it."""
    found: dict[int, tuple[Hashable, ...]] = {}
    for part in labels:
        for row, answer, spans, sure in zip(
            part.rows, part.answers, part.spans, part.agreement, strict=True
        ):
            if sure > 0.5:
                marks = [(s.start, s.end, c) for s, c in zip(spans, answer, strict=False)]
                found[int(row)] = tuple(marks) if spans else answer
    return found


def _label(item: SplitItem, resolved: Sequence[Any], pair: ConfusedPair) -> str | None:
    """Which of the two it was resolved to; None where it was neither, or both."""
    if item.marked is not None:
        resolved = [c for start, end, c in resolved if (start, end) == item.marked]
    held = [c for c in (pair.one, pair.other) if c in resolved]
    return held[0] if len(held) == 1 else None


def _texts(bench: Workbench, round_: int, ids: Sequence[str]) -> dict[str, str]:
    """By id the text in which people mark parts, of items that are there."""
    from labelwright.loop.tagging import texts_of

    items = bench.items(round_)
    wanted = list(dict.fromkeys(ids))
    there = [
        (i, int(row)) for i, row in zip(wanted, items.rows_of(wanted), strict=True) if row >= 0
    ]
    texts = texts_of(items.take([row for _, row in there]))
    return {i: text for (i, _), text in zip(there, texts, strict=True)}


def _samples(bench: Workbench, round_: int, items: Sequence[SplitItem]) -> Mapping[str, Sample]:
    """How the items stand in a task file, those that can."""
    from labelwright.dsl.task import Sample

    found: dict[str, Sample | None] = {}
    if bench.task.kind == "spans":
        texts = _texts(bench, round_, [i.item for i in items])
        for item in items:
            if item.marked is not None and item.item in texts:
                found[key(item)] = of_mark(texts[item.item], *item.marked)
        return {k: s for k, s in found.items() if s is not None}
    snapshot = bench.items(round_)
    ids = list(dict.fromkeys(i.item for i in items))
    rows = snapshot.rows_of(ids)
    there = snapshot.take(rows[rows >= 0])
    inputs = there.inputs
    table = there.columns((*inputs.text, *inputs.image[:1], *inputs.columns)).to_pylist()
    for identity, row in zip(there.ids, table, strict=True):
        texts_ = [str(row[c]) for c in inputs.text if row[c] is not None]
        if texts_:
            found[identity] = of_text(" · ".join(texts_))
        elif inputs.image:
            path = row[inputs.image[0]]
            found[identity] = Sample(kind="image", value=path) if isinstance(path, str) else None
        else:
            told = [f"{c} = {row[c]}" for c in inputs.columns if row[c] is not None]
            found[identity] = of_text(", ".join(told))
    return {k: s for k, s in found.items() if s is not None}


def _unknown(
    bench: Workbench, annotators: Sequence[AnnotatorScore], shared: int
) -> tuple[str, ...]:
    """What cannot be said of these people, and what would let it be said."""
    told = []
    if not shared:
        why = (
            "the task asks one person for each item; `overlap = 2` lets it be known"
            if bench.task.annotators.overlap == 1
            else "no item was judged by two people yet"
        )
        told.append(f"how people agree, and which classes they confuse, is not known: {why}")
    if not any(a.on_gold.n for a in annotators):
        told.append(
            "how often each person is right is not known: nobody has answered a gold item "
            "(`gold = 40 items` in `annotators`); agreement with the others stands in for it"
            if shared
            else "how often each person is right is not known: nobody has answered a gold item "
            "(`gold = 40 items` in `annotators`)"
        )
    if not any(a.trends for a in annotators):
        told.append(
            "whether people tire is not known: it takes 40 answers of each of two people or more"
        )
    if not any(a.led for a in annotators):
        told.append("how far suggestions lead people is not known: none was made")
    elif not any(a.led_by.estimate is not None for a in annotators):
        told.append(
            "how far suggestions lead each person is not known: it takes ten answers with one shown "
            "and ten with one kept back"
        )
    if shared and len(bench.task.choices) == 2:
        told.append("with two classes, a confusion cannot be told from a slip")
    return tuple(told)
