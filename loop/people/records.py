"""What is known of the people of a campaign and of how they agree, as frozen values."""

from __future__ import annotations

from typing import Literal

from labelwright.loop.record import Estimate, Record

UNKNOWN = Estimate(estimate=None)


class Anchoring(Record):
    """How far suggestions lead people: those shown beside those kept back at random."""

    shown: int  # answers to items whose suggestion was shown
    shown_agreeing: int
    hidden: int
    hidden_agreeing: int
    difference: float | None  # of the two shares of agreement
    low: float | None = None  # two-sided 95%
    high: float | None = None


class Mistaken(Record):
    """A class that a person took for another: `label` is what gold says, or else the others."""

    label: str
    said: str
    answers: int
    of: int  # the person's answers to items of `label`


class Trend(Record):
    """How a person's answers change as they go on, beside how those of the others do.

    change: over `over` answers, of a share (agreement) or as a factor (seconds: 0.8 is a fifth quicker).
    over: 100, or the person's longest course where that is shorter. clear: whether it is more than chance,
    all people and trends taken together.
    """

    measure: Literal["agreement", "seconds"]
    along: Literal["batch", "campaign"]  # within each batch, or from the first answer to the last
    change: float
    over: int
    low: float
    high: float
    answers: int
    clear: bool


class AnnotatorScore(Record):
    """One annotator's work so far."""

    annotator: str
    annotations: int
    agreement: float | None  # with the label of the item's other people
    seconds: float | None  # median, an annotation
    with_others: Estimate = UNKNOWN  # `agreement` with its interval
    on_gold: Estimate = UNKNOWN  # share of right answers to gold items
    mistaken: tuple[Mistaken, ...] = ()  # most frequent first
    skips: int = 0
    flagged: int = 0  # answers that break a constraint
    marks_f1: Estimate = (
        UNKNOWN  # of sets of classes or marks: F1 of each, with those of the others
    )
    median_seconds: Estimate = UNKNOWN
    quartiles: tuple[float, float] | None = None  # of seconds
    hasty: int = 0  # answers far quicker than anybody's usual
    hasty_with_others: Estimate = UNKNOWN  # agreement of these
    trends: tuple[Trend, ...] = ()
    led: Anchoring | None = None  # by suggestions; None where none was made for the person's items
    led_by: Estimate = UNKNOWN  # `led.difference`, drawn towards everybody's


class PairAgreement(Record):
    """How two people agree on the items that both judged."""

    one: str
    other: str
    items: int
    kappa: Estimate


class SplitItem(Record):
    """An item, or a marked part of one, on which people are divided between two classes."""

    item: str
    one: tuple[str, ...]  # who gave the pair's first class and not the second
    other: tuple[str, ...]
    marked: tuple[int, int] | None = None
    label: str | None = None  # what it was resolved to, of the two
    measures: bool = False  # of the holdout or gold: never to be shown to annotators as an example


class Counterexample(Record):
    """A line for the task file: the class's `counterexamples` with one more item."""

    cls: str  # id of the class
    item: str
    line: str
    why: str  # a sentence


class ConfusedPair(Record):
    """Two classes that people confuse; places are items, or parts of texts that people marked.

    support: places where somebody gave one of the two. by_slips: what the rate would be if splits fell by how
    often classes are named; clear: whether it is more than that. None where that cannot be told.
    """

    one: str
    other: str
    places: int
    support: int
    rate: Estimate
    by_slips: float | None = None
    clear: bool | None = None
    items: tuple[SplitItem, ...] = ()
    proposed: tuple[Counterexample, ...] = ()
    unproposed: str = ""  # why there is no line, where there is none


class People(Record):
    """How people agree, over everything that was answered so far."""

    shared: int  # items that two or more judged
    alpha: Estimate = UNKNOWN  # Krippendorff's
    fleiss: Estimate = UNKNOWN
    gamma: Estimate = UNKNOWN
    each_class: tuple[tuple[str, Estimate], ...] = ()  # alpha of named or not, by class id
    kappas: tuple[PairAgreement, ...] = ()  # Cohen's, the lowest first
    confused: tuple[ConfusedPair, ...] = ()
    trends: tuple[Trend, ...] = ()  # of all together
    unknown: tuple[str, ...] = ()  # what cannot be said, and why, a sentence each
