"""`simulate` as plain text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labelwright import figures
from labelwright.loop.scenario import Scenario
from labelwright.words import clean, pad, wrap

if TYPE_CHECKING:
    from labelwright.simulating import Outlook

_HEADS = (
    "people", "error", "overlap", "budget", "spent", "labels", "accuracy", "90% of campaigns", "right",
    "alpha", "cost", "hours", "passes",
)  # fmt: skip


def outlook_view(found: Sequence[Outlook], *, truth: str | None, width: int = 80) -> str:
    """A line for each scenario; columns of which nothing is known are left out."""
    rows = [_row(o) for o in found]
    kept = [i for i in range(len(_HEADS)) if any(row[i] for row in rows)]
    table = [[_HEADS[i] for i in kept], *([row[i] for i in kept] for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(kept))]
    lines = [
        "  ".join(pad(cell, w, right=True) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    criteria = list(dict.fromkeys(text for o in found for text in o.passing))
    if criteria:
        lines += ["", "How often each criterion holds at the end, in the order of the lines above:"]
        longest = max(len(clean(text)) for text in criteria)
        for text in criteria:
            told = "  ".join(f"{figures.percent(o.passing.get(text), 0):>4}" for o in found)
            lines.append(f"  {pad(clean(text), longest)}  {told}")
    lines += ["", *wrap(_assumed(found, truth), width)]
    return "\n".join(lines)


def _row(o: Outlook) -> list[str]:
    mean, low, high = o.accuracy
    return [
        str(o.scenario.people),
        figures.percent(o.scenario.error),
        str(o.overlap),
        figures.count(o.budget),
        figures.count(round(o.annotations[0])),
        figures.count(round(o.labels)),
        figures.percent(mean),
        f"{figures.percent(low)} to {figures.percent(high)}",
        "" if o.right is None else figures.percent(o.right),
        "" if o.agreement is None else f"{o.agreement:.2f}",
        "" if o.money is None else figures.money(o.money, o.currency),
        "" if o.hours is None else f"{o.hours:.1f}",
        "" if o.passes is None else figures.percent(o.passes, 0),
    ]


def _assumed(found: Sequence[Outlook], truth: str | None) -> str:
    one = found[0]
    if truth is not None:
        return (
            f"REHEARSAL: the campaign was run {figures.counted(one.campaigns, 'time')} a line on its own "
            f"data, by simulated people who read column {clean(truth)}. Accuracy is the model's against it."
        )
    low, high = (figures.percent(end, 0) for end in one.scenario.reachable)
    return (
        f"Assumed, not measured: {figures.counted(one.campaigns, 'campaign')} a line, with learning curves "
        f"as other data sets had them that end between {low} and {high} (--reachable), classes equally "
        "common, wrong answers of any class. Accuracy is the model's against the truth; right, the labels'. "
        "With some labels at hand, --truth COLUMN runs the campaign itself."
    )


def as_json(found: Sequence[Outlook], *, truth: str | None) -> dict[str, Any]:
    """Everything that is told, by name."""
    return {"truth": truth, "scenarios": [asdict(o) for o in found]}


def scenarios_of(
    people: Sequence[int],
    error: Sequence[float],
    reachable: tuple[float, float],
    seconds: float | None,
) -> list[Scenario]:
    """Every number of people with every error rate."""
    return [Scenario(p, e, reachable, seconds) for p in people for e in error]
