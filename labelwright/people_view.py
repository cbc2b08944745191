"""How people work and agree, as text and as JSON: what `labelwright people` prints. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelwright import figures
from labelwright.dsl.task import Task
from labelwright.loop.history import Campaign, Estimate
from labelwright.loop.people.records import AnnotatorScore, ConfusedPair, Trend
from labelwright.summary import class_names
from labelwright.words import cell_width, clean, fit, pad, shorten, wrap

ITEMS = 3  # of each confused pair
HASTY = 3  # answers given too quickly, below which nothing is said
_TEXT = 60  # cells of an item's text
_NAME = 24  # cells of a name


def people_json(task: Task, campaign: Campaign) -> dict[str, Any]:
    """Everything that is known of the people, for other programs."""
    told = campaign.people
    return {
        "task": campaign.task,
        "rehearsal": campaign.rehearsal,
        "annotators": [a.model_dump(mode="json") for a in campaign.annotators],
        "agreement": None if told is None else told.model_dump(mode="json"),
        "anchoring": campaign.anchoring.model_dump(mode="json") if campaign.anchoring else None,
    }


def people_view(
    task: Task, campaign: Campaign, texts: Mapping[str, str], width: int, items: int = ITEMS
) -> str:
    """The annotators, how they agree, what they confuse, and lines for the task file.

    texts: by item, what people read; an item that is not there is shown by its id.
    """
    names = class_names(task)
    parts = [_annotators(campaign, width), _agreement(campaign, names)]
    remarks = [r for a in campaign.annotators for r in remarks_on(a, names)] + of_all(campaign)
    if remarks:
        parts.append("\n".join(["To look at", *_bullets(remarks, width)]))
    told = campaign.people
    if told is not None:
        parts += _confused(told.confused, names, texts, width, items)
        if told.unknown:
            parts.append("\n".join(["Not known", *_bullets(list(told.unknown), width)]))
    return "\n\n".join(part for part in parts if part)


def _confused(
    pairs: Sequence[ConfusedPair],
    names: Mapping[str, str],
    texts: Mapping[str, str],
    width: int,
    items: int,
) -> list[str]:
    """The clear pairs in full, then in a line each those that may be slips."""
    if not pairs:
        return []
    shown = [p for p in pairs if p.clear is not False]
    parts = ["Which classes people confuse" if shown else "No two classes are clearly confused"]
    parts += [_pair(p, names, texts, width, items) for p in shown]
    unclear = [p for p in pairs if p.clear is False][:5]
    if unclear:
        lines = [_in_short(p, names) for p in unclear]
        parts.append("\n".join(["Divided no more than by slips", *_bullets(lines, width)]))
    return parts


def _in_short(pair: ConfusedPair, names: Mapping[str, str]) -> str:
    both = f"{_title(pair.one, names)} and {_title(pair.other, names)}"
    beside = "" if pair.by_slips is None else f"; slips: {figures.percent(pair.by_slips)}"
    return f"{both}: {pair.places:,} of {pair.support:,}, {known_rate(pair)}{beside}"


def remarks_on(person: AnnotatorScore, names: Mapping[str, str]) -> list[str]:
    """What is clear of one person, a sentence each."""
    who = clean(person.annotator)
    said = [trend_words(who, t) for t in person.trends if t.clear]
    if person.hasty >= HASTY and person.hasty >= 0.02 * person.annotations:
        share = figures.percent(person.hasty / max(1, person.annotations - person.skips))
        agreed = person.hasty_with_others
        how = (
            f"; of {figures.counted(agreed.n, 'of these', 'of these')} that others judged, "
            f"{figures.percent(agreed.estimate)} agree with them"
            if agreed.n
            else ""
        )
        said.append(
            f"{who}: {figures.counted(person.hasty, 'answer')} ({share}) far quicker than is usual{how}"
        )
    led = person.led_by
    if led.low is not None and led.low > 0 and led.estimate is not None and led.high is not None:
        said.append(
            f"{who} follows suggestions: agrees {100 * led.estimate:+.0f} points more often where one is "
            f"shown ({100 * led.low:+.0f} to {100 * led.high:+.0f})"
        )
    worst = person.mistaken[0] if person.mistaken else None
    if worst is not None and worst.answers >= 5 and worst.answers / worst.of >= 0.15:
        said.append(
            f"{who} takes {_title(worst.label, names)} for {_title(worst.said, names)} in "
            f"{worst.answers:,} of {worst.of:,} answers"
        )
    if person.flagged:
        said.append(f"{who}: {figures.counted(person.flagged, 'answer')} break a constraint")
    return said


def of_all(campaign: Campaign) -> list[str]:
    """What is clear of everybody together."""
    trends = campaign.people.trends if campaign.people else ()
    return [trend_words("everybody together", t) for t in trends if t.clear]


def trend_words(who: str, trend: Trend) -> str:
    """A trend as a sentence."""
    where = "within a batch" if trend.along == "batch" else "over the campaign"
    beside = "" if who == "everybody together" else " than the others"
    if trend.measure == "agreement":
        word = "less" if trend.change < 0 else "more"
        return (
            f"{who} agrees {word} and {word}{beside} {where}: {100 * trend.change:+.0f} points over "
            f"{trend.over} answers ({100 * trend.low:+.0f} to {100 * trend.high:+.0f})"
        )
    word = "quicker" if trend.change < 1 else "slower"
    return (
        f"{who} grows {word}{beside} {where}: {trend.change:.2f} times as long over {trend.over} answers "
        f"({trend.low:.2f} to {trend.high:.2f})"
    )


def chance_words(pair: ConfusedPair) -> str:
    """What slips alone would give beside what was found."""
    if pair.clear is None or pair.by_slips is None:
        return "whether that is more than slips is not known"
    beside = f"slips alone would divide {figures.percent(pair.by_slips)}"
    return f"{beside}: clearly more" if pair.clear else f"{beside}: not clearly more"


def _annotators(campaign: Campaign, width: int) -> str:
    if not campaign.annotators:
        return "Nobody has answered yet."
    heads = ("annotator", "answers", "right on gold", "agrees with the others", "time each")
    rows = [heads] + [
        (
            fit(clean(a.annotator), min(_NAME, cell_width(clean(a.annotator)))),
            f"{a.annotations:,}" + (f" ({a.skips:,} skipped)" if a.skips else ""),
            known(a.on_gold),
            known(a.with_others if a.marks_f1.estimate is None else a.marks_f1),
            _time(a),
        )
        for a in campaign.annotators
    ]
    wide = [max(cell_width(row[i]) for row in rows) for i in range(len(heads))]
    lines = [
        "   ".join(pad(cell, w) for cell, w in zip(row, wide, strict=True)).rstrip() for row in rows
    ]
    if any(a.marks_f1.estimate is not None for a in campaign.annotators):
        lines.append("(agreement is the F1 of single classes or marks with those of the others)")
    return "\n".join(lines)


def known(figure: Estimate) -> str:
    """`93.1% (88.0–96.2%, 120)`, or that it is not known."""
    if figure.estimate is None:
        return figures.UNKNOWN
    span = figures.interval(figure)
    return f"{figures.percent(figure.estimate)} ({span + ', ' if span else ''}{figure.n:,})"


def _time(person: AnnotatorScore) -> str:
    if person.seconds is None:
        return figures.UNKNOWN
    if person.quartiles is None:
        return figures.duration(person.seconds)
    low, high = map(figures.duration, person.quartiles)
    return f"{figures.duration(person.seconds)} (half: {low} to {high})"


def _agreement(campaign: Campaign, names: Mapping[str, str]) -> str:
    told = campaign.people
    if told is None or not told.shared:
        return ""
    lines = [f"How people agree, on {figures.counted(told.shared, 'item')} that two or more judged"]
    for name, figure in (
        ("Krippendorff’s alpha", told.alpha),
        ("Fleiss’ kappa", told.fleiss),
        ("gamma (marks)", told.gamma),
    ):
        if figure.estimate is not None:
            lines.append(f"  {name:<22}{coefficient(figure)}")
    lines += [
        f"  {'of ' + shorten(names.get(c, c), 18):<22}{coefficient(figure)}"
        for c, figure in sorted(told.each_class, key=lambda p: _low_first(p[1]))[:5]
        if len(told.each_class) > 2
    ]
    lines += [
        f"  {clean(p.one)} and {clean(p.other)}: Cohen’s kappa {coefficient(p.kappa)}, "
        f"{figures.counted(p.items, 'item')}"
        for p in told.kappas[:5]
    ]
    return "\n".join(lines)


def coefficient(figure: Estimate) -> str:
    """`0.769 (0.719 to 0.816)`."""
    if figure.estimate is None:
        return figures.UNKNOWN
    span = figures.interval(figure, figures.decimal, dash=" to ")
    return figures.decimal(figure.estimate) + (f" ({span})" if span else "")


def _low_first(figure: Estimate) -> float:
    return 2.0 if figure.estimate is None else figure.estimate


def _pair(
    pair: ConfusedPair, names: Mapping[str, str], texts: Mapping[str, str], width: int, items: int
) -> str:
    one, other = names.get(pair.one, pair.one), names.get(pair.other, pair.other)
    lines = [f"{one} and {other}"]
    what = "items" if all(i.marked is None for i in pair.items) else "marked parts"
    counted = (
        f"divide people on {pair.places:,} of the {pair.support:,} {what} that anybody gave either"
    )
    lines += _indented(f"{counted}, {known_rate(pair)}; {chance_words(pair)}", width)
    for item in pair.items[:items]:
        text = texts.get(item.item, "")
        if item.marked is not None:
            text = text[item.marked[0] : item.marked[1]]
        said = f"{one}: {', '.join(map(clean, item.one))}; {other}: {', '.join(map(clean, item.other))}"
        shown = fit(clean(text), min(_TEXT, cell_width(clean(text)))) if text else ""
        lines += _indented(f"{clean(item.item)}  {shown}", width)
        lines.append(f"      {said}")
    if len(pair.items) > items > 0:
        lines.append(f"    … {pair.places - items:,} more: --items {min(20, len(pair.items))}")
    for line in pair.proposed:
        lines += ["", f"    {names.get(line.cls, line.cls)}: {clean(line.why)}"]
        lines.append(f"    class {line.cls.rpartition('.')[2]} {{ {clean(line.line)} }}")
    if pair.unproposed and not pair.proposed:
        lines += _indented(f"no line is proposed: {pair.unproposed}", width)
    return "\n".join(lines)


def known_rate(pair: ConfusedPair) -> str:
    """`18.5% (12.1–26.6%)`."""
    span = figures.interval(pair.rate)
    return figures.percent(pair.rate.estimate) + (f" ({span})" if span else "")


def _title(id: str, names: Mapping[str, str]) -> str:
    return clean(names.get(id, id))


def _bullets(sentences: list[str], width: int) -> list[str]:
    lines = []
    for sentence in sentences:
        first, *rest = wrap(sentence, width - 4)
        lines += [f"  · {first}", *(f"    {line}" for line in rest)]
    return lines


def _indented(text: str, width: int) -> list[str]:
    return [f"    {line}" for line in wrap(text, width - 4)]
