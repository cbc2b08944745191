"""What the report's section on people shows. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labelwright import figures
from labelwright.dsl.task import Task
from labelwright.loop.history import AnnotatorScore, Campaign, Estimate
from labelwright.loop.people.records import ConfusedPair
from labelwright.people_view import chance_words, known_rate, of_all, remarks_on
from labelwright.report.view import MATRIX_CLASSES

PAIRS = 5
ITEMS = 3  # of each pair
_DARK = 0.25  # a rate that is coloured in full, or more where the worst is


@dataclass(frozen=True)
class PersonRow:
    """One annotator; agreement is that of whole answers, or the F1 of sets of classes and marks."""

    score: AnnotatorScore
    agreement: Estimate
    time: str


@dataclass(frozen=True)
class PairCell:
    """How often two classes divide people; `clear`: more than slips would."""

    rate: str
    heat: float
    clear: bool
    title: str


@dataclass(frozen=True)
class PairMap:
    """A cell for each two classes, a triangle: row r has the cells of the classes before it."""

    names: tuple[str, ...]
    rows: tuple[tuple[PairCell | None, ...], ...]


@dataclass(frozen=True)
class PairCard:
    """A confused pair in words, with a few of its items."""

    pair: ConfusedPair
    one: str
    other: str
    told: str
    items: tuple[tuple[str, str, str], ...]  # text, who gave the one, who the other


@dataclass(frozen=True)
class Section:
    """All that the template prints."""

    rows: tuple[PersonRow, ...]
    sets: bool  # whether agreement is an F1
    coefficients: tuple[tuple[str, Estimate], ...]
    remarks: tuple[str, ...]
    map: PairMap | None
    pairs: tuple[PairCard, ...]
    unknown: tuple[str, ...]


def section(
    task: Task, campaign: Campaign, names: Mapping[str, str], texts: Mapping[str, str]
) -> Section:
    """texts: by id, what people read of the items that divide them."""
    told = campaign.people
    sets = any(a.marks_f1.estimate is not None for a in campaign.annotators)
    rows = tuple(
        PersonRow(a, a.marks_f1 if sets else _agreement(a), _time(a)) for a in campaign.annotators
    )
    remarks = [r for a in campaign.annotators for r in remarks_on(a, names)] + of_all(campaign)
    if told is None:
        return Section(rows, sets, (), tuple(remarks), None, (), ())
    coefficients = [("Fleiss’ kappa", told.fleiss), ("Gamma of the marks", told.gamma)]
    coefficients += [
        (f"Cohen’s kappa, {p.one} and {p.other}", p.kappa) for p in told.kappas[:ITEMS]
    ]
    shown = [p for p in told.confused if p.clear is not False][:PAIRS]
    return Section(
        rows,
        sets,
        tuple((n, e) for n, e in coefficients if e.estimate is not None),
        tuple(remarks),
        pair_map(task, told.confused, names),
        tuple(_card(p, names, texts) for p in shown),
        told.unknown,
    )


def pair_map(
    task: Task, pairs: tuple[ConfusedPair, ...], names: Mapping[str, str]
) -> PairMap | None:
    """None with two classes, with more than one can look at, and where nothing was divided."""
    ids = [c.id for c in task.choices]
    if not pairs or not 2 < len(ids) <= MATRIX_CLASSES:
        return None
    by_ids = {(p.one, p.other): p for p in pairs} | {(p.other, p.one): p for p in pairs}
    worst = max(_DARK, *(p.rate.estimate or 0.0 for p in pairs))
    rows = tuple(
        tuple(_cell(by_ids.get((row, column)), worst) for column in ids[:n])
        for n, row in enumerate(ids)
    )
    return PairMap(tuple(names.get(c, c) for c in ids), rows)


def _cell(pair: ConfusedPair | None, worst: float) -> PairCell | None:
    if pair is None or not pair.rate.estimate:
        return None
    rate = pair.rate.estimate
    digits = 0 if rate >= 0.0995 else 1
    return PairCell(
        figures.percent(rate, digits),
        rate / worst,
        bool(pair.clear),
        f"{pair.places:,} of {pair.support:,}; {chance_words(pair)}",
    )


def _card(pair: ConfusedPair, names: Mapping[str, str], texts: Mapping[str, str]) -> PairCard:
    marks = any(i.marked is not None for i in pair.items)
    what = figures.counted(pair.support, "marked part" if marks else "item")
    told = (
        f"People are divided on {pair.places:,} of the {what} that anybody gave either: "
        f"{known_rate(pair)}; {chance_words(pair)}."
    )
    items = []
    for item in pair.items[:ITEMS]:
        text = texts.get(item.item, item.item)
        if item.marked is not None and item.item in texts:
            text = text[item.marked[0] : item.marked[1]]
        items.append((text, ", ".join(item.one), ", ".join(item.other)))
    one, other = names.get(pair.one, pair.one), names.get(pair.other, pair.other)
    return PairCard(pair, one, other, told, tuple(items))


def _agreement(person: AnnotatorScore) -> Estimate:
    """With its interval; a record of an earlier kind has the figure alone."""
    if person.with_others.estimate is not None or person.agreement is None:
        return person.with_others
    return Estimate(estimate=person.agreement)


def _time(person: AnnotatorScore) -> str:
    if person.quartiles is None:
        return ""
    low, high = map(figures.duration, person.quartiles)
    return f"half: {low} to {high}"
