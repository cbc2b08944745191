"""What a campaign looks like on a terminal, as plain text: rounds, verdict, status.

Every view is a pure function to `str`, aligned by cell width, the same in a pipe; `console` shows
it, in colour where somebody looks. `plotting` draws the curve. This is the door to all three.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labelwright import figures
from labelwright.choosing_view import choosing_lines, holdout_lines
from labelwright.console import RichProgress, say
from labelwright.doubt_view import doubt_lines, parts_beside, paused_lines
from labelwright.forecast_view import forecast_lines, reach_line, stopping_lines
from labelwright.loop.alarms import alarms, holdout_alarms
from labelwright.plotting import WIDTH, curve_view, scale_floor, whisker
from labelwright.rules_view import worse
from labelwright.shift_view import warning
from labelwright.summary import (
    MARKS,
    Bill,
    bill,
    ceiling_words,
    class_names,
    last_round,
    measured,
    more_words,
    nothing_learned,
    outcome,
    questions,
    verdicts,
)
from labelwright.words import cell_width, clean, fit, flag_line, pad, wrap

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.history import Anchoring, Awaited, Campaign, RoundRecord, Verdict

__all__ = [
    "RichProgress",
    "RoundTable",
    "awaited_line",
    "closing",
    "curve_view",
    "round_table",
    "say",
    "status_view",
    "verdict_lines",
]

MOST_FLAGS = 10
_LEAST_STRATEGY = 12
_FIXED = 6 + 7 + 7 + 2 + 6 + 2 + 2 + 7  # every column but the interval's picture and the strategy
_MIXED = re.compile(r"mix\((\w+), (\w+)\((\d+(?:\.\d+)?%)\)\)")
_OPERATOR = re.compile(r"\s(>=|<=|==|!=|>|<)\s")


# --- rounds -----------------------------------------------------------------------------------


class RoundTable:
    """The table of rounds, line by line as they finish; all lines share the first one's scale."""

    def __init__(self, *, width: int = WIDTH) -> None:
        room = max(width - _FIXED, 12 + _LEAST_STRATEGY)
        self._plot = min(24, max(12, room - 21))
        self._strategy = room - self._plot
        self._floor: float | None = None

    def lines(self, record: RoundRecord) -> str:
        """The round's line; before the first one the heading. Under it, what became of a holdout's design."""
        told = [f"        warning: {line}" for line in holdout_alarms(record)]
        return "\n".join([self._round(record), *told])

    def _round(self, record: RoundRecord) -> str:
        if self._floor is not None:
            return self._line(record)
        main = record.measurement.main
        self._floor = scale_floor([main.low if main.low is not None else main.estimate])
        return f"{self._heading(record.measurement.main_name)}\n{self._line(record)}"

    def _heading(self, name: str) -> str:
        names = pad(f"{name} on holdout", 6 + self._plot)
        first = f" round  asked  spent  {names}  {pad('chosen by', self._strategy)}     took"
        ends = f"{self._floor:.1f}{'1.0':>{self._plot - 3}}"
        return f"{first.rstrip()}\n{' ' * 28}{ends}"

    def _line(self, record: RoundRecord) -> str:
        main = record.measurement.main
        figure = "  ?  " if main.estimate is None else f"{main.estimate:.3f}"
        picture = whisker(
            main.estimate, main.low, main.high, floor=self._floor or 0, width=self._plot
        )
        strategy = fit(strategy_in_words(clean(record.strategy)), self._strategy)
        counts = "".join(f"{n:>7,}" for n in (record.round, record.asked, record.annotations))[1:]
        return f"{counts}  {figure} {picture}  {strategy}{figures.duration(record.seconds):>9}"


def round_table(campaign: Campaign, *, width: int = WIDTH) -> str:
    """All rounds so far; empty before the first."""
    table = RoundTable(width=width)
    return "\n".join(table.lines(record) for record in campaign.rounds)


def strategy_in_words(strategy: str) -> str:
    """`mix(margin, random(10%))` -> `margin + 10% random`; anything else as it is."""
    return _MIXED.sub(r"\1 + \3 \2", strategy)


# --- verdict ----------------------------------------------------------------------------------


def verdict_lines(task: Task, campaign: Campaign, *, width: int = WIDTH) -> str:
    """One line a criterion: mark, criterion, what was found. Empty where the task sets none."""
    rows = [(v, *_criterion(v)) for v in verdicts(task, campaign)]
    subjects = max((cell_width(subject) for _, subject, _ in rows), default=0)
    goals = max((cell_width(goal) for _, _, goal in rows), default=0)
    names = class_names(task)
    lines = []
    for verdict, subject, goal in rows:
        left = f" {MARKS[verdict.status]} {pad(subject, subjects)} "
        found = _found(verdict, names)
        more = more_words(task, campaign, verdict)
        found += f"; {more}" if more else ""
        for end in (pad(goal, goals), goal):
            if cell_width(left + end) + 3 + cell_width(found) <= width:
                lines.append(f"{left}{end}   {found}")
                break
        else:
            lines.append((left + goal).rstrip())
            lines += [f"     {line}" for line in wrap(found, max(20, width - 5))]
    return "\n".join(lines)


def _criterion(verdict: Verdict) -> tuple[str, str]:
    """`accuracy`, `>= 90% with 95% confidence`."""
    text = clean(verdict.criterion)
    operator = _OPERATOR.search(text)
    if operator is None:
        return text, ""
    return text[: operator.start()].rstrip(), text[operator.start() :].strip()


def _found(verdict: Verdict, names: dict[str, str]) -> str:
    note = clean(verdict.note)
    worst = re.fullmatch(r"((?:low|high)est: )(.+?)( [\d.]+%?)", note)
    if worst:
        note = f"{worst[1]}{clean(names.get(worst[2], worst[2]))}{worst[3]}"
    if verdict.estimate is None:
        return verdict.status + (f"; {note}" if note else "")
    if worst:
        words, note = note, ""
    else:
        words = figures.decimal(verdict.estimate)
    if verdict.bound is not None:
        bound = figures.decimal(verdict.bound)
        words += f", {figures.bound_word(verdict.criterion)} {bound}"
    words += f"; {note}" if note else ""
    return words if verdict.status == "PASS" else f"{words}: {verdict.status}"


def closing(
    task: Task,
    campaign: Campaign,
    *,
    report: str | None = None,
    where: str | None = None,
    following: str | None = None,
) -> str:
    """The last lines of a run: the verdict after what it took, the report, what to do next.

    where: the place where people answer, while they are waited for.
    """
    spent = bill(task, campaign)
    word = outcome(task, campaign)
    stopped = "" if word == "PASS" else f"{_sentence(campaign.reason)}\n"
    now = measured(campaign)
    told = nothing_learned(task, now) if now else None
    nothing = f"{_sentence(told)}\n" if told else ""
    lines = f"{nothing}{stopped}{word} after {_annotations(spent)}."
    tail = [f"Report   {report}"] if report else []
    tail += [f"Waiting  {awaited_line(campaign.awaited)}"] if campaign.awaited else []
    tail += [f"People   {where}"] if where else []
    ahead = campaign.forecast.reaches if campaign.forecast and word != "PASS" else ()
    tail += [
        f"Ahead    {reach_line(r, campaign.forecast.currency)}" for r in ahead if campaign.forecast
    ]
    tail += [f"Next     {following}"] if following else []
    return "\n".join([lines, *([""] if tail else []), *tail])


def _annotations(spent: Bill) -> str:
    told = [
        f"{figures.counted(spent.training, 'annotation')} on training",
        f"{figures.count(spent.holdout)} on the holdout",
        *parts_beside(spent),
    ]
    return f"{', '.join(told[:-1])} and {told[-1]} (of {figures.count(spent.limit)})"


def _sentence(text: str) -> str:
    text = clean(text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


# --- status -----------------------------------------------------------------------------------


def status_view(
    task: Task, campaign: Campaign, *, following: str | None = None, width: int = WIDTH
) -> str:
    """How good, what it cost, who did what, what next: the lead's questions at a glance."""
    head = clean(campaign.title)
    if campaign.rehearsal:
        head += "   REHEARSAL: simulated annotators"
    spent = bill(task, campaign)
    criteria = verdict_lines(task, campaign, width=width - 13).splitlines()
    blocks = [
        ("How good", [*_goodness(task, campaign), *criteria]),
        ("What it cost", _cost(task, campaign, spent)),
        ("Who did what", _people(campaign)),
        *([("Paused", out)] if (out := paused_lines(campaign)) else []),
        *([("In doubt", doubt)] if (doubt := doubt_lines(campaign)) else []),
        *([("How chosen", chosen)] if (chosen := _chosen(campaign)) else []),
        *([("Rules", rules)] if (rules := _rules(campaign)) else []),
        *([("Data", data)] if (data := _data(campaign)) else []),
        *([("Not counted", _flagged(campaign))] if campaign.flagged else []),
        *([("What is ahead", ahead)] if (ahead := _ahead(campaign, width - 14)) else []),
        ("What next", [_sentence(campaign.reason), *([following] if following else [])]),
    ]
    lines = [head]
    for name, content in blocks:
        lines.append("")
        for number, line in enumerate(content):
            marked = line.startswith(" ")  # a verdict's mark stands out to the left
            lead = pad(name if number == 0 else "", 13 if marked else 14)
            lines.append(lead + line)
    return "\n".join(lines)


def _ahead(campaign: Campaign, width: int) -> list[str]:
    """The forecast, where the next money is best spent, and what stopping rules would have done."""
    lines = [*forecast_lines(campaign), *stopping_lines(campaign)]
    return [piece for line in lines for piece in _hanging(line, max(30, width))]


def _hanging(line: str, width: int) -> list[str]:
    first, *rest = wrap(line, width)
    return [first, *(f"· {more}" for more in rest)] if rest else [first]


def _goodness(task: Task, campaign: Campaign) -> list[str]:
    last = last_round(campaign)
    if last is None:
        return ["not known: no round has finished"]
    now = last.measurement
    if now.main.estimate is None:
        return [f"{now.main_name} not known after round {last.round}"]
    span = figures.interval(now.main, figures.decimal, dash=" to ")
    words = f"{now.main_name} {figures.decimal(now.main.estimate)}"
    words += f" (95% interval {span})" if span else ""
    lines = [f"{words}, {figures.counted(now.holdout_labels, 'holdout label')}, round {last.round}"]
    if now.look is not None and now.main.low_every is not None:
        every = figures.every(now.main, figures.decimal, dash=" to ")
        lines.append(
            f"{every} holds at all {now.look.planned} looks planned, of which this is {now.look.number}"
        )
    if now.micro_f1 is not None:
        lines.append(
            f"macro F1 {figures.decimal(now.macro_f1.estimate)}, exact match "
            f"{figures.decimal(now.accuracy.estimate)}"
        )
    if campaign.rehearsal and now.true_accuracy is not None:
        whole = figures.counted(campaign.holdout, "item")
        lines.append(
            f"true {figures.decimal(now.true_accuracy)} on the whole holdout, {whole} (rehearsal)"
        )
    told = [nothing_learned(task, now), ceiling_words(task, now)]
    return lines + [clean(sentence) for sentence in told if sentence]


def _cost(task: Task, campaign: Campaign, spent: Bill) -> list[str]:
    of = figures.count(spent.limit)
    lines = [
        f"{figures.count(spent.total)} of {of} annotations: {figures.count(spent.training)} on "
        f"training, {figures.count(spent.holdout)} on the holdout"
        + "".join(f", {more}" for more in parts_beside(spent))
    ]
    parts = []
    if spent.money is not None:
        limit = task.budget.money
        of = f" of {figures.money(limit.amount, limit.currency)}" if limit else ""
        parts.append(figures.money(spent.money, spent.currency) + of)
    if spent.hours is not None:
        of = f" of {figures.hours(task.budget.hours)}" if task.budget.hours else ""
        parts.append(f"{figures.hours(spent.hours)}{of} of annotators’ time")
    if asked := questions(campaign):
        second = figures.counted(asked.second_opinions, "second opinion")
        again = figures.counted(asked.rechecks, "re-check")
        lines.append(f"questions: {figures.count(asked.new)} about new items, {second}, {again}")
    return lines + ([" · ".join(parts)] if parts else [])


def _chosen(campaign: Campaign) -> list[str]:
    """How the last round chose, and what of any round somebody should look at; else nothing."""
    last = last_round(campaign)
    wrong = [
        f"warning: round {record.round}: {clean(found)}"
        for record in campaign.rounds
        for found in alarms(record)
    ]
    told = holdout_lines(campaign.rounds)
    if last is None or last.choosing is None or not (wrong or last.choosing.notes):
        return told + wrong
    return choosing_lines(last.choosing) + told + wrong


def _rules(campaign: Campaign) -> list[str]:
    """How many there are and how far they reach, the least of them, and what is worse than chance."""
    found = campaign.rules
    if found is None:
        return []
    share = figures.percent(found.covered / max(1, found.items))
    line = f"{figures.counted(len(found.rules), 'rule')} on {share} of the items"
    known = [rule for rule in found.rules if rule.estimated.estimate is not None]
    if known:
        least = min(known, key=lambda rule: rule.estimated.estimate or 0)
        span = figures.interval(least.estimated, figures.decimal, dash=" to ")
        value = figures.decimal(least.estimated.estimate)
        line += (
            f"; the least, {clean(least.name)}, is taken to be right {value} ({span}) of the time"
        )
    return [line, *(f"warning: {clean(worse(rule))}" for rule in found.worse)]


def _data(campaign: Campaign) -> list[str]:
    """Parts of the data that differ and should not."""
    return [f"warning: {clean(warning(each))}" for each in campaign.distribution.alarms]


def _flagged(campaign: Campaign) -> list[str]:
    """Who, which item and why, for every answer that breaks a constraint."""
    lines = [flag_line(clean(f.annotator), clean(f.item), f.why) for f in campaign.flagged]
    more = len(lines) - MOST_FLAGS
    return lines[:MOST_FLAGS] + (
        [f"and {more:,} more: status --json lists them"] if more > 0 else []
    )


def awaited_line(awaited: Awaited) -> str:
    """`round 4 · 50 items out · ann: 38 · bo: 41 · waiting for 9 second opinions · 3 skipped`."""
    parts = [f"round {awaited.round}", f"{figures.counted(awaited.items, 'item')} out"]
    parts += [f"{clean(who)}: {n:,}" for who, n in awaited.answers.items()]
    first = awaited.missing - awaited.seconds - awaited.adjudications
    if first:
        parts.append(f"waiting for {figures.counted(first, 'answer')}")
    if awaited.seconds:
        parts.append(f"waiting for {figures.counted(awaited.seconds, 'further opinion')}")
    if awaited.adjudications:
        parts.append(f"waiting for {figures.counted(awaited.adjudications, 'adjudication')}")
    parts += [f"{awaited.skipped:,} skipped"] if awaited.skipped else []
    return " · ".join(parts)


def _anchoring(told: Anchoring) -> str:
    """What suggestions did: the share that agrees where one was shown, and where it was kept back."""
    shown = (
        f"{figures.percent(told.shown_agreeing / told.shown)} of {told.shown:,}"
        if told.shown
        else "none"
    )
    hidden = (
        f"{figures.percent(told.hidden_agreeing / told.hidden)} of {told.hidden:,}"
        if told.hidden
        else "none"
    )
    line = f"agree with suggestions: {shown} shown, {hidden} kept back"
    if told.difference is None or told.low is None or told.high is None:
        return line
    span = f"({100 * told.low:+.1f} to {100 * told.high:+.1f})"
    return f"{line}; led by {100 * told.difference:+.1f} points {span}"


def _people(campaign: Campaign) -> list[str]:
    at_work = [awaited_line(campaign.awaited)] if campaign.awaited else []
    if not campaign.annotators:
        came = sum(d.annotations for d in campaign.definitions)
        told = f"{figures.counted(came, 'annotation')} came, and none was learned from yet"
        return at_work or [told if came else "nobody has answered yet"]
    names = [clean(a.annotator) for a in campaign.annotators]
    names = [fit(name, min(28, cell_width(name))) for name in names]
    widest = max(map(cell_width, names))
    counts = [figures.counted(a.annotations, "annotation") for a in campaign.annotators]
    agreements = [
        "agreement not known" if a.agreement is None else f"agrees {figures.percent(a.agreement)}"
        for a in campaign.annotators
    ]
    across, wide = max(map(len, counts)), max(map(len, agreements))
    lines = []
    for name, count, agreement, person in zip(
        names, counts, agreements, campaign.annotators, strict=True
    ):
        pace = "" if person.seconds is None else f"{figures.duration(person.seconds)} each"
        columns = (pad(name, widest), f"{count:>{across}}", f"{agreement:<{wide}}", pace)
        lines.append("   ".join(columns).rstrip())
    last = last_round(campaign)
    alpha = last.measurement.alpha if last else None
    if alpha is not None and alpha.estimate is not None:
        span = figures.interval(alpha, figures.decimal, dash=" to ")
        words = f"Krippendorff’s alpha {figures.decimal(alpha.estimate)}"
        lines.append(f"{words} ({span})" if span else words)
    if campaign.anchoring is not None:
        lines.append(_anchoring(campaign.anchoring))
    return [*lines, *at_work]
