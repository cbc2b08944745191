"""What would be asked next, and how rounds chose, as plain text for a terminal. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright import figures
from labelwright.words import cell_width, clean, fit, pad, wrap

if TYPE_CHECKING:
    from labelwright.choosing import NextBatch, NextItem
    from labelwright.loop.history import Choosing, RoundRecord

_LONGEST_ID = 24


def next_items_view(batch: NextBatch, *, width: int) -> str:
    """A heading, then for each item what people would see of it, and why it is asked."""
    head = f"round {batch.round} · {clean(batch.phase)}: {clean(batch.strategy)} · "
    chosen = figures.counted(len(batch.items), "item")
    lines = wrap(f"{head}{chosen} of {batch.open:,} that are open", width)
    lines += [line for note in batch.notes for line in wrap(f"note: {clean(note)}", width)]
    if batch.holdout:
        beside = figures.counted(batch.holdout, "item")
        lines.append(f"{beside} of the holdout would be asked beside them, to measure")
    if not batch.items:
        return "\n".join([*lines, "", "No item would be asked."])
    names = [fit(clean(i.item), min(_LONGEST_ID, cell_width(clean(i.item)))) for i in batch.items]
    widest, digits = max(map(cell_width, names)), len(str(len(names)))
    lines.append("")
    for number, (name, each) in enumerate(zip(names, batch.items, strict=True), 1):
        lead = f"{number:>{digits}}  {pad(name, widest)}  "
        lines.append((lead + fit(_seen(each), width - cell_width(lead))).rstrip())
        lines += [f"{'':{digits}}  {line}" for line in wrap(_why(each), width - digits - 2)]
    return "\n".join(lines)


def _seen(each: NextItem) -> str:
    """The item in one line."""
    if len(each.fields) == 1:
        return clean(each.fields[0][1])
    return clean(" · ".join(f"{name}: {text}" for name, text in each.fields))


def _why(each: NextItem) -> str:
    parts = [clean(each.reason)] if each.reason else []
    parts += [f"utility {each.utility:.4g}"] if each.utility is not None else []
    parts += [f"chance {each.probability:.2g}"] if each.probability < 1 else []
    return " · ".join(parts)


def choosing_lines(choosing: Choosing) -> list[str]:
    """How a round chose, for `status`: the utilities of each strategy, and notes."""
    lines = []
    for arm in choosing.arms:
        line = f"{figures.counted(arm.items, 'item')} by {clean(arm.strategy)}"
        if arm.utilities is not None and (arm.distinct > 1 or arm.utilities[0]):
            low, *_, high = arm.utilities
            line += f", utility {low:.3g} to {high:.3g}"
            line += f", {arm.ties:,} tied with the last" if arm.ties else ""
        lines.append(line)
    return lines + [clean(note) for note in choosing.notes]


def holdout_lines(rounds: Sequence[RoundRecord]) -> list[str]:
    """How the holdout was drawn, in one line; nothing where it is uniform from the start."""
    stages = [r.holdout_stage for r in rounds if r.holdout_stage is not None]
    if not stages:
        return []
    parts: dict[str, int] = {}
    for stage in stages:
        parts[stage.design] = parts.get(stage.design, 0) + stage.drawn
    told = ", ".join(f"{n:,} {design}" for design, n in parts.items())
    return [f"holdout items drawn: {told}; {clean(stages[-1].why)}"]
