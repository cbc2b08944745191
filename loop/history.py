"""What a campaign has been through, as frozen values: what `status`, `curve` and `report` show."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelwright.loop.audit.records import LabelAudit as LabelAudit
from labelwright.loop.people.records import Anchoring as Anchoring
from labelwright.loop.people.records import AnnotatorScore as AnnotatorScore
from labelwright.loop.people.records import People as People
from labelwright.loop.record import Estimate as Estimate
from labelwright.loop.record import Record as Record
from labelwright.loop.rules.records import RulesScored as RulesScored
from labelwright.loop.shift.records import Comparison as Comparison
from labelwright.loop.shift.records import Distribution as Distribution

Status = Literal["PASS", "FAIL", "NOT YET KNOWN"]


class ClassScore(Record):
    """One class on the holdout."""

    id: str
    support: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


class Verdict(Record):
    """One criterion, or one class of an `each class` criterion's worst, decided."""

    criterion: str  # as written in the task file
    status: Status
    estimate: float | None
    bound: float | None = None  # one-sided; holds at every look with the criterion's confidence
    target: float
    n: int = 0
    note: str = ""  # e.g. "lowest: eight 0.87"
    level: float | None = None  # confidence of the bound at this look
    more: int | None = None  # about so many more holdout annotations would decide, overlap included
    more_than: int | None = None  # it takes more than so many


class Look(Record):
    """Which look at the holdout a round's measurement is."""

    number: int  # from 1
    planned: int  # looks that the budget allowed when the first was taken
    last: bool = False  # the budget ended with it
    closed: int = 0  # number of the earlier look that the budget ended with; 0: none
    fingerprint: str = ""  # of what it saw


class Measurement(Record):
    """The holdout's view of one round's model.

    accuracy: the share of items whose answer is right; with several classes or marks an item, the whole of
    it (exact match). The micro averages are those of such answers: with one class they are the accuracy.
    """

    kind: Literal["one", "many", "spans"] = "one"  # what an answer is
    holdout_labels: int
    accuracy: Estimate
    macro_f1: Estimate
    micro_f1: Estimate | None = None
    micro_precision: Estimate | None = None
    micro_recall: Estimate | None = None
    ece: Estimate
    alpha: Estimate  # Krippendorff's, over items judged by two or more
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]  # [true][predicted], as `classes`; none but of `one`
    verdicts: tuple[Verdict, ...]
    look: Look | None = None  # None where nothing was looked at, and in rounds of earlier versions
    ceiling: Estimate | None = None  # accuracy at which a model that is always right is measured
    true_accuracy: float | None = None  # `main` on the whole holdout; rehearsals only

    @property
    def main(self) -> Estimate:
        """The figure that stands for all: accuracy, or micro F1 where answers are several."""
        return self.accuracy if self.micro_f1 is None else self.micro_f1

    @property
    def main_name(self) -> Literal["accuracy", "micro F1"]:
        """What it is called."""
        return "accuracy" if self.micro_f1 is None else "micro F1"


class Arm(Record):
    """One strategy's part in a round's choice: the whole of it, but for `mix`."""

    strategy: str  # its name
    items: int
    utilities: tuple[float, float, float, float, float] | None = (
        None  # least, quartiles, greatest; None where it gives none
    )
    ties: int = 0  # items with the utility of the one chosen last, that one left out
    distinct: int = 0  # different utilities
    constant: bool = False  # two items or more, and all with one utility


class Choosing(Record):
    """How a round's training items were chosen; None where it is not known."""

    pool: int  # items that the strategy was first asked about
    arms: tuple[Arm, ...] = ()
    notes: tuple[str, ...] = ()  # what the strategy says of its choice, and what was left out of it
    drawn: int = 0  # items that chance drew with the same seed, to compare with
    by_chance: int | None = None  # items of the batch that it drew too
    by_chance_expected: float | None = None  # and how many any draw has in common with any batch
    likeness: float | None = (
        None  # mean cosine similarity to the most similar item of the last batch
    )
    likeness_by_chance: float | None = None  # the same of what chance drew


class HoldoutStage(Record):
    """What a round drew of the holdout, where it is drawn in stages."""

    design: Literal["uniform", "stratified", "active"]
    why: str
    evidence: float | None = None  # nats by which labels speak for the model's confidences
    frame: int  # items that could be drawn
    drawn: int
    least: float  # probability of the items of the frame to be drawn, from …
    most: float  # … to


class Stability(Record):
    """A round's model beside the one before it, on pool items that stay the same, whatever is labelled."""

    items: int  # of the stop set
    kappa: float | None  # agreement of the two models' answers beyond chance
    changed: float  # share of the items whose answer is another
    uncertainty: float  # mean of 1 − the probability of the answer, by the newer model


class Control(Record):
    """Labels drawn at random, so far, and what a model of these alone comes to on the holdout."""

    labels: int
    accuracy: float | None = None
    n: int = 0  # holdout labels
    chosen: tuple[tuple[int, float], ...] = ()  # the first so many chosen labels, and their model's
    apart: tuple[float, ...] = ()  # standard deviation of each difference to `accuracy`


class RoundRecord(Record):
    """One finished round."""

    round: int
    definition: int = 1  # number of the definition whose classes it measured
    annotations: int  # on training, so far
    holdout_annotations: int  # on the holdout, so far
    labels: int  # training labels the model learned from
    labels_per_class: dict[str, int]
    asked: int  # items sent for training in this round
    asked_again: int = (
        0  # of these, and of the holdout's, those that a change of the definition set aside
    )
    gold_annotations: int = 0  # on gold, so far
    adjudications: int = 0  # by the adjudicator, so far
    audit_annotations: int = 0  # re-checks, so far
    second_opinions: int = 0  # of `asked`, to somebody else about a label that the model shares
    rechecks: int = 0  # and about one that it does not
    audits: int = 0  # existing labels that were looked at again in this round
    unusable: int = 0  # items dropped so far because people called them unusable
    phase: str
    strategy: str
    pseudo_labels: int = 0
    gate: Literal["open", "closed", "off"] = "off"
    gate_why: str = ""
    utility_spread: tuple[float, float, float] | None = (
        None  # least, median, greatest of the chosen
    )
    choosing: Choosing | None = (
        None  # None in rounds of earlier versions, and where nothing is chosen
    )
    holdout_stage: HoldoutStage | None = None  # None where the sample is uniform from the start
    money: float | None = None
    currency: str | None = None
    hours: float | None = None
    seconds: float = 0.0  # wall time; never part of `curve --json`
    stability: Stability | None = None
    control: Control | None = None  # where `query` has a share of control
    gain: float | None = None  # expected of the next 100 training annotations, in the main figure
    shift: tuple[Comparison, ...] = ()  # parts of the data held against each other
    measurement: Measurement


class AppliedDefinition(Record):
    """A definition that was in force from a round on."""

    number: int
    hash: str
    first_round: int
    kind: Literal["begin", "run", "plan"]  # how it came into force
    breaks: bool  # rounds measured before no longer count
    annotations: int  # given under it
    changes: tuple[str, ...]  # in words
    restores: int | None = None  # the earlier definition that it is again


class Awaited(Record):
    """The batch that people are at work on."""

    round: int
    items: int
    answers: dict[str, int]  # annotator -> judgements given, skips included
    missing: int  # judgements still to come
    seconds: int = 0  # of these, second (third, …) opinions on items that somebody has answered
    adjudications: int = 0  # and answers that the adjudicator alone can give
    skipped: int = 0


class Synced(Record):
    """What fetching brought. told: a sentence for each thing found there that somebody should know."""

    answers: int = 0
    edits: int = 0
    deletions: int = 0
    requests: int | None = None  # that were made of a server
    told: tuple[str, ...] = ()
    awaited: Awaited | None = None


class Elsewhere(Record):
    """What a plan does where people answer, beside the store. drift: what others changed there."""

    where: str
    items: int = 0
    annotations: int = 0
    drift: tuple[str, ...] = ()
    page: bool = False  # what people see changes, or is set back
    rewritten: int = 0  # annotations that read otherwise afterwards
    retired: int = 0  # items taken away there: they are asked again in a later batch
    retired_annotations: int = 0  # these stay in the store
    resent: int = 0  # items that somebody deleted there, and that are still to be answered


class Marked(Record):
    """A part of a text, in code points."""

    label: str
    start: int
    end: int


class ChosenItem(Record):
    """One item that was asked, and why."""

    item: str
    round: int
    rank: int
    purpose: str
    utility: float | None
    probability: float
    reason: str
    label: str | None = None  # resolved; None while open
    marks: tuple[Marked, ...] | None = None  # of spans: what the label marks


class Doubt(Record):
    """An item the model is least sure of, for a person to look at.

    With several classes an item, `predicted` and `runner_up` are the two most in doubt, whether it gives
    them or not, and `given` is what it gives.
    """

    item: str
    predicted: str
    probability: float
    runner_up: str
    runner_up_probability: float
    given: tuple[str, ...] | None = None
    marks: tuple[Marked, ...] | None = (
        None  # of spans: those that the model makes, and of the label
    )
    true_marks: tuple[Marked, ...] | None = None
    label: str | None = None


class FlaggedAnswer(Record):
    """A judgement that breaks a constraint: paid for, and counted once it is mended."""

    item: str
    annotator: str
    why: tuple[str, ...]  # a sentence each


class Band(Record):
    """A figure with the band that holds it at 90%; None where it is beyond what can be reached."""

    estimate: float | None
    low: float | None = None
    high: float | None = None


class CurvePoint(Record):
    """The forecast curve after so many training annotations: the figure, 90% band."""

    annotations: int
    accuracy: Band


class Reach(Record):
    """What a target takes. more: further training annotations, where it can be reached at all."""

    criterion: str
    target: float
    unreachable: float  # chance that labels of this pool do not get there
    reached: float  # chance that it is reached already
    more: Band
    money: Band | None = None
    hours: Band | None = None


class Forecast(Record):
    """Where the curve goes from here, by what is known after the last round."""

    figure: Literal["accuracy", "micro F1"]
    rounds: int  # that it rests on
    why_not: str = ""  # why there is none
    points: tuple[CurvePoint, ...] = ()
    reaches: tuple[Reach, ...] = ()
    shapes: dict[str, float] = Field(default_factory=dict)  # weight of each shape of curve
    currency: str | None = None


class Worth(Record):
    """What further annotations of one kind would bring; gain in accuracy, None where not known."""

    kind: Literal["training", "holdout", "second opinions"]
    annotations: int
    gain: Band | None
    decides: bool = False  # open criteria would be decided by them
    sentence: str
    best: bool = False


class WouldStop(Record):
    """What a stopping rule would have done."""

    rule: str
    round: int | None  # None: it would go on
    annotations: int | None = None  # on training, by then
    accuracy: float | None = None
    money: float | None = None
    acts: bool = False  # the task file asks for it
    sentence: str


class Helps(Record):
    """Whether choosing beats chance: labels by chance for what as many chosen ones reach sooner."""

    labels: int  # drawn at random so far
    saving: Band | None = None  # 2: half the labels
    sentence: str


class Paused(Record):
    """Somebody whose answers to gold are below what the task asks: theirs are set aside."""

    annotator: str
    right: int
    answers: int  # on gold
    threshold: float  # `pause when gold < …`


class Campaign(Record):
    """Everything a report needs, read from the store; no paths, no secrets."""

    task: str
    title: str
    definition: str  # hash
    version: str  # labelwright's
    seed: int
    rehearsal: bool
    items: int
    pool: int
    holdout: int
    set_aside: dict[str, int]  # reason -> rows
    existing_labels: int = 0
    rounds: tuple[RoundRecord, ...]
    definitions: tuple[AppliedDefinition, ...] = ()
    chosen: tuple[ChosenItem, ...]
    doubts: tuple[Doubt, ...]
    annotators: tuple[AnnotatorScore, ...]
    flagged: tuple[FlaggedAnswer, ...] = ()
    awaited: Awaited | None = None
    paused: tuple[Paused, ...] = ()
    in_doubt: int = 0  # labels below the agreement that sends them to the adjudicator, not sent yet
    anchoring: Anchoring | None = None
    forecast: Forecast | None = None
    worth: tuple[Worth, ...] = ()
    stopping: tuple[WouldStop, ...] = ()
    helps: Helps | None = None
    people: People | None = None  # None where it was not asked for
    distribution: Distribution = Distribution()
    label_audit: LabelAudit | None = None  # None where no label is known, or none is doubted
    rules: RulesScored | None = None  # None before the first round, and where no rule votes
    decision: Literal["running", "waiting", "passed", "failed", "spent", "exhausted"]
    reason: str  # one sentence
