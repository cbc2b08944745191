"""What each section of the report shows, worked out of a task and a campaign. Pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from labelwright import figures
from labelwright.dsl.task import Class, Sample, Task
from labelwright.loop.alarms import alarms
from labelwright.loop.history import Arm, Campaign, ClassScore, Measurement, RoundRecord, Verdict
from labelwright.summary import MARKS, Bill, Confusion, most_confused, spent_by_phase

MATRIX_CLASSES = 15  # more are told as pairs
PAIRS = 20
WEAKEST_FIRST = 20  # a class table longer than this is sorted
ROUNDS_IN_FULL = 12
_STRESSED = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")


@dataclass(frozen=True)
class Gauge:
    """A verdict drawn on a scale from `start` to 100%; positions are shares of its width."""

    start: float
    target: float
    estimate: float
    bound: float | None


@dataclass(frozen=True)
class VerdictRow:
    """One criterion: what was found beside what was asked."""

    verdict: Verdict
    mark: str
    estimate: str
    bound: str  # "at least 92.6%"
    note: str
    gauge: Gauge | None
    more: str = ""  # how many more annotations would decide


def verdict_row(verdict: Verdict, names: dict[str, str], more: str = "") -> VerdictRow:
    """`verdict` in the unit in which its criterion is written."""
    number = figures.in_unit_of(verdict.criterion)
    bound = ""
    if verdict.bound is not None:
        bound = f"{figures.bound_word(verdict.criterion)} {number(verdict.bound)}"
    note = verdict.note
    worst = re.fullmatch(r"((?:low|high)est: )(.+) [\d.]+%?", note)
    if worst:  # its figure stands beside it already
        note = worst[1] + names.get(worst[2], worst[2])
    if number is figures.percent:
        note = figures.shares_as_percent(note)
    return VerdictRow(
        verdict, MARKS[verdict.status], number(verdict.estimate), bound, note, _gauge(verdict), more
    )


def _gauge(verdict: Verdict) -> Gauge | None:
    values = [v for v in (verdict.estimate, verdict.bound, verdict.target) if v is not None]
    if verdict.estimate is None or not all(0 <= v <= 1 for v in values):
        return None
    start = max(0.0, math.floor((min(values) - 0.05) * 10) / 10)
    at = [(v - start) / (1 - start) for v in (verdict.target, verdict.estimate)]
    bound = None if verdict.bound is None else (verdict.bound - start) / (1 - start)
    return Gauge(start, at[0], at[1], bound)


@dataclass(frozen=True)
class Piece:
    """Some words of the guide, stressed where they stood between asterisks."""

    text: str
    stressed: bool


def guide(task: Task) -> list[list[Piece]]:
    """The guide's paragraphs, read as the annotators' instructions read it."""
    paragraphs = (" ".join(block.split()) for block in re.split(r"\n\s*\n", task.guide))
    return [
        [Piece(text, n % 2 == 1) for n, text in enumerate(_STRESSED.split(paragraph)) if text]
        for paragraph in paragraphs
        if paragraph
    ]


def marked(sample: Sample) -> tuple[str, str, str]:
    """A span example as what stands before, in and after the mark; `[brackets]` say which one."""
    part = sample.marked or ""
    before, found, after = sample.value.partition(f"[{part}]")
    if not found:
        before, found, after = sample.value.partition(part)
    return before, part if found else "", after


@dataclass(frozen=True)
class ClassCard:
    """A class as annotators meet it, `depth` levels under the top."""

    cls: Class
    depth: int
    color: str | None


def class_cards(task: Task) -> list[ClassCard]:
    """All classes in file order."""
    depth: dict[str | None, int] = {None: -1}
    cards = []
    for cls in task.classes:
        depth[cls.id] = depth[cls.parent] + 1
        color = cls.color if cls.color and _COLOR.fullmatch(cls.color) else None
        cards.append(ClassCard(cls, depth[cls.id], color))
    return cards


@dataclass(frozen=True)
class ClassRow:
    """One class on the holdout, with the training labels behind it."""

    name: str
    score: ClassScore
    labels: int


def class_rows(record: RoundRecord, names: dict[str, str]) -> list[ClassRow]:
    """In file order; weakest F1 first where there are many."""
    rows = [
        ClassRow(names.get(s.id, s.id), s, record.labels_per_class.get(s.id, 0))
        for s in record.measurement.classes
    ]
    if len(rows) > WEAKEST_FIRST:
        rows.sort(key=lambda r: -1.0 if r.score.f1.estimate is None else r.score.f1.estimate)
    return rows


@dataclass(frozen=True)
class Cell:
    """`items` of a row's class predicted as the column's; `heat` is their share of the row."""

    items: int
    heat: float
    right: bool


@dataclass(frozen=True)
class Matrix:
    """The confusion matrix, rows true, columns predicted; `slanted` where the names are long."""

    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    slanted: bool


def matrix(now: Measurement, names: dict[str, str]) -> Matrix | None:
    """None where there are too many classes to look at, and where answers are several."""
    if now.kind != "one" or len(now.classes) > MATRIX_CLASSES:
        return None
    shown = tuple(names.get(c.id, c.id) for c in now.classes)
    rows = tuple(
        tuple(Cell(items, items / max(1, sum(row)), right=i == j) for j, items in enumerate(row))
        for i, row in enumerate(now.confusion)
    )
    return Matrix(shown, rows, slanted=max(map(len, shown), default=0) > 6)


def pairs(now: Measurement) -> tuple[Confusion, ...]:
    """The most confused pairs: a few beside a matrix, more in its place."""
    return most_confused(now, 5 if len(now.classes) <= MATRIX_CLASSES else PAIRS)


@dataclass(frozen=True)
class Share:
    """A part of the budget: `annotations`, their share of the whole, what they cost."""

    name: str
    kind: str  # "training-0", "training-1", …, "holdout", "gold", "audit", "adjudicated", "left"
    annotations: int
    share: float
    money: str


def spending(task: Task, campaign: Campaign, bill: Bill) -> list[Share]:
    """Where the budget went: training by phase, each other purpose, what is left."""
    price = task.budget.price
    whole = max(bill.limit, bill.total, 1)

    def part(name: str, kind: str, annotations: int) -> Share:
        cost = figures.money(annotations * price.amount, price.currency) if price else ""
        return Share(name, kind, annotations, annotations / whole, cost)

    phases = spent_by_phase(campaign).items()
    parts = [
        part(f"training, phase {p}", f"training-{i % 3}", n) for i, (p, n) in enumerate(phases)
    ]
    parts += [
        part("holdout", "holdout", bill.holdout),
        part("gold", "gold", bill.gold),
        part("looked at again", "audit", bill.audit),
        part("adjudicator", "adjudicated", bill.adjudicated),
        part("not spent", "left", bill.left),
    ]
    return [p for p in parts if p.annotations]


@dataclass(frozen=True)
class Alarm:
    """What is wrong with how a round chose."""

    round: int
    told: str


def alarmed(campaign: Campaign) -> list[Alarm]:
    """Of all rounds, in order."""
    return [Alarm(r.round, told) for r in campaign.rounds for told in alarms(r)]


@dataclass(frozen=True)
class ChoiceRow:
    """How a round chose: a line a strategy; `by_chance` and `likeness` beside what chance would give."""

    round: int
    pool: int
    utilities: tuple[str, ...]
    by_chance: str
    likeness: str
    notes: tuple[str, ...]


def choosing(campaign: Campaign) -> tuple[list[ChoiceRow], list[ChoiceRow]]:
    """The rounds of which it is known: all, or the first and the latest."""
    known = [record for record in campaign.rounds if record.choosing is not None]
    early, late = rounds_in_short(known)
    return [_choice_row(r) for r in early], [_choice_row(r) for r in late]


def _choice_row(record: RoundRecord) -> ChoiceRow:
    told = record.choosing
    assert told is not None
    batch = sum(arm.items for arm in told.arms)
    by_chance = likeness = ""
    if told.by_chance is not None and told.by_chance_expected is not None:
        by_chance = f"{told.by_chance:,} of {batch:,} ({told.by_chance_expected:.1f})"
    if told.likeness is not None and told.likeness_by_chance is not None:
        likeness = f"{told.likeness:.2f} ({told.likeness_by_chance:.2f})"
    return ChoiceRow(
        record.round, told.pool, tuple(map(_utilities, told.arms)), by_chance, likeness, told.notes
    )


def _utilities(arm: Arm) -> str:
    """`entropy 0.42 | 0.53 0.58 0.61 | 0.69`: least, quartiles, greatest."""
    if arm.utilities is None or (arm.constant and not arm.utilities[0]):
        return f"{arm.strategy}: {'none' if arm.utilities is None else 'all 0'}"
    least, low, middle, high, greatest = (f"{value:.3g}" for value in arm.utilities)
    ties = f", {arm.ties:,} tied with the last" if arm.ties else ""
    return f"{arm.strategy}: {least} | {low} · {middle} · {high} | {greatest}{ties}"


def rounds_in_short(rounds: Sequence[RoundRecord]) -> tuple[list[RoundRecord], list[RoundRecord]]:
    """The first and the latest rounds, where there are too many; what lies between is left out."""
    if len(rounds) <= ROUNDS_IN_FULL:
        return list(rounds), []
    return list(rounds[:3]), list(rounds[-6:])
