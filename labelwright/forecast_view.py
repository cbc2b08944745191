"""The forecast in words: what each target takes, where the next money goes, what stopping rules would do.

Pure functions of the campaign's record; the terminal and the report say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labelwright import figures
from labelwright.words import clean

if TYPE_CHECKING:
    from labelwright.loop.history import Band, Campaign, Forecast, Reach, WouldStop

_LIKELY, _WORTH_SAYING, _CERTAIN = 0.5, 0.05, 0.95


def reach_line(reach: Reach, currency: str | None) -> str:
    """`to reach accuracy >= 92%: 340 more (210 to 620), 51.00 USD (…), 2.8 h (…)`, or why not."""
    to = f"to reach {clean(reach.criterion)}"
    chance = f"chance {figures.percent(reach.unreachable, 0)}"
    if reach.more.estimate is None or reach.unreachable >= 0.995:
        return f"{to}: not reachable with labels of this pool and these classes (chance above 99%)"
    if reach.reached >= _CERTAIN:
        return f"{to}: most likely reached (chance {figures.percent(min(reach.reached, 0.99), 0)})"
    parts = [f"{_about(reach.more.estimate)} more {_span(reach.more, _about)}"]
    if reach.money is not None:
        parts.append(_with_unit(reach.money, lambda v: figures.money(v, currency)))
    if reach.hours is not None:
        parts.append(_with_unit(reach.hours, figures.hours))
    words = ", ".join(parts)
    if reach.unreachable >= _LIKELY:
        return (
            f"{to}: probably not reachable with labels of this pool ({chance}); if it is, {words}"
        )
    if reach.unreachable >= _WORTH_SAYING:
        return f"{to}: {words}; {chance} that no number of this pool’s labels gets there"
    return f"{to}: {words}"


def _with_unit(band: Band, say: Callable[[float | None], str]) -> str:
    return f"{say(band.estimate)} {_span(band, say)}"


def _span(band: Band, say: Callable[[float], str] | Callable[[float | None], str]) -> str:
    if band.low is None or band.high is None:
        return ""
    low, high = say(band.low), say(band.high)
    unit = high.rpartition(" ")[2]
    return f"({low.removesuffix(' ' + unit)} to {high})"


def _about(value: float) -> str:
    """Two digits: a forecast knows no more."""
    whole = round(value)
    digits = max(0, len(str(abs(whole))) - 2)
    return figures.count(round(whole, -digits))


def forecast_lines(campaign: Campaign) -> list[str]:
    """What is ahead, a line each; empty before the first round."""
    told = campaign.forecast
    if told is None:
        return []
    if told.why_not:
        return [f"not known yet: {told.why_not}"]
    lines = [reach_line(reach, told.currency) for reach in told.reaches]
    lines += [end for end in [end_line(told)] if end]
    lines += worth_lines(campaign)
    if campaign.helps is not None:
        lines.append(campaign.helps.sentence)
    return lines


def end_line(told: Forecast) -> str | None:
    """Where the curve is at the end of what is drawn."""
    if not told.points:
        return None
    last = told.points[-1]
    if last.accuracy.estimate is None:
        return None
    span = _span(last.accuracy, figures.decimal)
    after = figures.counted(last.annotations, "training annotation")
    return (
        f"{told.figure} {figures.decimal(last.accuracy.estimate)} {span} after {after} (90% band)"
    )


def worth_lines(campaign: Campaign) -> list[str]:
    """Where the next money is best spent: the best first, marked."""
    ranked = sorted(campaign.worth, key=lambda w: not w.best)
    return [f"{'best spent on: ' if w.best else ''}{w.sentence}" for w in ranked]


def stop_line(rule: WouldStop) -> str:
    """`predictions stable …: would have stopped after round 7, accuracy 0.931, 160 annotations`."""
    words = rule.sentence
    if rule.round is not None:
        words += f", at {figures.decimal(rule.accuracy)} and {figures.count(rule.annotations or 0)}"
        words += " training annotations"
    return words + ("; this rule acts" if rule.acts else "")


def stopping_lines(campaign: Campaign) -> list[str]:
    """Every rule that would have stopped, and how many would go on."""
    stopped = [stop_line(rule) for rule in campaign.stopping if rule.round is not None]
    others = sum(rule.round is None for rule in campaign.stopping)
    if others and campaign.stopping:
        stopped.append(f"{figures.counted(others, 'rule')} of {len(campaign.stopping)} would go on")
    return stopped
