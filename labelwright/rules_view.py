"""The rules of a task and what they are worth, as plain text and as JSON values.

Pure functions of a `RulesReport`; columns are aligned by cell width, so that Hangul stands straight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright import figures
from labelwright.words import cell_width, clean, fit, pad, wrap

if TYPE_CHECKING:
    from labelwright.loop.record import Estimate
    from labelwright.loop.rules.analysis import RuleFigures, Shown
    from labelwright.loop.rules.records import RuleScore, RulesScored
    from labelwright.loop.rules.report import RulesReport

_WIDEST_NAME, _WIDEST_SAYS = 20, 26
_RIGHT = "right where the label is known"


def rules_view(
    report: RulesReport, *, spans: bool = False, width: int = 80, following: Sequence[str] = ()
) -> str:
    """The table, what all rules come to together, and what to do next.

    spans: two rules on one item may speak of different spans, so that there are no conflicts to show.
    """
    lines = _table(report, spans=spans, width=width)
    if report.scored is not None:
        lines += ["", *scores_lines(report.scored, width=width)]
    facts = [*_summary(report, spans=spans), ("Next", list(following))]
    first = max(cell_width(name) for name, _ in facts) + 2
    lines.append("")
    for name, told in facts:
        for number, line in enumerate(told):
            lead = pad(name if number == 0 else "", first)
            kept = [line] if name == "Next" else wrap(line, max(20, width - first))
            lines += [lead + kept[0], *(" " * first + rest for rest in kept[1:])]
    return "\n".join(lines)


def scores_lines(found: RulesScored, *, width: int = 80) -> list[str]:
    """What each rule is worth by the label model, and on the holdout; what is worse than chance."""
    widest = min(_WIDEST_NAME, max(cell_width(clean(rule.name)) for rule in found.rules))
    head = pad("rule", max(4, widest)) + "  taken to be right"
    lines = [head + ("     right on the holdout" if found.held else "")]
    for rule in found.rules:
        name = pad(fit(clean(rule.name), widest), max(4, widest))
        cells = [name, pad(_worth(rule.estimated), 17)]
        cells += [f"   {_counted(rule.held)}"] if found.held else []
        lines.append("  ".join(cells).rstrip())
    notes = ["taken to be right: by the rule’s weight and by where others agree"]
    notes[0] += ", and by the labels that are known" if found.labelled else ""
    if found.held:
        notes.append(
            "the holdout is a fair sample: rules changed to suit it would flatter the verdict"
        )
    lines += [line for note in notes for line in wrap(note, width)]
    return lines + [line for rule in found.worse for line in wrap(f"! {worse(rule)}", width)]


def worse(rule: RuleScore) -> str:
    """A sentence and a remedy for a rule that is right less often than chance."""
    turned = f"vote {rule.label}" if rule.action == "against" else f"vote against {rule.label}"
    told = rule.held if rule.held.estimate is not None else rule.chosen
    return (
        f"rule {clean(rule.name)} is worse than chance ({_counted(told)}): look with --examples 5, then "
        f"take it out or write `{turned}`"
    )


def _worth(told: Estimate) -> str:
    if told.estimate is None or told.low is None or told.high is None:
        return "not known"
    return f"{told.estimate:.2f} ({told.low:.2f} to {told.high:.2f})"


def _counted(told: Estimate) -> str:
    if told.estimate is None:
        return "none"
    return f"{told.estimate:.2f} of {told.n:,} ({told.low:.2f} to {told.high:.2f})"


def says(rule: RuleFigures) -> str:
    """`vote 경제`, `against Sports`, `veto`."""
    return " ".join(filter(None, (rule.action, rule.label)))


def worth(rule: RuleFigures) -> str:
    """`34 of 40, 0.85 (0.70 to 0.94)`; empty where no label is known."""
    if rule.precision is None or rule.interval is None:
        return ""
    low, high = rule.interval
    precise = _figure(rule.precision)
    return f"{rule.right:,} of {rule.labelled:,}, {precise} ({_figure(low)} to {_figure(high)})"


def _table(report: RulesReport, *, spans: bool, width: int) -> list[str]:
    found = report.analysis
    headings = [
        "rule",
        "says",
        "fires on",
        "",
        "alone",
        "overlap",
        *([] if spans else ["conflict"]),
    ]
    rows = [_cells(rule, found.items, spans=spans) for rule in found.rules]
    widths = [max(map(cell_width, column)) for column in zip(headings, *rows, strict=True)]
    room = max(14, width - sum(widths[2:]) - 2 * (len(widths) - 1))
    widths[0] = min(widths[0], _WIDEST_NAME, room // 2)
    widths[1] = min(widths[1], _WIDEST_SAYS, room - widths[0])
    known = bool(found.labelled)
    right = max([len(_RIGHT), *(len(worth(rule)) for rule in found.rules)]) if known else 0
    beside = known and sum(widths) + 2 * len(widths) + right <= width
    lines = [_line(headings, widths) + (f"  {_RIGHT}" if beside else "")]
    for rule, cells in zip(found.rules, rows, strict=True):
        line = _line(cells, widths)
        if not rule.fires:
            line = f"{line.rstrip()}  never fires"
        elif beside and worth(rule):
            line += f"  {worth(rule)}"
        lines.append(line.rstrip())
        if known and not beside and worth(rule):
            lines.append(f"{' ' * (widths[0] + 2)}right on {worth(rule)}")
    return lines


def _cells(rule: RuleFigures, items: int, *, spans: bool) -> list[str]:
    cells = [clean(rule.name), clean(says(rule)), f"{rule.fires:,}", _share(rule.fires, items)]
    if rule.action == "veto" or not rule.fires:
        return [*cells, "", "", *([] if spans else [""])]
    counts = [rule.alone, rule.overlaps, *([] if spans else [rule.conflicts])]
    return cells + [_share(count, items) for count in counts]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The first two columns stand to the left, the numbers to the right."""
    return "  ".join(
        fit(cell, wide) if place < 2 else pad(cell, wide, right=True)
        for place, (cell, wide) in enumerate(zip(cells, widths, strict=True))
    )


def _share(count: int, of: int) -> str:
    """0.1234 as `12.3%`; what is not nothing, and not all, never reads so."""
    if not of:
        return ""
    share = count / of
    if 0 < share < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 <= share < 1 else figures.percent(share)


def _figure(share: float) -> str:
    """Two digits; more where those would round to 0 or 1 what is neither."""
    digits = next((n for n in (2, 3, 4) if 0 < round(share, n) < 1), 5)
    return f"{share:.2f}" if share in (0, 1) else f"{share:.{digits}f}"


def _summary(report: RulesReport, *, spans: bool) -> list[tuple[str, list[str]]]:
    found = report.analysis
    whole = figures.counted(found.items, "item")
    covered = (
        f"{found.voted:,} of {whole} ({_share(found.voted, found.items)}) by at least one vote"
    )
    if found.only_against:
        covered += f"; {found.only_against:,} more only by votes against a class"
    facts = [("covered", [covered])]
    if not spans:
        share = _share(found.conflicts, found.items)
        contradicted = (
            f"{figures.counted(found.conflicts, 'item')} ({share}) on which rules contradict"
        )
        facts.append(("conflicts", [contradicted]))
    if any(rule.action == "veto" for rule in found.rules):
        share = _share(found.vetoed, found.items)
        vetoed = f"{figures.counted(found.vetoed, 'item')} ({share}), which count for no other rule"
        facts.append(("vetoed", [vetoed]))
    if report.labels:
        facts.append(("labels", [f"{report.labels}: {figures.counted(found.labelled, 'item')}"]))
    if report.faults:
        facts.append(("set aside", [_set_aside(report)]))
    return facts


def _set_aside(report: RulesReport) -> str:
    reasons = Counter(fault.reason for fault in report.faults).most_common()
    told = ", ".join(f"{n:,} with {clean(reason)}" for reason, n in reasons)
    first = report.faults[0]
    where = clean(first.file) + (f", row {first.row:,}" if first.row else "")
    return (
        f"{figures.counted(len(report.faults), 'row')}: {told}; the first: {where}: "
        f"{clean(first.detail or first.reason)}"
    )


# --- examples ---------------------------------------------------------------------------------


def examples_view(report: RulesReport, *, width: int = 80) -> str:
    """For each rule items that it fires on, and items that it is wrong on."""
    blocks = []
    for rule in report.analysis.rules:
        lines = [f"{clean(rule.name)}   {clean(says(rule))}"]
        if not rule.fires:
            lines.append("  never fires")
        lines += _shown("fires on", rule.examples, width)
        lines += _shown("wrong on", rule.wrong, width)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _shown(heading: str, items: Sequence[Shown], width: int) -> list[str]:
    lines = []
    widest = min(24, max((cell_width(clean(shown.item)) for shown in items), default=0))
    for number, shown in enumerate(items):
        lead = f"  {pad(heading if number == 0 else '', 8)}  {fit(clean(shown.item), widest)}  "
        label = f"  = {clean(', '.join(shown.labels))}" if shown.labels else ""
        room = max(20, width - cell_width(lead) - cell_width(label))
        text = clean(shown.excerpt)
        lines.append(lead + (text if cell_width(text) <= room else fit(text, room)) + label)
    return lines


# --- for programs -----------------------------------------------------------------------------


def rules_json(report: RulesReport, file: str, notes: Sequence[str] = ()) -> dict[str, Any]:
    """All figures; shares are of all items, intervals two-sided at 95%."""
    found = report.analysis
    return {
        "file": file,
        "items": found.items,
        "vetoed": found.vetoed,
        "voted": found.voted,
        "only_against": found.only_against,
        "conflicts": found.conflicts,
        "labelled": found.labelled,
        "labels": report.labels,
        "set_aside": dict(Counter(fault.reason for fault in report.faults)),
        "notes": list(notes),
        "rules": [_rule_json(rule, found.items) for rule in found.rules],
        "scored": report.scored.model_dump(mode="json") if report.scored else None,
    }


def _rule_json(rule: RuleFigures, items: int) -> dict[str, Any]:
    low, high = rule.interval or (None, None)
    return {
        "name": rule.name,
        "action": rule.action,
        "class": rule.label,
        "fires": rule.fires,
        "coverage": rule.fires / items if items else None,
        "alone": rule.alone,
        "overlaps": 0 if rule.action == "veto" else rule.overlaps,
        "conflicts": rule.conflicts,
        "labelled": rule.labelled,
        "right": rule.right,
        "precision": rule.precision,
        "low": low,
        "high": high,
        "examples": [_shown_json(shown) for shown in rule.examples],
        "wrong": [_shown_json(shown) for shown in rule.wrong],
    }


def _shown_json(shown: Shown) -> dict[str, Any]:
    return {"item": shown.item, "excerpt": shown.excerpt, "labels": list(shown.labels)}
