"""What a campaign comes to: the verdict, the bill, the names of its classes. Pure functions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from labelwright import figures
from labelwright.dsl.task import Task
from labelwright.loop.history import Campaign, Measurement, RoundRecord, Verdict
from labelwright.loop.supported import single
from labelwright.words import clean

Outcome = Literal["PASS", "FAIL", "NOT YET KNOWN", "NO CRITERIA"]

MARKS = {"PASS": "✓", "FAIL": "✗", "NOT YET KNOWN": "?", "NO CRITERIA": "–"}


@dataclass(frozen=True)
class Bill:
    """What was spent so far; `limit` and `left` are judgements, all purposes together."""

    training: int
    holdout: int
    limit: int
    money: float | None
    currency: str | None
    hours: float | None
    gold: int = 0
    audit: int = 0
    adjudicated: int = 0

    @property
    def total(self) -> int:
        return self.training + self.holdout + self.gold + self.audit + self.adjudicated

    @property
    def left(self) -> int:
        return max(0, self.limit - self.total)


def last_round(campaign: Campaign) -> RoundRecord | None:
    """The latest finished round, None before the first."""
    return campaign.rounds[-1] if campaign.rounds else None


def measured(campaign: Campaign) -> Measurement | None:
    """The latest measurement, None before the first round."""
    last = last_round(campaign)
    return last.measurement if last else None


def verdicts(task: Task, campaign: Campaign) -> tuple[Verdict, ...]:
    """The latest verdicts; before the first measurement every criterion is NOT YET KNOWN."""
    now = measured(campaign)
    if now is not None:
        return now.verdicts
    return tuple(
        Verdict(criterion=c.text, status="NOT YET KNOWN", estimate=None, target=c.value)
        for c in task.accept.criteria
    )


def outcome(task: Task, campaign: Campaign) -> Outcome:
    """The whole campaign in one word.

    PASS only where every criterion passes. While rounds are still to come a criterion that fails
    today decides nothing: the outcome is NOT YET KNOWN.
    """
    states = {v.status for v in verdicts(task, campaign)}
    if not states:
        return "NO CRITERIA"
    if states == {"PASS"}:
        return "PASS"
    if "FAIL" in states and campaign.decision not in ("running", "waiting"):
        return "FAIL"
    return "NOT YET KNOWN"


def bill(task: Task, campaign: Campaign) -> Bill:
    """What the campaign has cost up to its latest round."""
    last = last_round(campaign)
    price = task.budget.price or task.budget.money
    return Bill(
        training=last.annotations if last else 0,
        holdout=last.holdout_annotations if last else 0,
        limit=task.budget.annotations,
        money=last.money if last else None,
        currency=(last.currency if last else None) or (price.currency if price else None),
        hours=last.hours if last else None,
        gold=last.gold_annotations if last else 0,
        audit=last.audit_annotations if last else 0,
        adjudicated=last.adjudications if last else 0,
    )


def more_words(task: Task, campaign: Campaign, verdict: Verdict) -> str:
    """How many more annotations on the holdout would decide a criterion, and their cost; "": not known.

    Hours are annotators' time, at the pace so far.
    """
    if verdict.status != "NOT YET KNOWN":
        return ""
    last = last_round(campaign)
    if verdict.more == 0:
        return "the labels there are may decide at the next look"
    number = verdict.more or verdict.more_than
    if number is None:
        return ""
    costs = []
    if (price := task.budget.price) is not None:
        costs.append(figures.money(number * price.amount, price.currency))
    given = last.annotations + last.holdout_annotations if last else 0
    if last and last.hours and given:
        costs.append(figures.hours(last.hours / given * number))
    about = figures.counted(number, "more holdout annotation")
    paid = f" ({', '.join(costs)})" if costs else ""
    if verdict.more_than is not None:
        return f"it is so near the target that even {about}{paid} would not decide"
    return f"about {about}{paid} would decide"


def ceiling_words(task: Task, now: Measurement) -> str:
    """What people's own errors do to the accuracy that can be measured; "" where it is not known."""
    ceiling = now.ceiling
    if ceiling is None or ceiling.estimate is None or ceiling.low is None or ceiling.high is None:
        return ""
    name = "accuracy" if now.kind == "one" else "exact match"
    words = (
        f"by how far people agree, a model that is always right would be measured at "
        f"{figures.percent(ceiling.estimate)} {name} ({figures.interval(ceiling)})"
    )
    above = [
        c
        for c in task.accept.criteria
        if c.metric in ("accuracy", "exact_match")
        and c.op in (">=", ">")
        and c.value > ceiling.high
    ]
    if above:
        asked = clean(above[0].text) or f"{above[0].metric} {above[0].op} {above[0].value:g}"
        words += f": with these labels “{asked}” asks for more than can be shown"
    return words


def spent_by_phase(campaign: Campaign) -> dict[str, int]:
    """Training annotations by phase, in the order of the phases' first rounds."""
    spent: dict[str, int] = {}
    before = 0
    for record in campaign.rounds:
        spent[record.phase] = spent.get(record.phase, 0) + record.annotations - before
        before = record.annotations
    return spent


@dataclass(frozen=True)
class Questions:
    """What the training annotations were asked about; all but `new` have an answer by somebody else."""

    new: int
    second_opinions: int
    rechecks: int


def questions(campaign: Campaign) -> Questions | None:
    """Over all rounds; None where nobody was asked for a further opinion."""
    second = sum(r.second_opinions for r in campaign.rounds)
    rechecks = sum(r.rechecks for r in campaign.rounds)
    if not second + rechecks:
        return None
    return Questions(sum(r.asked for r in campaign.rounds) - second - rechecks, second, rechecks)


def class_names(task: Task) -> dict[str, str]:
    """Class id -> what people read: its title, with the parents' where titles repeat."""
    titles = {c.id: c.title for c in task.classes}
    repeats = Counter(titles.values())
    parents = {c.id: c.parent for c in task.classes}

    def path(id: str) -> str:
        parent = parents[id]
        return f"{path(parent)} › {titles[id]}" if parent else titles[id]

    return {id: path(id) if repeats[title] > 1 else title for id, title in titles.items()}


@dataclass(frozen=True)
class Confusion:
    """Items of class `true` that the model took for `predicted`; of `support` such items."""

    true: str
    predicted: str
    items: int
    support: int

    @property
    def share(self) -> float:
        return self.items / self.support


def most_confused(measurement: Measurement, limit: int) -> tuple[Confusion, ...]:
    """The pairs confused most often, most items first, then the larger share, then file order."""
    ids = [c.id for c in measurement.classes]
    pairs = [
        Confusion(ids[i], ids[j], items, sum(row))
        for i, row in enumerate(measurement.confusion)
        for j, items in enumerate(row)
        if i != j and items
    ]
    return tuple(sorted(pairs, key=lambda c: (-c.items, -c.share))[:limit])


def nothing_learned(task: Task, now: Measurement) -> str | None:
    """A sentence where the model's answers have nothing to do with people's; None where they have."""
    from labelwright.loop.measure.chance import against_chance

    found = against_chance(now.confusion) if now.confusion else None
    if found is None or found.clear:
        return None
    share = figures.percent(found.right / found.n)
    most = class_names(task).get(now.classes[found.most].id, now.classes[found.most].id)
    return (
        f"nothing was learned: {share} of {figures.counted(found.n, 'holdout item')} are answered rightly, "
        f"no more than by chance; always answering {most} would be right for "
        f"{figures.percent(found.always)}"
    )


@dataclass(frozen=True)
class Target:
    """A line to reach on the accuracy curve."""

    value: float
    text: str


def accuracy_targets(task: Task) -> tuple[Target, ...]:
    """The criteria on the main figure, on the whole holdout, as lines for the curve."""
    main = "accuracy" if single(task) else "micro_f1"
    return tuple(
        Target(c.value, c.text or f"{c.metric} {c.op} {c.value:g}")
        for c in task.accept.criteria
        if c.metric == main and c.on is None and c.of is None
    )
