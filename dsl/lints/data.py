"""Lints that read the data: what rules do on them, how rare classes are, what leaks.

All numbers come from `Surroundings`; where one is not known, nothing is said of it.
"""

from __future__ import annotations

import math

from labelwright.dsl import task as t
from labelwright.dsl.bounds import errors_allowed, needed
from labelwright.dsl.checks_accept import MEASURED, best_doubt, classes_apart, holdout_label
from labelwright.dsl.context import Context, Place
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.lints.written import Written
from labelwright.dsl.printing import number, percent, share
from labelwright.dsl.spending import split_of_budget
from labelwright.dsl.tree import Span

NEARLY_ALL = 0.9  # of the items: a rule that fires on more says nothing about them
MOSTLY = 0.25  # of the rarer rule's items: from here on two rules contradict
LEAKING = 0.01  # of the holdout
_FEWEST_ITEMS = 20  # on fewer, to fire on all means little
_FEWEST_LABELS = 100  # on fewer, the share of a class is not known
_FEWEST_OF_CLASS = 5  # with fewer there is nothing to learn from and nothing to measure


def lint_data(ctx: Context, draft: t.Task, written: Written) -> None:
    """Add what the data say against rules, criteria, budget and holdout."""
    for rule in draft.rules:
        if rule.name in ctx.surroundings.fires and ctx.surroundings.items:
            _firing(ctx, rule, written, ctx.surroundings.fires[rule.name], ctx.surroundings.items)
    _clashes(ctx, draft, written)
    _Rarity(ctx, draft).lint()
    _leaks(ctx, draft)


# --- rules ------------------------------------------------------------------------------------


def _firing(ctx: Context, rule: t.Rule, written: Written, fires: int, items: int) -> None:
    line = written.rule(rule.name)
    where = line.when.span if line.when is not None else line.name.span
    if fires == 0:
        ctx.error(
            "L401",
            where,
            f"rule {rule.name} never fires",
            f"it fits not one of the {number(items)} items",
            help="look at the spelling and the column; a pattern heeds case unless it ends in `/i`.",
            warning=True,
        )
    elif fires > NEARLY_ALL * items and items >= _FEWEST_ITEMS:
        part = percent(math.floor(100 * fires / items))
        vetoes = rule.action == "veto"
        ctx.error(
            "L402",
            where,
            f"rule {rule.name} silences the others nearly everywhere"
            if vetoes
            else f"rule {rule.name} fires on nearly everything",
            f"on {number(fires)} of {number(items)} items, {part}",
            notes=("Where it fires, no rule speaks.",)
            if vetoes
            else ("What is said of nearly all items does not tell them apart.",),
            help="narrow its condition.",
            warning=True,
        )


def _clashes(ctx: Context, draft: t.Task, written: Written) -> None:
    """Pairs that contradict on a good part of what the rarer one says; a few items are usual."""
    names = {rule.name for rule in draft.rules}
    fires = ctx.surroundings.fires
    for one, other, items in ctx.surroundings.clashes:
        if not {one, other} <= names or not items:
            continue
        rarer = min(fires.get(one, 0), fires.get(other, 0))
        if items < MOSTLY * rarer:
            continue
        first, second = written.rule(one), written.rule(other)
        rare = one if fires.get(one, 0) <= fires.get(other, 0) else other
        ctx.error(
            "L403",
            second.name,
            f"rules {one} and {other} contradict each other",
            f"on {number(items)} items both fire",
            labels=(Label(first.name.span, "this one says otherwise"),),
            notes=(f"Rule {rare} fires on {number(rarer)} items.",) if rarer else (),
            help="narrow one of them, or give the one you trust more a greater `weight`.",
            warning=True,
        )


# --- rare classes -----------------------------------------------------------------------------


class _Rarity:
    """How many items of a class to expect, by the share it has of the existing labels."""

    def __init__(self, ctx: Context, draft: t.Task) -> None:
        self.ctx, self.draft = ctx, draft
        counts = ctx.surroundings.per_class
        self.labelled = ctx.surroundings.labelled or sum(counts.values())
        self.counts: dict[str, int] = dict.fromkeys((c.id for c in draft.classes), 0)
        for class_id, count in counts.items():  # a child counts as its parents
            parts = class_id.split(".")
            for end in range(1, len(parts) + 1):
                if (above := ".".join(parts[:end])) in self.counts:
                    self.counts[above] += count
        self.told: set[str] = set()

    def lint(self) -> None:
        """Classes too rare for a criterion, then the others that are too rare for the budget."""
        if self.labelled < _FEWEST_LABELS or not self.ctx.sure(*MEASURED):
            return
        for position, criterion in enumerate(self.draft.accept.criteria):
            place: Place = ("accept", str(position))
            if criterion.metric == "recall" and criterion.confidence is not None:
                self._measured(criterion, criterion.confidence, place)
            elif criterion.metric == "labels" and criterion.of is not None:
                self._counted(criterion, place)
        self._budget()

    def _expected(self, class_id: str, items: int) -> float:
        return items * self.counts[class_id] / self.labelled

    def _asked(self, criterion: t.Criterion) -> list[str]:
        """The classes a criterion is of that have labels at all, rarest first."""
        every = [c.id for c in self.draft.labels] if criterion.of == t.EACH_CLASS else []
        ids = every or [criterion.of or ""]
        return sorted((i for i in ids if self.counts.get(i)), key=lambda i: self.counts[i])

    def _measured(self, criterion: t.Criterion, confidence: float, place: Place) -> None:
        alpha = best_doubt(self.draft, confidence)
        least = needed(criterion.value, alpha)
        spent = split_of_budget(self.draft).holdout_items
        items = min(spent, self.ctx.surroundings.holdout or spent)
        each = spent // classes_apart(self.draft, criterion)
        if self.draft.holdout.measure != "uniform" or least is None:
            return
        if each < least or not errors_allowed(each, criterion.value, alpha):
            return  # said already, whatever the data hold
        rare = [i for i in self._asked(criterion) if self._expected(i, items) < least]
        if rare:
            holds = f"{number(items)} items hold about {_about(self._expected(rare[0], items))}"
            enough = math.ceil(least * self.labelled / self.counts[rare[0]])
            there = self.ctx.surroundings.items
            self._say(
                place,
                rare,
                f"needs {number(least)} items of {rare[0]}: {holds}",
                f"about {number(enough)} holdout items hold so many."
                if there is None or enough < there
                else f"all {number(there)} items hold about "
                f"{_about(self._expected(rare[0], there))}: ask for less, or find more of it.",
                holdout_label(self.ctx, self.draft, spent),
            )

    def _counted(self, criterion: t.Criterion, place: Place) -> None:
        items = self.ctx.surroundings.items
        if items is None:
            return
        rare = [i for i in self._asked(criterion) if self._expected(i, items) < criterion.value]
        if rare:
            holds = f"all {number(items)} hold about {_about(self._expected(rare[0], items))}"
            self._say(
                place,
                rare,
                f"needs {number(criterion.value)} items of {rare[0]}: {holds}",
                "ask for fewer, or find more of it.",
            )

    def _budget(self) -> None:
        spending = split_of_budget(self.draft)
        items = spending.training_items + spending.holdout_items
        items = min(items, self.ctx.surroundings.items or items)
        rare = sorted(
            (
                c.id
                for c in self.draft.labels
                if c.id not in self.told
                and self.counts[c.id]
                and self._expected(c.id, items) < _FEWEST_OF_CLASS
            ),
            key=lambda i: self.counts[i],
        )
        if rare:
            budget: Place = ("budget", "annotations")
            where = budget if budget in self.ctx.places else ("class", rare[0])
            self._say(
                where,
                rare,
                f"{number(items)} items hold about {_about(self._expected(rare[0], items))}",
                "raise the budget, join it with another class, or find its items by a rule.",
                tuple(
                    Label(self.ctx.places["class", i], f"about {_about(self._expected(i, items))}")
                    for i in rare[:3]
                    if ("class", i) != where
                ),
                of="this budget",
            )

    def _say(
        self,
        place: Place,
        rare: list[str],
        hint: str,
        help: str,
        labels: tuple[Label, ...] = (),
        *,
        of: str = "this criterion",
    ) -> None:
        self.told |= set(rare)
        count, rarest = self.counts[rare[0]], rare[0]
        part = share(round(count / self.labelled, 4)) if count * 10_000 >= self.labelled else ""
        found = f"Of {number(self.labelled)} items with a label, {number(count)} are {rarest}"
        notes = [f"{found}: {part}." if part else f"{found}."]
        if len(rare) > 1:
            notes.append(f"{number(len(rare) - 1)} more classes are too rare for it.")
        self.ctx.error(
            "L404",
            self.ctx.places[place],
            f"class {rarest} is too rare for {of}",
            hint,
            labels=labels,
            notes=notes,
            help=help,
            warning=True,
        )


def _about(items: float) -> str:
    return number(round(items)) if items >= 10 else f"{items:.1f}".removesuffix(".0")


# --- the holdout ------------------------------------------------------------------------------


def _leaks(ctx: Context, draft: t.Task) -> None:
    leaks, holdout = ctx.surroundings.leaks, ctx.surroundings.holdout
    if not leaks or leaks < LEAKING * (holdout or 0):
        return
    places: tuple[Place, ...] = (("holdout", "items"), ("holdout", "size"), ("holdout",), ("data",))
    where: Span | None = next((ctx.places[p] for p in places if p in ctx.places), None)
    if where is None or not ctx.sure(("data", "group"), ("data", "dedupe")):
        return
    of = f" of {number(holdout)}" if holdout else ""
    ctx.error(
        "L405",
        where,
        "the holdout repeats what the model learns from",
        f"{number(leaks)}{of} items have a near duplicate in the pool",
        notes=("A model that remembers them looks better than it is.",),
        help="`dedupe = near(0.8)` in `data` drops repeats; `group = …` keeps them on one side.",
        warning=True,
    )
